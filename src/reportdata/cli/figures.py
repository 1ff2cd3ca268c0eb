"""``reportdata figures``: DingTalk's own figures from files, and whether they are served."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import click

from reportdata.cli.known import known_organisation, only_organisation
from reportdata.cli.language import say, tell
from reportdata.cli.language.help import Group
from reportdata.cli.options import json_option, settings_options
from reportdata.cli.output import days_text, print_json
from reportdata.cli.places import open_existing_store, services_of
from reportdata.days import SECOND, day_of, time_zone
from reportdata.errors import BadFile, InputError
from reportdata.pipeline.mirroring import Mirrored, keep_export
from reportdata.readers.figures import columns_held, read_figures
from reportdata.readers.relayed import read_answers
from reportdata.services import Relayed, Service, Services
from reportdata.settings import Settings
from reportdata.store import FIRST_DAY, LAST_DAY, Official, Store


@click.group("figures", cls=Group)
def figures_command() -> None:
    """DingTalk's own figures: bring them from files, and serve them."""


@figures_command.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--corp", "corp_id", help="The organisation of rows that name none.  [default: the only one]")
@click.option("--service", "service_id", help="Whose figures they are.  [default: the service whose KPIs a file has]")
@json_option
@settings_options
def import_figures(
    files: tuple[Path, ...], corp_id: str | None, service_id: str | None, as_json: bool, settings: Settings
) -> None:
    """Keep the figures of FILES: saved answers of DingTalk's, or their rows, as JSON or JSON Lines; tables with the
    keys or the headings of its documents, as CSV or a spreadsheet.

    Either all files are taken, or none. Decimals keep their digits. A number that a row of JSON lacks is not known. Of
    the calls yyd… of DingTalk's SDK whole answers are kept: name theirs with --service.
    """
    store, services = open_existing_store(settings), services_of(settings)
    found: list[tuple[Path, Service | Relayed, list[Official]]] = []
    for path in files:
        service = services.named(service_id) if service_id is not None else _service_of(path, services)
        if isinstance(service, Relayed):
            at = int(path.stat().st_mtime * 1000)
            answers = read_answers(path)
            told = [Official(one.corp_id, one.stat_date, one.numbers, at, one.text) for one in answers]
            figures = _known(store, told, corp_id)
        else:
            figures = read_export(store, service, path, corp_id, partly=True)
        found.append((path, service, figures))
    _require_one_number(found)
    kept = []
    for path, service, figures in found:
        done = keep_export(store, service, figures, time.time())
        kept.append({"file": str(path), "service": service.id, "figures": len(figures), "older": done.older})
        if not as_json:
            days = sorted({figure.stat_day for figure in figures}.difference(done.older))
            say(f"{path}: kept official figures of {service.id} of {days_text(days)}.")
            tell_older(done)
    if as_json:
        print_json(kept)


def _require_one_number(found: Sequence[tuple[Path, Service | Relayed, Sequence[Official]]]) -> None:
    """
    :raises BadFile: when two files that were written at one moment have other numbers of a day: nobody knows which are
        newer.
    """
    told: dict[tuple[str, str, str, int], tuple[Path, Official]] = {}
    for path, service, figures in found:
        for one in figures:
            key = service.id, one.corp_id, one.stat_day, one.fetched_at
            other, before = told.setdefault(key, (path, one))
            if before != one:
                raise BadFile(
                    str(path),
                    f"has other numbers of {one.stat_day} than {other}, and both were written at one moment",
                    "leave one of the files out",
                )


def tell_older(done: Mirrored) -> None:
    """Say of which days a file's figures were not taken."""
    if done.older:
        of_days = days_text(sorted(set(done.older)))
        say(f"Later figures are known of {of_days}: they stay, as the file was written before.")


def _service_of(path: Path, services: Services) -> Service:
    """The service whose figures a file has.

    :raises BadFile: when it has those of none, or of several.
    """
    found: list[tuple[int, Service]] = []
    failed: list[tuple[int, InputError]] = []
    for service in services:
        try:
            rows = read_figures(path, service, "any", partly=True)
            found.append((max(len(values) for _, _, values in rows), service))
        except InputError as error:
            failed.append((len(columns_held(path, service)), error))
    likest = max((count for count, _ in failed), default=0)
    if not found and likest and [count for count, _ in failed].count(likest) == 1:
        raise max(failed, key=lambda one: one[0])[1]
    if not found and len({error.message for _, error in failed}) == 1:
        raise failed[0][1]  # what is wrong has nothing to do with a service
    most = max((count for count, _ in found), default=0)
    best = [service for count, service in found if count == most]
    if len(best) == 1:
        _require_no_other(path, best[0], services)
        return best[0]
    reason = "several services have its KPIs" if best else "no service has its KPIs"
    known = ", ".join(service.id for service in best or services)
    raise BadFile(str(path), reason, f"name one with --service, and it is said what is wrong; there are {known}")


def _require_no_other(path: Path, service: Service, services: Services) -> None:
    """:raises BadFile: when a file has numbers of another service, too, which would be left out."""
    own = columns_held(path, service)
    others = {other.id: columns_held(path, other) - own for other in services if other.id != service.id}
    left_out = {name: columns for name, columns in others.items() if columns}
    if left_out:
        columns = sorted(set().union(*left_out.values()))
        raise BadFile(
            str(path),
            f"has figures of {service.id}, and columns of {', '.join(left_out)}: {', '.join(columns)}",
            "import it once for each, named with --service, which takes that one's columns alone",
        )


def read_export(
    store: Store,
    service: Service,
    path: Path,
    corp_id: str | None,
    period: tuple[str | None, str | None] = (None, None),
    *,
    partly: bool = False,
) -> list[Official]:
    """The figures of a file, of organisations that are known.

    :param corp_id: the only organisation whose figures are wanted, if one is named.
    :param partly: rows of JSON may lack numbers.
    """
    if corp_id is not None:
        _known(store, [], corp_id)
    at = int(path.stat().st_mtime * 1000)
    known = store.organisations()
    only = corp_id if corp_id is not None or len(known) != 1 else known[0].corp_id
    rows = [Official(corp, day, values, at) for corp, day, values in read_figures(path, service, only, partly=partly)]
    rows = _known(store, rows, corp_id)
    zones = {one.corp_id: one.time_zone for one in store.organisations()}
    for row in rows:
        if row.stat_day > day_of(int(time.time() * SECOND), time_zone(zones[row.corp_id])):
            reason = f"has figures of {row.stat_day}, a day that has not begun"
            raise BadFile(str(path), reason, "see which days are meant, and whether this machine's clock is right")
    first_day, last_day = period[0] or FIRST_DAY, period[1] or LAST_DAY
    return [row for row in rows if first_day <= row.stat_day <= last_day]


def _known(store: Store, figures: Sequence[Official], corp_id: str | None) -> list[Official]:
    """The figures of one organisation, or of all.

    :raises NotKnown: when there is none of that id.
    """
    for corp in sorted({one.corp_id for one in figures} | ({corp_id} if corp_id is not None else set())):
        known_organisation(store, corp)
    return [one for one in figures if corp_id in (None, one.corp_id)]


@figures_command.command("serve")
@click.argument("origin", type=click.Choice(["official", "computed"]))
@click.option("--corp", "corp_id", help="The organisation.  [default: the only one, when there is one]")
@click.option("--service", "chosen", multiple=True, help="A service; may be given again.  [default: all with facts]")
@json_option
@settings_options
def serve_figures(origin: str, corp_id: str | None, chosen: Sequence[str], as_json: bool, settings: Settings) -> None:
    """Let the contract serve DingTalk's own figures of an organisation, or what is computed from its facts.

    Of services without facts, whatever was brought is served always. Answers with official figures have the header
    `x-reportdata-origin: official`. Weeks and months, departments and statistics are computed in either case.
    """
    store, services = open_existing_store(settings), services_of(settings)
    organisation = only_organisation(store, corp_id)
    wanted = [services.service(name) for name in chosen] or [service for service in services if service.has_facts]
    ids = [service.id for service in wanted]
    store.serve_official(organisation.corp_id, ids, official=origin == "official")
    if as_json:
        print_json({"corpId": organisation.corp_id, "services": ids, "origin": origin})
        return
    what = "DingTalk's own figures are served" if origin == "official" else "the computed numbers are served"
    tell(f"{', '.join(ids)} of {organisation.corp_id}: {what}.")
