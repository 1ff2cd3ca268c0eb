"""``python -m benchmarks.large [--reports N] [--comments] [--rounds N] [--folder FOLDER]``: a large import.

A hundred million reports need 11 GB of disk for the CSV and 4 GB for each of the two that are put beside each other.
"""

from __future__ import annotations

from pathlib import Path

import click

from benchmarks import figures
from benchmarks.importing import compare
from benchmarks.importing import figures as figures_of
from benchmarks.machine import Usage, this_machine


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--reports", default=100_000_000, show_default=True, type=click.IntRange(min=6000), help="How many.")
@click.option("--comments", is_flag=True, help="Also import a comment on each of them.")
@click.option("--rounds", default=1, show_default=True, type=click.IntRange(min=1), help="Each is measured so often.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    help="Where the files lie meanwhile.  [default: the temporary folder]",
)
def main(reports: int, comments: bool, rounds: int, folder: Path | None) -> None:
    """Measure one import, beside DuckDB alone, and print a table of medians."""
    click.echo(this_machine().described(), err=True)
    before = Usage.now()
    took = compare(reports, rounds, lambda text: click.echo(text, err=True), comments=comments, folder=folder)
    others = before.others_until(Usage.now())
    what = f"{reports:,} reports" + (" and as many comments" if comments else "")
    figures.show(figures_of(f"{what}, CSV to KPIs", took))
    click.echo(f"Other programs used {others:.0%} of the machine meanwhile.", err=True)


if __name__ == "__main__":
    main()
