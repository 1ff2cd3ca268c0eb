"""``reportdata org names``: names of people, for organisations that want to see them beside ids."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import click

from reportdata.cli.collectors import Secrets, kind_of, secret_options
from reportdata.cli.known import only_organisation
from reportdata.cli.language import ask, say, tell
from reportdata.cli.language.help import Group
from reportdata.cli.options import json_option, settings_options
from reportdata.cli.output import print_json
from reportdata.cli.places import ledger_of, names_of, open_existing_store, services_of
from reportdata.collector.calls import BookedCalls, Pace
from reportdata.collector.clock import SystemClock
from reportdata.collector.sources import Source, SourceNotes, read_secret, source_of, sources
from reportdata.collector.suite import Access
from reportdata.errors import BadFile, NotKnown
from reportdata.names import turned_off
from reportdata.plurals import count_of
from reportdata.readers.names import read_name, read_names
from reportdata.settings import Settings
from reportdata.store import Store

_RATE = 10.0
"""Calls a second of the directory."""
_corp = click.option("--corp", "corp_id", help="The organisation.  [default: the only one, when there is one]")


@click.group("names", cls=Group)
def names_command() -> None:
    """Names of people: on, off, import, fetch, show.

    Facts and numbers have ids alone. An organisation that turns names on sees them beside the ids, where records may be
    seen. They are kept apart, in no backup without --with-names, and are forgotten with the person.
    """


@names_command.command("on")
@_corp
@json_option
@settings_options
def on(corp_id: str | None, as_json: bool, settings: Settings) -> None:
    """Let names of the organisation's people be kept."""
    corp_id = only_organisation(open_existing_store(settings), corp_id).corp_id
    with closing(names_of(settings)) as names:
        names.turn_on(corp_id)
    if as_json:
        print_json({"corpId": corp_id, "names": "on"})
        return
    tell(f"Names of people of {corp_id} are kept from now on.")
    say("Next: reportdata org names import FILE, or reportdata org names fetch")


@names_command.command("off")
@_corp
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@settings_options
def off(corp_id: str | None, yes: bool, as_json: bool, settings: Settings) -> None:
    """Remove all names of the organisation's people, and keep none from now on."""
    corp_id = only_organisation(open_existing_store(settings), corp_id).corp_id
    if not yes:
        ask(f"Remove all names of people of {corp_id}?")
    with closing(names_of(settings)) as names:
        removed = names.turn_off(corp_id)
    if as_json:
        print_json({"corpId": corp_id, "names": "off", "removed": removed})
        return
    tell(f"Removed {count_of(removed, 'name', 'names')} of people of {corp_id}; none is kept from now on.")


@names_command.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_corp
@json_option
@settings_options
def import_(files: tuple[Path, ...], corp_id: str | None, as_json: bool, settings: Settings) -> None:
    """Keep the names in FILES: tables with ids and names of people, as CSV, spreadsheet or JSON.

    An export of the address book is one. Who has a name already is given the new one. People who were forgotten are
    left out. Nothing is kept when one of the files is refused.
    """
    store = open_existing_store(settings)
    corp_id = only_organisation(store, corp_id).corp_id
    kinds = services_of(settings).kinds
    found: dict[str, str] = {}
    for path in files:
        own = read_names(path, kinds)
        other = next((user_id for user_id in own if found.get(user_id, own[user_id]) != own[user_id]), None)
        if other is not None:
            raise BadFile(str(path), f"{other} has another name in a file before", "import one after the other")
        found |= own
    _keep(store, corp_id, found, settings, as_json=as_json)


@names_command.command("fetch")
@_corp
@click.option("--source", "name", help="The source whose app asks.  [default: the organisation's first]")
@secret_options
@json_option
@settings_options
def fetch(corp_id: str | None, name: str | None, secrets: Secrets, as_json: bool, settings: Settings) -> None:
    """Keep the names in the suite's directory, asked for by the app that collects reports.

    The app needs a permission more than for collecting: DingTalk's is qyapi_get_department_member. The calls count to
    no quota. Run it again, by a timer, to keep up with the directory.
    """
    store = open_existing_store(settings)
    corp_id = only_organisation(store, corp_id).corp_id
    with closing(names_of(settings)) as names:
        if corp_id not in names.organisations():
            raise turned_off(corp_id)
    found = _directory(corp_id, name, secrets, settings)
    kept = {user_id: name for user_id, text in found.items() if (name := read_name(text)) is not None}
    _keep(store, corp_id, kept, settings, as_json=as_json)


@names_command.command("show")
@_corp
@json_option
@settings_options
def show(corp_id: str | None, as_json: bool, settings: Settings) -> None:
    """Show whether names are turned on, and how many there are. No name is printed."""
    corp_id = only_organisation(open_existing_store(settings), corp_id).corp_id
    with closing(names_of(settings)) as names:
        is_on, count = corp_id in names.organisations(), names.count(corp_id)
    if as_json:
        print_json({"corpId": corp_id, "names": "on" if is_on else "off", "people": count})
    else:
        say(f"names   {'on' if is_on else 'off'}")
        say(f"people  {count:,}")


def _keep(store: Store, corp_id: str, found: Mapping[str, str], settings: Settings, *, as_json: bool) -> None:
    with closing(names_of(settings)) as names:
        kept = names.put(corp_id, found, store.forgotten)
    left_out = len(found) - kept
    if as_json:
        print_json({"corpId": corp_id, "kept": kept, "leftOut": left_out})
        return
    say(f"Kept the names of {count_of(kept, 'person', 'people')} of {corp_id}.")
    if left_out:
        say(f"{count_of(left_out, 'person was', 'people were')} left out: they were forgotten.")


def _directory(corp_id: str, name: str | None, secrets: Secrets, settings: Settings) -> Mapping[str, str]:
    with closing(ledger_of(settings)) as ledger:
        known = [source_of(ledger, name)] if name is not None else sources(ledger)
        own = [source for source in known if source.corp_id == corp_id and _tells_names(source)]
        if not own:
            raise NotKnown(
                f"no source of {corp_id} has a directory with names",
                "add one with `reportdata source add`, or import a file with `reportdata org names import`",
            )
        source = own[0]
        access = Access(source.app_key, read_secret(source, secrets.get(source.suite)), source.endpoints)
        clock = SystemClock()
        calls = BookedCalls(Pace(_RATE, clock), clock)
        with closing(kind_of(source).open(access, calls, SourceNotes(ledger, source.id))) as suite:
            return suite.names()


def _tells_names(source: Source) -> bool:
    return kind_of(source).capabilities.names
