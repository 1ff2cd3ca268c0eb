"""``reportdata doctor``: looks for what keeps things from going well, and says what to do."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import click

from reportdata.cli.doctor import data as data_checks
from reportdata.cli.doctor import machine
from reportdata.cli.doctor import thorough as thorough_checks
from reportdata.cli.doctor.backups import backups
from reportdata.cli.doctor.collecting import collected
from reportdata.cli.doctor.findings import Check, Examined, Finding, State, run
from reportdata.cli.options import json_option, lake_options, place_options, variable_option
from reportdata.cli.output import print_json, print_table
from reportdata.cli.places import store_of
from reportdata.settings import Settings

_OF_FOLDER: dict[str, Check] = {
    "rights": machine.rights,
    "owner": machine.owner,
    "disk": machine.space,
    "inodes": machine.inodes,
    "lake": data_checks.lake,
    "leftovers": data_checks.abandoned,
    "backups": backups,
}
_OF_STORE: dict[str, Check] = {
    "time zones": data_checks.time_zones,
    "organisations": data_checks.coverage,
    "stale days": data_checks.stale,
    "corrections": data_checks.corrections,
    "identities": data_checks.identities,
    "collecting": collected,
    "apps": data_checks.apps,
}
_THOROUGH: dict[str, Check] = {
    "numbers": thorough_checks.numbers,
    "inbox": thorough_checks.inbox,
    "reads": thorough_checks.reads,
}
"""What reads everything."""
_OF_MACHINE: dict[str, Check] = {
    "clock": machine.clock,
    "open files": machine.open_files,
    "certificate": machine.certificate,
}


@click.command("doctor")
@variable_option(
    "--tls-cert",
    type=click.Path(path_type=Path),
    help="The certificate that `serve` shows, to look at that too.",
)
@click.option(
    "--thorough",
    is_flag=True,
    help="Read every file: compare the lake's with their digests, the store's indexes with its tables, and the store's "
    "numbers with those of the facts, computed again.",
)
@json_option
@variable_option(
    "--data",
    type=click.Path(path_type=Path, readable=False),
    default=Path("reportdata-data"),
    show_default="./reportdata-data",
    help="The data folder.",
)
@lake_options
@place_options
def doctor_command(tls_cert: Path | None, thorough: bool, as_json: bool, settings: Settings) -> None:
    """Check the data folder and the machine, and say what to do about what is found.

    Nothing is changed. Exits with 1 when something does not work; what should only be seen to is a warning.
    """
    found = list(examine(Examined(settings, time.time(), tls_cert, thorough=thorough)))
    healthy = all(finding.state is not State.FAIL for _, finding in found)
    if as_json:
        print_json({"ok": healthy, "checks": [{"check": name, **finding._asdict()} for name, finding in found]})
    else:
        rows = ([name, *finding] for name, finding in found)
        print_table(["check", "state", "found", "what to do"], rows, messages=(0, 2, 3))
    if not healthy:
        raise click.exceptions.Exit(1)


def examine(examined: Examined) -> Iterator[tuple[str, Finding]]:
    """Run the checks: names and findings. Where there is no folder or no store, nothing is looked for in it; a database
    is looked at without a folder, too."""
    folder = list(run({"data folder": data_checks.folder}, examined))
    yield from folder
    if _all_ok(folder):
        yield from run(_OF_FOLDER, examined)
        store = list(run({"store": data_checks.store}, examined))
        yield from store
        if _all_ok(store):
            with closing(store_of(examined.settings)) as opened:
                examined = replace(examined, store=opened)
                yield from run(_OF_STORE | (_THOROUGH if examined.thorough else {}) | _OF_MACHINE, examined)
            return
    elif examined.settings.database is not None:
        yield from run({"store": data_checks.store}, examined)
    yield from run(_OF_MACHINE, examined)


def _all_ok(found: list[tuple[str, Finding]]) -> bool:
    return all(finding.state is State.OK for _, finding in found)
