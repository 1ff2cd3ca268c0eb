"""What a person says of files that are imported: options, and a file of them that is kept for a recurring export."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Any

import click

from reportdata.choices import Choices, check_choices
from reportdata.cli.places import services_of
from reportdata.days import time_zone
from reportdata.errors import BadField, BadFile, BadValue
from reportdata.kinds import Kinds
from reportdata.settings import Settings

Command = Callable[..., Any]

_KEYS = ("kind", "sheet", "times_in", "columns")


class _Column(click.ParamType[tuple[str, str]]):
    """A field and the heading of its column."""

    name = "field=heading"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        field, equals, heading = str(value).partition("=")
        if not equals or not field.strip() or not heading.strip():
            self.fail(f"{value!r} is not a field and a heading; write it like user_id=工号", param, ctx)
        return field.strip(), heading.strip()


def choice_options(command: Command) -> Command:
    """What is said of the files; `with_choices` makes one of it."""
    options = [
        click.option("--kind", metavar="KIND", help="The kind of facts in the tables: sent, commented or withdrawn."),
        click.option(
            "--column",
            "columns",
            metavar="FIELD=HEADING",
            type=_Column(),
            multiple=True,
            help="The column that holds a field, like user_id=工号; any number of them.",
        ),
        click.option(
            "--mapping",
            metavar="FILE",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="A TOML file with kind, sheet, times_in and [columns]. Options win over what it says.",
        ),
        click.option(
            "--sheet", metavar="NAME", help="The name or number of the only sheet that is read of a workbook."
        ),
        click.option(
            "--times-in",
            metavar="ZONE",
            show_default="the organisation's",
            help="The time zone of times that are written without an offset, like UTC.",
        ),
    ]
    for add in reversed(options):
        command = add(command)
    return command


def with_choices(command: Command) -> Command:
    """The command is given ``choices``. It stands below those options by which it is given ``settings``."""

    @wraps(command)
    def chosen(
        *,
        settings: Settings,
        kind: str | None,
        columns: tuple[tuple[str, str], ...],
        mapping: Path | None,
        sheet: str | None,
        times_in: str | None,
        **others: Any,
    ) -> Any:
        kinds = services_of(settings).kinds
        kept = read_mapping(mapping, kinds) if mapping is not None else Choices()
        choices = Choices(
            kind or kept.kind,
            {**kept.columns, **_each_once(columns)},
            sheet or kept.sheet,
            time_zone(times_in) if times_in else kept.times_in,
        )
        check_choices(choices, kinds)
        return command(settings=settings, choices=choices, **others)

    return chosen


def read_mapping(path: Path, kinds: Kinds) -> Choices:
    """What a mapping file says.

    :raises BadFile: with the key that is wrong, and the known ones.
    """
    try:
        content = tomllib.loads(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(str(path), f"cannot be read: {error}", "save it as text in UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise BadFile(str(path), f"is no TOML: {error}", 'write it like: kind = "sent"') from error
    for key in content:
        if key not in _KEYS:
            raise BadFile(str(path), f"{key}: is not a known key", f"the keys are {', '.join(_KEYS)}")
    columns = content.get("columns", {})
    if not isinstance(columns, Mapping):
        raise BadFile(str(path), "columns: is not a table", 'write [columns], and below it user_id = "工号"')
    headings = {field: _text(path, f"columns.{field}", heading) for field, heading in columns.items()}
    zone = content.get("times_in")
    try:
        times_in = time_zone(_text(path, "times_in", zone)) if zone is not None else None
    except BadValue as error:
        raise BadFile(str(path), f"times_in: {error.message}", error.hint) from error
    sheet = content.get("sheet")
    if isinstance(sheet, int) and not isinstance(sheet, bool):
        sheet = str(sheet)
    kind = content.get("kind")
    found = Choices(
        _text(path, "kind", kind) if kind is not None else None,
        headings,
        _text(path, "sheet", sheet) if sheet is not None else None,
        times_in,
    )
    try:
        check_choices(found, kinds)
    except BadField as error:
        raise BadFile(str(path), error.message, error.hint) from error
    return found


def _text(path: Path, key: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise BadFile(str(path), f"{key}: {value!r} is not a text", "write it in quotes")
    return value.strip()


def _each_once(columns: tuple[tuple[str, str], ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for field, heading in columns:
        if found.setdefault(field, heading) != heading:
            raise BadValue(f"--column names {field} twice: {found[field]!r} and {heading!r}", "leave one of them out")
    return found
