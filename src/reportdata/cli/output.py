"""Printing: tables and progress bars for people, JSON for programs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import click
import msgspec

from reportdata.cli.language import say, translated
from reportdata.cli.language.wrapping import padded
from reportdata.cli.loudness import Loudness, loudness
from reportdata.cli.progress import INTERVAL, progress_lines
from reportdata.cli.terminals import as_json, shown, visible
from reportdata.measures import as_json as with_digits
from reportdata.pipeline import Progress, silent
from reportdata.plurals import count_of

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.progress import TaskID


_encoder = msgspec.json.Encoder(enc_hook=with_digits)
_UNFOLDED = 1000
"""Columns of a table that goes to a file or a program, where no line is folded."""


def print_json(content: object) -> None:
    """One JSON document on one line."""
    click.echo(as_json(_encoder.encode(content).decode()))


def print_table(
    headings: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    numbers: Sequence[int] = (),
    messages: Sequence[int] = (),
    ids: bool = False,
    least: Sequence[int] = (),
) -> None:
    """A table. On a terminal that is too narrow for it, cells are shortened that can be, then columns are left out,
    and it is said which.

    :param numbers: the columns that are set to the right.
    :param messages: those whose cells are messages.
    :param ids: whether the headings are ids, and no messages.
    :param least: the columns that may be left out, the least needed first.
    """
    from rich import box  # it takes a while, and many commands print no table
    from rich.console import Console
    from rich.table import Table

    heads = [shown(heading if ids else translated(heading)) for heading in headings]
    content = list(rows)
    console = Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else _UNFOLDED)
    for steps in range(len(least) + 2):
        left_out = [*least[: max(0, steps - 1)]]
        table = Table(box=box.SIMPLE_HEAD)
        kept = [at for at in range(len(heads)) if at not in left_out]
        for at in kept:
            table.add_column(heads[at], justify="right" if at in numbers else "left", overflow="fold")
        for row in content:
            table.add_row(*(_cell(row[at], is_message=at in messages, shortened=steps > 0) for at in kept))
        if console.measure(table, options=console.options.update_width(_UNFOLDED)).maximum <= console.width:
            break
    console.print(table)
    if left_out:
        names = ", ".join(heads[at] for at in sorted(left_out))
        say(f"Left out, as the terminal is narrow: {names}. --json has all.", err=True)


class Long(NamedTuple):
    """A cell that is shortened where the terminal is narrow."""

    text: str
    short: str


def _cell(value: object, *, is_message: bool, shortened: bool) -> RenderableType:
    """What is shown of a cell; what has its own way of being shown, a colour for one, is shown so."""
    from rich.console import ConsoleRenderable, RichCast

    if value is None:
        return ""
    if isinstance(value, Long):
        value = value.short if shortened else value.text
    if isinstance(value, ConsoleRenderable | RichCast):
        return value
    return shown(visible(translated(str(value)) if is_message else str(value).replace("\n", "\\n")))


def print_pairs(lines: Iterable[tuple[str, str]], width: int) -> None:
    """Lines of a name and what is said of it, one below the other."""
    for name, text in lines:
        click.echo(visible(padded(translated(name), width) + translated(text)))


def size_text(size: float) -> str:
    """Bytes for people."""
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


MOST_NAMED = 5
"""Days, or the like, that are named one by one for people."""


def days_text(days: Sequence[str]) -> str:
    """Days for people: how many, and which, or from when to when."""
    if len(days) > MOST_NAMED:
        return f"{len(days)} days from {min(days)} to {max(days)}"
    if not days:
        return "0 days"
    return f"{count_of(len(days), 'day', 'days')} ({', '.join(days)})"


_OFTEN = 1.0
"""Seconds from one line about progress to the next, where much is to be told."""
_IN_BYTES = ("reading ", "copying ")
"""How the work begins whose amount is told in bytes."""


def rate_text(what: str, done: float, total: float | None, speed: float | None) -> str:
    """How much of some work is done, and how fast: ``1.2 GB, 210.0 MB/s``."""
    if not total:
        return ""
    amount = size_text if what.startswith(_IN_BYTES) else "{:,.0f}".format
    rate = f", {amount(speed)}/s" if speed and done < total else ""
    return f"{amount(done)}{rate}"


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Shows progress on standard error when that is a terminal: the amount, the rate and the time that is left. What
    stands behind `` · `` may change while the same work is done. Elsewhere the log has a line now and then."""
    if loudness() is Loudness.QUIET:
        yield silent
        return
    if not sys.stderr.isatty():
        interval = _OFTEN if loudness() is Loudness.VERBOSE else INTERVAL
        with progress_lines(lambda what, done, total: rate_text(what, done, total, None), interval) as lines:
            yield lines
        return
    from rich.console import Console
    from rich.progress import BarColumn, ProgressColumn, Task, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars
    from rich.text import Text

    class Rate(ProgressColumn):
        """How much is done, and how fast."""

        def render(self, task: Task) -> Text:
            return Text(rate_text(task.fields["what"], task.completed, task.total, task.speed), no_wrap=True)

    with Bars(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        Rate(),
        TimeRemainingColumn(elapsed_when_finished=True),
        console=Console(stderr=True),
        transient=True,
    ) as bars:
        tasks: dict[str, TaskID] = {}

        def show(what: str, done: int, total: int) -> None:
            key = what.partition(" · ")[0]
            if key not in tasks:
                tasks[key] = bars.add_task("", what=what, completed=done, total=total or None)
            bars.update(tasks[key], what=what, description=translated(what), completed=done, total=total or None)

        yield show
