"""``reportdata man``: manual pages, made from the help of the commands."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from inspect import cleandoc
from pathlib import Path

import click

from reportdata import __version__
from reportdata.cli.exits import MEANINGS
from reportdata.cli.language import tell, translated
from reportdata.cli.language.help import beside, summary
from reportdata.errors import BadValue, NotKnown

_AS_IT_IS = "\b"
"""Begins a paragraph whose lines stay."""


@click.command("man")
@click.argument("words", metavar="[COMMAND]...", nargs=-1)
@click.option(
    "--output",
    metavar="FOLDER",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the pages of all commands to this folder, like ~/.local/share/man/man1.",
)
@click.pass_context
def man_command(ctx: click.Context, words: Sequence[str], output: Path | None) -> None:
    """Print the manual page of COMMAND, for `man -l -`, or write those of all commands to a folder.

    \b
        reportdata man import | man -l -
        reportdata man --output ~/.local/share/man/man1
        man reportdata-import
    """
    root = ctx.find_root()
    if output is not None:
        if words:
            raise click.UsageError("--output writes the pages of all commands: name none.")
        count = _write(root, output)
        tell(f"Wrote {count} pages to {output}; `man reportdata` shows the first.")
        return
    click.echo(page(_found(root, words)), nl=False)


def _found(root: click.Context, words: Sequence[str]) -> click.Context:
    found = root
    for at, word in enumerate(words):
        found_below = dict(_below(found))
        if word not in found_below:
            raise NotKnown(f"there is no command {' '.join(words[: at + 1])!r}", "`reportdata --help` lists all")
        found = found_below[word]
    return found


def _write(root: click.Context, folder: Path) -> int:
    """Write all pages, and return how many there are.

    :raises BadValue: when that cannot be done.
    """
    found = list(_all(root))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for context in found:
            _replace(folder / f"{_title(context)}.1", page(context))
    except OSError as error:
        reason = f"the pages cannot be written to {folder}: {error.strerror or error}"
        raise BadValue(reason, "name another folder") from error
    return len(found)


def _replace(path: Path, text: str) -> None:
    """Write a file that all may read. A link of that name is replaced, and what it leads to is not touched."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def _all(context: click.Context) -> Iterator[click.Context]:
    yield context
    for _, below in _below(context):
        yield from _all(below)


def _below(context: click.Context) -> Iterator[tuple[str, click.Context]]:
    """The commands below one, by name."""
    if isinstance(context.command, click.Group):
        for name in context.command.list_commands(context):
            command = context.command.get_command(context, name)
            if command is not None and not command.hidden:
                yield name, click.Context(command, parent=context, info_name=name)


def page(context: click.Context) -> str:
    """The manual page of a command, for the macros of man(7)."""
    command, title = context.command, _title(context)
    roff = [
        " ".join(
            [".TH", _quoted(title.upper()), "1", _quoted(""), _quoted("reportdata", __version__), _quoted("reportdata")]
        ),
        ".nh",
        ".SH NAME",
        f"{_escaped(title)} \\- {_escaped(summary(command).rstrip('.'))}",
        ".SH SYNOPSIS",
        f".B {_escaped(context.command_path)}",
        _escaped(" ".join(command.collect_usage_pieces(context))),
        ".SH DESCRIPTION",
        *_paragraphs(command.help or ""),
    ]
    records = [record for one in command.get_params(context) if (record := one.get_help_record(context)) is not None]
    options = [(names, told) for names, told in records if names.startswith("-")]
    if options:
        roff.append(".SH OPTIONS")
        for names, told in options:
            roff += [".TP", f".B {_escaped(names)}", _escaped(beside(told))]
    below = [inner for _, inner in _below(context)]
    if below:
        roff.append(".SH COMMANDS")
        for inner in below:
            roff += [".TP", f".B {_escaped(_title(inner))}(1)", _escaped(summary(inner.command))]
    roff.append(".SH EXIT STATUS")
    for code, meaning in MEANINGS.items():
        roff += [".TP", f".B {code.value}", _escaped(translated(meaning).replace("`", ""))]
    if context.parent is not None:
        roff += [".SH SEE ALSO", f".BR {_escaped(_title(context.parent))} (1)"]
    return "\n".join(roff) + "\n"


def _title(context: click.Context) -> str:
    above = _title(context.parent) + "-" if context.parent is not None else ""
    return above + (context.info_name or "reportdata" if above else "reportdata")


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in re.split(r"\n\s*\n", cleandoc(text)):
        yield ".PP"
        if paragraph.lstrip().startswith(_AS_IT_IS):
            yield ".nf"
            yield from map(_escaped, paragraph.split("\n")[1:])
            yield ".fi"
        else:
            yield _escaped(translated(" ".join(paragraph.split())))


def _quoted(*words: str) -> str:
    return f'"{" ".join(words)}"'


def _escaped(text: str) -> str:
    """A line without signs that steer the typesetter."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{text}" if text.startswith((".", "'")) else text
