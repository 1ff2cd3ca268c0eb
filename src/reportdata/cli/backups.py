"""``reportdata backup`` and ``reportdata restore``."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

import click

from reportdata import __version__
from reportdata.cli.language import say
from reportdata.cli.local_times import noted_text, shared_zone
from reportdata.cli.options import data_option, json_option, lake_options, services_option, settings_options
from reportdata.cli.output import print_json, progress_bar, size_text
from reportdata.cli.places import open_existing_store, open_ledger, store_of, workspace
from reportdata.pipeline.backups import Manifest, Wanted, back_up
from reportdata.pipeline.refreshing import refresh
from reportdata.pipeline.restoring import restored
from reportdata.settings import Settings


@click.command("backup")
@click.argument("target", type=click.Path(file_okay=False, path_type=Path))
@click.option("--with-names", is_flag=True, help="Copy names of people, too, which are left out otherwise.")
@click.option(
    "--link-to",
    metavar="EARLIER",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="An earlier backup on the same disk: files that it has alike are hard links to it, and take no room.",
)
@json_option
@lake_options
@settings_options
def backup_command(target: Path, with_names: bool, link_to: Path | None, as_json: bool, settings: Settings) -> None:
    """Copy the data folder to the new folder TARGET, while imports and serving go on.

    All that was imported before is in the copy, and each later import wholly or not at all. It is read again once it is
    written, and has backup.json when it is whole. `reportdata restore` brings it back.
    """
    store = open_existing_store(settings)
    began = time.monotonic()
    with progress_bar() as progress, workspace(settings, store) as work:
        ledger = open_ledger(settings) if settings.ledger.exists() else None
        wanted = Wanted(__version__, with_names, link_to)
        taken = back_up(work, target, wanted, time.time(), ledger=ledger, progress=progress)
    seconds = time.monotonic() - began
    if as_json:
        print_json({"target": str(target), "takenAt": taken.taken_at, **_summary(taken, seconds)})
        return
    say(f"backed up      {target}")
    _print_summary(taken, seconds)
    say(f"Next: reportdata restore {target} --data NEW")


@click.command("restore")
@click.argument("backup", type=click.Path(exists=True, file_okay=False, path_type=Path))
@json_option
@data_option
@services_option
def restore_command(backup: Path, as_json: bool, data: Path, services: tuple[Path, ...]) -> None:
    """Make a new data folder from the backup in the folder BACKUP.

    Each of its files must be as it was backed up. Days that were not computed when the backup was taken are computed
    now. The data folder must not hold anything yet; it is there as a whole once this is done.
    """
    began = time.monotonic()
    with progress_bar() as progress, restored(backup, data, progress) as (manifest, folder):
        aside = Settings(folder, services=services)
        with closing(store_of(aside)) as store:
            store.begin_story()  # what the store told after the backup is told again, and perhaps as something else
            with workspace(aside, store) as work:
                computed = refresh(work, time.time(), progress=progress).days
            organisations = [organisation.corp_id for organisation in store.organisations()]
            zone = shared_zone(store.organisations())
            days = sorted({day for service in work.services for day in store.fingerprints(service.id)})
    seconds = time.monotonic() - began
    if as_json:
        found = {"organisations": organisations, "days": len(days), "daysComputed": computed}
        print_json({"takenAt": manifest.taken_at, **found, **_summary(manifest, seconds)})
        return
    say(f"restored       {data}, as of {noted_text(manifest.taken_at, zone)}")
    say(f"organisations  {len(organisations):,}")
    say(f"days           {len(days):,}" + (f", {days[0]} to {days[-1]}" if days else ""))
    say(f"computed       {len(computed):,} of them, which were stale")
    _print_summary(manifest, seconds)
    say(f"Next: reportdata serve --data {data}")


def _summary(manifest: Manifest, seconds: float) -> dict[str, object]:
    rate = round(manifest.size / seconds)
    return {
        "files": len(manifest.files),
        "bytes": manifest.size,
        "seconds": round(seconds, 3),
        "bytesPerSecond": rate,
    }


def _print_summary(manifest: Manifest, seconds: float) -> None:
    say(f"files          {len(manifest.files):,}, {size_text(manifest.size)}")
    say(f"took           {seconds:.1f} s, {size_text(manifest.size / seconds)} a second")
