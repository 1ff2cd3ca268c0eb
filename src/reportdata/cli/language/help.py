"""Help and misuse in the language that is spoken. In English they are click's own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import IO, Any

import click

from reportdata.cli.language import is_english, is_message, translated
from reportdata.cli.language.wrapping import padded, width, wrapped

_BESIDE = re.compile(r"(?:(.*)  )?\[(.*)\]", re.DOTALL)
"""The help of an option, and what click says behind it."""
_WIDEST = 30
"""Columns at most of what is explained beside it."""


class Formatter(click.HelpFormatter):
    """Lays help out, in columns that know how wide Chinese signs are."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, prefix if is_english() else translated("Usage:"))

    def write_heading(self, heading: str) -> None:
        if is_english():
            super().write_heading(heading)
        else:
            self.write(f"{' ' * self.current_indent}{translated(heading)}：\n")

    def write_text(self, text: str) -> None:
        if is_english():
            super().write_text(text)
            return
        indent = " " * self.current_indent
        for number, paragraph in enumerate(re.split(r"\n\s*\n", text)):
            if number:
                self.write("\n")
            if paragraph.startswith("\b"):
                lines = paragraph.split("\n")[1:]
            else:
                lines = wrapped(translated(" ".join(paragraph.split())), self.width - self.current_indent)
            self.write("".join(f"{indent}{line}\n" for line in lines))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = _WIDEST, col_spacing: int = 2) -> None:
        if is_english():
            super().write_dl(rows, col_max, col_spacing)
            return
        told = [(first, beside(second)) for first, second in rows]
        column = min(max((width(first) for first, _ in told), default=0), col_max) + col_spacing + self.current_indent
        for first, second in told:
            head = " " * self.current_indent + first
            lines = wrapped(second, max(self.width - column, 10)) if second else []
            if lines and width(head) + col_spacing <= column:
                head = padded(head, column) + lines.pop(0)
            self.write("".join(f"{line}\n" for line in (head, *(" " * column + line for line in lines))))


def beside(text: str) -> str:
    """The help of an option or a command with what click says behind it, in the language that is spoken."""
    if is_english():
        return text
    found = _BESIDE.fullmatch(text)
    if found is None or is_message(text):
        return translated(text)
    help_, items = found[1] or "", found[2]
    if help_ and translated(help_) == help_:  # the author wrote what is in the brackets, too, with values
        return translated(text)
    return f"{translated(help_)}  [{'；'.join(map(_item, items.split('; ')))}]".lstrip()


def _item(text: str) -> str:
    """Such as ``default: 8080``, of which the value may be a message in parentheses, or ``required``."""
    name, colon, value = text.partition(": ")
    if not colon:
        return translated(text)
    if value.startswith("("):
        value = f"（{translated(value[1:-1])}）"
    return translated(f"{name}: _").replace("_", value)


class Group(click.Group):
    """A group whose list of commands is in the language that is spoken."""

    group_class = type
    """Groups within are of this class, too."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if is_english():
            super().format_commands(ctx, formatter)
            return
        found = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        rows = [(name, summary(command)) for name, command in found if command is not None and not command.hidden]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)


def summary(command: click.Command) -> str:
    """The first sentence of a command's help in the language that is spoken."""
    if is_english():
        return command.get_short_help_str(200)
    paragraph = re.split(r"\n\s*\n", command.help or "")[0]
    return translated(" ".join(paragraph.split())).partition("。")[0]


class Misused(click.UsageError):
    """A command that was not called as it can be; said in the language that is spoken."""

    def show(self, file: IO[Any] | None = None) -> None:
        if is_english():
            super().show(file)
            return
        for line in self._lines():
            click.echo(line, file, err=True)

    def _lines(self) -> Iterator[str]:
        if self.ctx is not None:
            yield self.ctx.get_usage()
            option = max(self.ctx.command.get_help_option_names(self.ctx), key=len, default="")
            if option:
                yield translated(f"Try '{self.ctx.command_path} {option}' for help.") + "\n"
        yield translated(f"Error: {self.format_message()}")


class Failed(click.ClickException):
    """An error that ends a command; said in the language that is spoken."""

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(translated(f"Error: {self.message}"), file, err=True)
