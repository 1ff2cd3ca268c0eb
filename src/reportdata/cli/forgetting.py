"""``reportdata forget`` and ``reportdata remember``."""

from __future__ import annotations

import time
from contextlib import closing

import click

from reportdata.cli.language import ask, say
from reportdata.cli.options import json_option, lake_options, settings_options
from reportdata.cli.output import print_json, progress_bar
from reportdata.cli.places import ledger_of, open_existing_store, workspace
from reportdata.digests import of_person
from reportdata.engines import Subject
from reportdata.errors import NotKnown
from reportdata.pipeline.forgetting import Forgotten, Held, forget, held_by
from reportdata.pipeline.known_backups import KnownBackup, backups_of
from reportdata.plurals import count_of
from reportdata.settings import Settings

_SHOWN = 10
"""Files that are shown to people."""


@click.command("forget")
@click.option("--corp", "corp_id", required=True, help="The organisation to forget.")
@click.option("--user", "user_id", help="Forget only what this person of the organisation sent and commented.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Only say where it is, and of which days.")
@json_option
@lake_options
@settings_options
def forget_command(
    corp_id: str, user_id: str | None, yes: bool, dry_run: bool, as_json: bool, settings: Settings
) -> None:
    """Remove an organisation, or one person's facts, from every file of the data folder.

    An organisation goes with its facts, numbers and their history, apps, tokens and audit. For a person the days
    concerned are computed anew; the history of their numbers stays. So does a digest of their id, by which later
    imports, pushes and collections leave them out, until `reportdata remember`. Then every file is looked at; exits
    with 1 when one still holds it. Backups are named, and have to be removed by hand. What was interrupted is finished
    by running it again.
    """
    store = open_existing_store(settings)
    if dry_run:
        with workspace(settings, store) as work:
            held = held_by(work, Subject(corp_id, user_id))
        _print_held(held, backups_of(settings.data, corp_id), as_json=as_json)
        return
    who = f"the facts of {user_id} of {corp_id}" if user_id is not None else f"all of the organisation {corp_id}"
    if not yes:
        ask(f"Remove {who}? It cannot be brought back.")
    with progress_bar() as progress, workspace(settings, store) as work:
        done = forget(work, Subject(corp_id, user_id), now=time.time(), progress=progress)
    backups = backups_of(settings.data, corp_id)
    if as_json:
        print_json(_summary(done, backups))
    else:
        _print_summary(who, done, backups)
    if done.remains.found:
        raise click.exceptions.Exit(1)


@click.command("remember")
@click.option("--corp", "corp_id", required=True, help="The person's organisation.")
@click.option("--user", "user_id", required=True, help="The person who was forgotten.")
@json_option
@settings_options
def remember_command(corp_id: str, user_id: str, as_json: bool, settings: Settings) -> None:
    """Let the records of a forgotten person in again.

    What was removed does not come back by itself: import or push it again. The collector takes up what it reads from
    now on.
    """
    found = open_existing_store(settings).remember(of_person(corp_id, user_id))
    if settings.ledger.exists():
        with closing(ledger_of(settings, new=False)) as ledger:
            found |= ledger.remember(corp_id, user_id)
    if not found:
        raise NotKnown(f"{user_id} of {corp_id} was not forgotten", "compare both ids with those that were forgotten")
    if as_json:
        print_json({"corpId": corp_id, "userId": user_id})
    else:
        say(f"Records of {user_id} of {corp_id} are taken in again. Import or push what is missing.")


def _print_held(held: Held, backups: list[KnownBackup], *, as_json: bool) -> None:
    found = held.remains.found
    if as_json:
        print_json(
            {
                "dryRun": True,
                "found": found,
                "withinOthers": held.remains.within,
                "days": held.days,
                "backups": [backup.path for backup in backups],
            }
        )
        return
    say(
        f"It is in {count_of(len(found), 'file', 'files')}, of {count_of(len(held.days), 'day', 'days')}:"
        if found
        else "It is in no file."
    )
    for place in found[:_SHOWN]:
        click.echo(f"  {place}")
    if len(found) > _SHOWN:
        say(f"and {len(found) - _SHOWN:,} more; --json has all")
    if backups:
        say("Backups that were taken before hold it, and would have to be removed by hand:")
    for backup in backups:
        click.echo(f"  {backup.path}    {backup.taken_at}")
    say("Nothing was removed: this was a dry run.")


def _summary(done: Forgotten, backups: list[KnownBackup]) -> dict[str, object]:
    return {
        "storeRows": done.rows,
        "lakeFiles": done.files,
        "days": sorted(done.days),
        "lines": done.lines,
        "parquetFilesAsked": done.remains.asked,
        "otherFilesSearched": done.remains.searched,
        "found": done.remains.found,
        "withinOthers": done.remains.within,
        "backups": [backup.path for backup in backups],
    }


def _print_summary(who: str, done: Forgotten, backups: list[KnownBackup]) -> None:
    say(f"Removed {who}:")
    say(f"store    {count_of(done.rows, 'row', 'rows')}")
    say(f"lake     {count_of(done.files, 'file', 'files')}, of {count_of(len(done.days), 'day', 'days')}")
    say(f"lines    {done.lines:,}, of inbox and audit")
    say(
        f"checked  {count_of(done.remains.asked, 'Parquet file', 'Parquet files')} by a query, "
        f"{done.remains.searched:,} others byte by byte"
    )
    for place in done.remains.found:
        say(f"Error: it is still in {place}", err=True)
    if done.remains.found:
        say("Something came in meanwhile, or could not be read: run this again.", err=True)
    else:
        say("found    nothing")
    for place in done.remains.within:
        say(f"The id is a part of something longer, or another's, in {place}")
    if backups:
        say("Backups that were taken before still hold it. Remove them by hand:")
    for backup in backups:
        click.echo(f"  {backup.path}    {backup.taken_at}")
