"""``python -m benchmarks [PART] [--json FILE] [--write]``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from benchmarks import (
    beside,
    figures,
    footprint,
    freshness,
    history,
    importing,
    peers,
    serving,
    shared,
    sheets,
    statistics,
)
from benchmarks.machine import Usage, this_machine

QUIET = 0.1
"""The share of the machine that other programs may use while figures are measured that are kept."""
PARTS = {
    "serving": serving.measure,
    "shared": shared.measure,
    "importing": importing.measure,
    "history": history.measure,
    "freshness": freshness.measure,
    "beside": beside.measure,
    "sheets": sheets.measure,
    "peers": peers.measure,
    "statistics": statistics.measure,
    "footprint": footprint.measure,
}


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("part", required=False, type=click.Choice(list(PARTS)))
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(min=1), help="Each is measured so often.")
@click.option(
    "--json",
    "json_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write the figures, and what every round gave, to this file.",
)
@click.option("--write", is_flag=True, help="Also put the table into benchmarks/README.md, if the machine was quiet.")
def main(part: str | None, rounds: int, json_file: Path | None, write: bool) -> None:
    """Measure PART, or everything, and print a table of medians."""
    if write and part is not None:
        raise click.UsageError("--write needs everything measured: leave PART out.")
    machine = this_machine()
    click.echo(machine.described(), err=True)
    before = Usage.now()
    found: list[figures.Figure] = []
    details: dict[str, object] = {}
    for name in [part] if part is not None else PARTS:
        lines, each = PARTS[name](rounds, lambda text: click.echo(text, err=True))
        found += lines
        details[name] = each
    others = before.others_until(Usage.now())
    figures.show(found)
    click.echo(f"Other programs used {others:.0%} of the machine meanwhile.", err=True)
    if json_file is not None:
        content = {
            "machine": machine._asdict(),
            "others": others,
            "figures": [line.described() for line in found],
            "rounds": details,
        }
        json_file.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", "utf-8")
    if write and others > QUIET:
        raise click.ClickException("the table is not written: stop the other programs, and measure again")
    if write:
        figures.write(found, machine, others, f"python -m benchmarks --rounds {rounds} --write")
        click.echo(f"Wrote the table to {figures.README}.", err=True)


if __name__ == "__main__":
    main()
