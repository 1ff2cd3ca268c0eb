"""``reportdata open``: from files to the dashboard, in one command."""

from __future__ import annotations

import time
import webbrowser
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import click

from reportdata.api.bringing import Run, What
from reportdata.cli.children import Child, Children, running
from reportdata.cli.handover import Handover
from reportdata.cli.import_process import Job, Running
from reportdata.cli.import_runs import absolute
from reportdata.cli.language import say
from reportdata.cli.links import replace_link
from reportdata.cli.options import lake_options, settings_options
from reportdata.cli.output import progress_bar
from reportdata.cli.places import open_store, presence_of, services_of
from reportdata.cli.ports import page_options
from reportdata.cli.service import open_server
from reportdata.cli.terminals import visible
from reportdata.days import DEFAULT_TIME_ZONE, time_zone, to_date
from reportdata.errors import BadField, BadValue, NotKnown
from reportdata.identifiers import read_id
from reportdata.identity import Organisation, hash_of
from reportdata.links import Link, new_link_id, new_link_secret
from reportdata.plurals import count_of
from reportdata.services import REPORTS
from reportdata.settings import Settings
from reportdata.store import Store

LINK = "reportdata open"
"""What the view link is called by which the page is signed in; each start makes a new one in place of the last."""
OWN = "own"
"""The organisation of records that name none, where there is no other."""
_SHOWN = 10
"""Lines of one kind that are printed."""
_YEAR = 365
"""Days before the newest one that a page shows where nothing else is asked."""


@click.command("open")
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--corp", "corp_id", help="The organisation.  [default: the only one; where there is none, a new one]")
@click.option(
    "--time-zone",
    "zone",
    default=DEFAULT_TIME_ZONE,
    show_default=True,
    help="The zone of an organisation that is added.",
)
@page_options
@click.option("--open", "opens", is_flag=True, help="Open the page in a browser.")
@lake_options
@settings_options
def open_command(
    files: Sequence[Path], corp_id: str | None, zone: str, host: str, port: int, opens: bool, settings: Settings
) -> None:
    """Import FILES and show their numbers on a page, until Ctrl+C.

    Without FILES, the page waits for some to be dropped. The data folder is made when it is not there; the same command
    again imports nothing twice. `reportdata serve` serves it for good.
    """
    time_zone(zone)
    settings = replace(settings, host=host, port=port)
    with open_server(settings) as server:
        store = open_store(settings)
        corp_ids, shown = _import(settings, store, files, corp_id, zone) if files else ([], "")
        known = {piece.corp_id for piece in store.coverage()}
        pages = []
        for found in corp_ids or [_chosen(store, corp_id, zone)]:
            secret = _link(settings, store, found)
            days = shown or _newest_days(store, found)
            pages.append((found, f"{server.url}/{days if found in known else 'import'}#link={secret}"))

        def ready() -> None:
            say(f"The data are in {settings.data}, which nobody else can read.")
            for found, page in pages:
                if found == OWN:
                    say(f"\nOpen {'the dashboard' if found in known else 'the page'}, signed in:\n\n  {page}")
                else:
                    say(
                        f"\nOpen {'the dashboard' if found in known else 'the page'} of {found}, signed in:\n\n  {page}"
                    )
            say("\nCtrl+C stops.")
            if opens:
                webbrowser.open(pages[0][1])

        beside = Child("work", Handover(settings, "readable", presence_of(settings)))
        with running(Children([beside])):
            server.run(ready)


def _chosen(store: Store, corp_id: str | None, zone: str) -> str:
    """The organisation that is meant; it is made when it is not there."""
    known = [one.corp_id for one in store.organisations()]
    if corp_id is None and len(known) > 1:
        raise NotKnown(f"there are {len(known)} organisations", f"name one with --corp: {', '.join(known[:_SHOWN])}")
    if corp_id is not None:
        try:
            corp_id = read_id("corp_id", corp_id)
        except BadField as error:
            raise BadValue(f"{corp_id!r} is not an organisation's id: {error.reason}") from error
    found = corp_id or (known[0] if known else OWN)
    if found not in known:
        store.add_organisations([Organisation(found, zone)])
    return found


def _newest_days(store: Store, corp_id: str) -> str:
    """The address at which a page shows the newest covered days, a year at most; empty where there are none."""
    pieces = [piece for piece in store.coverage() if piece.corp_id == corp_id]
    if not pieces:
        return ""
    last = max(to_date(piece.last_day) for piece in pieces)
    first = max(min(to_date(piece.first_day) for piece in pieces), last - timedelta(days=_YEAR))
    return f"?from={first}&to={last}"


def _import(
    settings: Settings, store: Store, files: Sequence[Path], corp_id: str | None, zone: str
) -> tuple[list[str], str]:
    """Import, in a process of its own; returns the organisations whose numbers it concerns, and the address at which a
    page shows them."""
    names = tuple(map(str, files))
    if corp_id is None and not store.organisations():
        named = _named(_run(settings, Job("preview", OWN, str(Path.cwd()), names, zone=zone)))
        if named and OWN not in named:  # the files say themselves whose they are
            job = Job("import", named[0], str(Path.cwd()), names, zone=zone)
            return named, _told(_run(settings, job))
    found = _chosen(store, corp_id, zone)
    return [found], _told(_run(settings, Job("import", found, str(Path.cwd()), names)))


def _named(previewed: dict[str, Any]) -> list[str]:
    """The organisations of whose facts files tell."""
    pieces = [*previewed["observed"], *previewed["changes"]]
    return sorted({piece["corpId"] for piece in pieces})


def _run(settings: Settings, job: Job) -> dict[str, Any]:
    """What came of a job. Exits with 1 when a file could not be read."""
    doing = Running(job, -1)
    step: dict[What, str] = {"preview": "looking at the files", "import": "importing"}
    with progress_bar() as progress:

        def note(run: Run) -> None:
            progress(run.step or step[job.what], run.done, run.total)

        ended = doing.go(Handover(absolute(settings), "readable").encoded(), note)
    if ended.error is not None:
        raise BadValue(ended.error.message, ended.error.hint)
    result = ended.result
    if result is None:
        raise BadValue("it was interrupted", "the same command again imports what is missing")
    for failure, hint in zip(result["failures"], result["hints"], strict=True):
        say(visible(f"Error: {failure}" + (f"\n  {hint}" if hint else "")), err=True)
    if result["failures"]:
        say("`reportdata open` without files has a page on which such things can be said.", err=True)
        raise click.exceptions.Exit(1)
    return result


def _told(done: dict[str, Any]) -> str:
    """Say what was imported; returns the address at which a page shows it."""
    days = done["daysTouched"]
    of_days = f", of {days[0]} to {days[-1]}" if days else ""
    say(f"Imported {count_of(done['added'], 'new record', 'new records')} of {done['read']:,}{of_days}.")
    if done["alreadyKnown"]:
        say(f"Known already, or in the files twice: {done['alreadyKnown']:,}; each counts once.")
    for note in done["notes"][:_SHOWN]:
        say(visible(f"Note: {note}"))
    return f"?from={to_date(days[0])}&to={to_date(days[-1])}" if days else ""


def _link(settings: Settings, store: Store, corp_id: str) -> str:
    """The secret of a view link that shows everything and may bring files."""
    service = services_of(settings).service(REPORTS)
    scopes = (service.statistics_scope, service.records_scope, service.push_scope)
    secret = new_link_secret(link_id := new_link_id())
    link = Link(
        link_id=link_id,
        name=LINK,
        corp_id=corp_id,
        secret_hash=hash_of(secret),
        scopes=tuple(scope for scope in scopes if scope is not None),
    )
    replace_link(store, link, time.time())
    return secret
