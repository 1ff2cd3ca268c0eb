"""``reportdata link``: addresses that show an organisation's numbers to people who have no app key."""

from __future__ import annotations

import time
from pathlib import Path
from urllib.parse import urlsplit

import click

from reportdata.cli.known import only_organisation
from reportdata.cli.language import say, tell
from reportdata.cli.language.help import Group
from reportdata.cli.link_scopes import scopes_of_link, services_of_link, services_shown
from reportdata.cli.options import json_option, settings_options, variable_option
from reportdata.cli.output import print_json, print_table
from reportdata.cli.periods import DAY, Today
from reportdata.cli.places import open_existing_store, services_of
from reportdata.cli.secret_files import secret_file, warn_of_readers
from reportdata.cli.told_links import described, row, until_day
from reportdata.days import SECOND, end_of, time_zone
from reportdata.errors import BadValue, NotKnown
from reportdata.identity import Organisation, hash_of
from reportdata.links import Link, new_link_id, new_link_secret, read_link_name
from reportdata.settings import Settings
from reportdata.statistics.words import read_department
from reportdata.store import Store


@click.group("link", cls=Group)
def link_command() -> None:
    """View links: add, list, revoke."""


@link_command.command("add")
@click.option("--corp", "corp_id", help="The organisation whose numbers it shows; needed when there are several.")
@click.option("--name", required=True, help="Whom it is for; the audit has it.")
@click.option(
    "--department",
    "departments",
    multiple=True,
    help="Show this department and those below it, and nothing of others; may be repeated.",
)
@click.option(
    "--service",
    "service_ids",
    metavar="SERVICE",
    multiple=True,
    help="A service that it shows, like checkinData, in place of reportData; may be repeated; all for every one.",
)
@click.option("--until", type=DAY, help="The last day on which it lets anybody in.")
@click.option("--records", is_flag=True, help="Show single records and the ids of people, too.")
@click.option(
    "--import", "imports", is_flag=True, help="Let people bring files and take imports back; not with --department."
)
@variable_option(
    "--url",
    metavar="URL",
    help="Where people reach the server, like https://reports.example.com/reports; without it, only a path is printed.",
)
@json_option
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write id and address as JSON to this new file, which only this user can read, in place of printing them.",
)
@settings_options
def add(
    corp_id: str | None,
    name: str,
    departments: tuple[str, ...],
    service_ids: tuple[str, ...],
    until: str | None,
    records: bool,
    imports: bool,
    url: str | None,
    as_json: bool,
    output: Path | None,
    settings: Settings,
) -> None:
    """Add a view link and print its address. The address is shown this once.

    Whoever has the address sees the numbers: its end, behind #link=, is a secret, which browsers send to nobody but the
    server.
    """
    now = time.time()
    if imports and departments:
        raise BadValue(
            "a link that shows some departments brings no files, which are of the whole organisation",
            "leave out --department, or --import",
        )
    known = services_of(settings)
    shown = services_of_link(known, service_ids, by_department=bool(departments))
    scopes = scopes_of_link(known, shown, records=records, imports=imports)
    store = open_existing_store(settings)
    organisation = only_organisation(store, corp_id)
    link_id = new_link_id()
    secret = new_link_secret(link_id)
    added = Link(
        link_id=link_id,
        name=read_link_name(name),
        corp_id=organisation.corp_id,
        secret_hash=hash_of(secret),
        scopes=scopes,
        departments=tuple(dict.fromkeys(map(_department, departments))),
        until=_end(until, organisation, now),
    )
    address = f"{_base(url)}/#link={secret}"
    with secret_file(output, {"id": link_id, "address": address}):
        store.add_link(added, now)
    if added.departments:
        from reportdata.cli.known_departments import warn_of_unused  # it loads what counts

        warn_of_unused(store, settings, organisation, added.departments, now)
    if also := [one.id for one in services_shown(known, added) if one not in shown]:
        say(f"It shows {', '.join(also)}, too, by the same scopes.", err=True)
    if output is not None:
        say(f"Added {link_id}; its address is in {output}, which only this user can read.")
        return
    warn_of_readers()
    if as_json:
        print_json({"id": link_id, "address": address})
        return
    say(f"id       {link_id}")
    say(f"address  {address}")
    if address.startswith("/"):
        say("It comes after where the server is, like http://127.0.0.1:8080; --url URL writes it whole.", err=True)
    say("Keep the address now: only its hash is stored, and it is not shown again.", err=True)


@link_command.command("list")
@click.option("--corp", "corp_id", help="Links of one organisation.")
@json_option
@settings_options
def list_(corp_id: str | None, as_json: bool, settings: Settings) -> None:
    """List all view links, those that let nobody in any more, too."""
    now = time.time()
    links = [link for link in open_existing_store(settings).links() if corp_id in (None, link.corp_id)]
    if as_json:
        print_json([described(link, settings, now) for link in links])
        return
    zones = {one.corp_id: one.time_zone for one in open_existing_store(settings).organisations()}
    rows = [
        row(described(link, settings, now), until_day(link.until, zones.get(link.corp_id, "UTC"))) for link in links
    ]
    print_table(
        ["id", "name", "organisation", "departments", "shows", "until", "state"],
        rows,
        messages=(3, 4, 6),
        least=(2, 4, 5),
    )


@link_command.command("revoke")
@click.argument("link")
@json_option
@settings_options
def revoke(link: str, as_json: bool, settings: Settings) -> None:
    """Let nobody in by LINK from now on, an id or a name; who is in is out with the next call."""
    store = open_existing_store(settings)
    now = time.time()
    revoked = store.revoke_link(_id_of(store, link), now)
    if as_json:
        print_json(described(revoked, settings, now))
        return
    tell(f"Revoked {revoked.link_id}, which was for {revoked.name}.")


def replace_link(store: Store, link: Link, now: float) -> None:
    """Add a link in place of those of the same name and organisation, which let nobody in any more."""
    for found in store.links():
        if (found.name, found.corp_id, found.revoked_at) == (link.name, link.corp_id, None):
            store.revoke_link(found.link_id, now)
    store.add_link(link, now)


def _id_of(store: Store, text: str) -> str:
    """The id of the link that is meant."""
    links = store.links()
    if any(link.link_id == text for link in links):
        return text
    named = [link.link_id for link in links if link.name == text and link.revoked_at is None]
    if not named:
        raise NotKnown(f"there is no link {text!r} that could be revoked", "`reportdata link list` shows all")
    if len(named) > 1:
        raise BadValue(f"{len(named)} links have the name {text!r}", f"name one by its id: {', '.join(named)}")
    return named[0]


def _department(text: str) -> str:
    found = read_department(text)
    if not found:
        raise BadValue("a department has no name", "leave out --department for the whole organisation")
    return found


def _end(until: str | None, organisation: Organisation, now: float) -> int | None:
    """The end of the last day, in seconds since 1970."""
    if until is None:
        return None
    until = Today.of([organisation], None, now).day(until)
    end = end_of(until, time_zone(organisation.time_zone)) // SECOND
    if end <= now:
        raise BadValue(f"--until {until} is over", "name a day that is to come, or leave it out")
    return end


def _base(url: str | None) -> str:
    """What stands before the path of the page."""
    if not url:
        return ""
    try:
        found = urlsplit(url)
        known = found.scheme in ("http", "https") and bool(found.hostname) and found.port != 0  # it may be no number
        right = known and not (found.query or found.fragment or found.username)
    except ValueError:
        right = False
    if not right:
        raise BadValue(f"{url!r} is no address of a server", "write it like https://reports.example.com/reports")
    return url.rstrip("/")
