"""Settings in a file, beside options and the environment: an option beats the environment, and that the file.

The file is TOML. Its first keys hold for every command that takes such an option from the environment, too; a table of
a command's name holds for that one alone::

    data = "/var/lib/reportdata"
    log-format = "json"

    [serve]
    port = 8080
"""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click

from reportdata.errors import BadFile

VARIABLE = "REPORTDATA_CONFIG"
"""Names the file."""
NAME = "reportdata.toml"
"""The file in the working folder that is read when none is named."""
COMMON = (
    "data",
    "store",
    "lake",
    "lake-cache",
    "services",
    "insecure-permissions",
    "engine",
    "spark-master",
    "spark-conf",
    "verify-days",
    "log-format",
)
"""The options that several commands have, as the first keys of a file."""
_BOTH = "store"
"""The option that is called like a group of commands: what is no table is the option."""
_MOST = 1_000_000
"""Bytes of a file at most."""


class Configuration(NamedTuple):
    """What a file says: its path, and its tables and values; None and nothing when there is no file."""

    path: Path | None
    content: Mapping[str, Any]

    def defaults(self, command: click.Command, names: Sequence[str]) -> dict[str, Any]:
        """What the file says of a command and those below it, by the names of their parameters.

        :param names: the words that call the command.
        :raises BadFile: when it names an option that the command does not have, or a value that it cannot be.
        """
        table = self._table(names)
        if isinstance(command, click.Group):
            below = command.list_commands(click.Context(command))
            _require_known(self._file(), [*names], table, below)
            found = {}
            for name in below:
                inner = command.get_command(click.Context(command), name)
                if inner is not None:
                    found[name] = self.defaults(inner, [*names, name])
            return found
        options = options_of(command)
        _require_known(self._file(), names, table, options)
        shared = {name for name in COMMON if name in options and options[name].envvar is not None}
        given = {name: self.content[name] for name in COMMON if name in self.content and name in shared}
        given = {name: value for name, value in given.items() if name != _BOTH or not isinstance(value, dict)}
        given |= {**table}
        for name, value in given.items():
            self._check(options[name], [*(names if name in table else ()), name], value)
        return {options[name].name or name: value for name, value in given.items()}

    def check(self, commands: Collection[str]) -> None:
        """Check the first keys.

        :param commands: the names of all commands.
        :raises BadFile: when a key is neither an option of several commands nor a command.
        """
        for name, value in self.content.items():
            if name in commands and name not in COMMON and not isinstance(value, dict):
                raise BadFile(self._file(), f"{name} is a command", f"write its options below [{name}]")
            if name not in COMMON and name not in commands:
                _refuse(self._file(), [name], [*COMMON, *commands])

    def says(self, names: Sequence[str], option: str) -> bool:
        """Whether the file has an option in the table of a command, and not only for all."""
        return option in self._table(names)

    def _table(self, names: Sequence[str]) -> Mapping[str, Any]:
        found: Any = self.content
        for at, name in enumerate(names):
            found = found.get(name, {})
            if not at and name == _BOTH and not isinstance(found, dict):
                return {}
            if not isinstance(found, dict):
                raise BadFile(self._file(), f"{'.'.join(names[: at + 1])} is no table", "write the command in brackets")
        return found  # type: ignore[no-any-return]

    def _file(self) -> str:
        return str(self.path)

    def _check(self, option: click.Option, keys: Sequence[str], value: object) -> None:
        key = ".".join(keys)
        if isinstance(value, dict) or isinstance(value, list) != option.multiple:
            form = 'a list, like ["a", "b"]' if option.multiple else "one value"
            raise BadFile(self._file(), f"{key} is not written as it must be", f"it is written as {form}")
        if not all(_may_be(option, one) for one in (value if isinstance(value, list) else [value])):
            raise BadFile(self._file(), f"{key} cannot be {value!r}", "it is true or false" if option.is_flag else "")
        try:
            option.type_cast_value(click.Context(click.Command("")), value)
        except click.BadParameter as error:
            raise BadFile(self._file(), f"{key} is set wrongly: {error.message}") from error


def _may_be(option: click.Option, value: object) -> bool:
    """Whether a value is of the kind that an option has: a text is for numbers, too, as in the environment."""
    if option.is_flag or isinstance(value, bool):
        return option.is_flag and isinstance(value, bool)
    if isinstance(value, int | float):
        # A class of ranges is one of its numbers, too.
        number = isinstance(option.type, click.types.IntParamType), isinstance(option.type, click.types.FloatParamType)
        return number[1] or (number[0] and isinstance(value, int))
    return isinstance(value, str)


def options_of(command: click.Command) -> dict[str, click.Option]:
    """The options of a command that a file may name, by their names without dashes. Those that are hidden are for
    programs, or are secrets, which the environment has."""
    return {
        option.opts[-1].removeprefix("--"): option
        for option in command.params
        if isinstance(option, click.Option) and not option.hidden and option.expose_value
    }


def read_configuration(named: Path | None) -> Configuration:
    """The file that is named or, without one, that of the working folder if there is one.

    :raises BadFile: when it cannot be read, or is found and others may have written it.
    """
    path = named or Path(NAME)
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | (os.O_NONBLOCK if named is None else 0)), "rb") as file:
            if named is None:
                _require_trusted(path, os.fstat(file.fileno()))
            text = file.read(_MOST + 1)
    except FileNotFoundError as error:
        if path.is_symlink():
            raise BadFile(str(path), "is a link to nowhere", "mount what it leads to, or remove the link") from error
        if named is None:
            return Configuration(None, {})
        raise BadFile(str(path), "is not there", f"name another with --config or {VARIABLE}") from error
    except OSError as error:
        raise BadFile(str(path), f"cannot be read: {error.strerror or error}") from error
    if len(text) > _MOST:
        raise BadFile(str(path), f"has more than {_MOST:,} bytes", "it is no file of settings")
    try:
        return Configuration(path, tomllib.loads(text.decode()))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadFile(str(path), f"is no TOML: {error}", 'write a line like data = "/var/lib/reportdata"') from error


def _require_trusted(path: Path, found: os.stat_result) -> None:
    """A file that nobody named tells what is done with an organisation's data, so nobody else may have written it."""
    if not stat.S_ISREG(found.st_mode):
        raise BadFile(str(path), "is no file", f"remove it, or name it with --config {path} to read it")
    if found.st_uid not in (0, os.geteuid()) or stat.S_IMODE(found.st_mode) & stat.S_IWOTH:
        raise BadFile(
            str(path),
            "may have been written by another user",
            f"look at it, and name it with --config {path} to use it",
        )


def _require_known(file: str, names: Sequence[str], table: Mapping[str, Any], known: Collection[str]) -> None:
    for name in table:
        if name not in known:
            _refuse(file, [*names, name], known)


def _refuse(file: str, keys: Sequence[str], known: Collection[str]) -> None:
    from difflib import get_close_matches

    close = get_close_matches(keys[-1], known, 1)
    meant = f"{close[0]!r} may be meant" if close else f"there are {', '.join(known)}"
    raise BadFile(file, f"{'.'.join(keys)} is no setting", meant)


def leaves(command: click.Command, names: Sequence[str] = ()) -> Iterator[tuple[list[str], click.Command]]:
    """All commands below one that do something, with the words that call them."""
    if not isinstance(command, click.Group):
        yield [*names], command
        return
    for name in command.list_commands(click.Context(command)):
        inner = command.get_command(click.Context(command), name)
        if inner is not None and not inner.hidden:
            yield from leaves(inner, [*names, name])
