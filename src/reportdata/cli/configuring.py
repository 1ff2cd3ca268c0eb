"""``reportdata config``: what holds, and where each setting comes from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click
from click.core import ParameterSource

from reportdata.cli.configuration import COMMON, Configuration, leaves, options_of
from reportdata.cli.language import say, translated
from reportdata.cli.options import json_option
from reportdata.cli.output import print_json, print_table
from reportdata.errors import NotKnown

_MASKED = "********"
_PASSWORD = re.compile(r"(?<=://)([^/@:?]*):(.*)@", re.DOTALL)
_PARAMETER = re.compile(r"([?&\s][^=&\s]*(?:secret|password|token|key)[^=&\s]*=)[^&]*", re.IGNORECASE)
_SECRET = re.compile("secret|password|token", re.IGNORECASE)
_AMAZON = ("AWS_ENDPOINT_URL", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
"""Settings of object storage, which the environment has alone."""


_STATES = ("default", "file", "environment")
"""Where settings come from, which is translated."""


class Setting(NamedTuple):
    """A setting that holds: its value, None for none, the file or variable that says so, and the words of the command
    for which it holds alone."""

    name: str
    value: Any
    source: str
    said_in: str | None = None
    command: str | None = None


@click.command("config")
@click.argument("words", metavar="[COMMAND]...", nargs=-1)
@json_option
@click.pass_context
def config_command(ctx: click.Context, words: Sequence[str], as_json: bool) -> None:
    """Print the settings that hold, and where each comes from; with COMMAND, all of a command's.

    An option beats the environment, that the file, and that the default. The file is TOML: its first keys, like data,
    store or log-format, hold for all commands that have such an option, and a table like [serve] for one. Settings of
    all commands are printed, and those of single ones that the file or the environment has. Secrets are masked.
    """
    root = ctx.find_root().command
    configuration: Configuration = ctx.obj
    found = list(_settings_of(_named(root, words), words, configuration) if words else _settings(root, configuration))
    if as_json:
        path = str(configuration.path.absolute()) if configuration.path else None
        print_json({"file": path, "settings": [setting._asdict() for setting in found]})
        return
    say(f"file  {configuration.path or 'none'}")
    print_table(
        ["setting", "value", "comes from"],
        (
            [
                " ".join(filter(None, (setting.command if not words else None, setting.name))),
                _value(setting),
                f"{translated(setting.source)} {setting.said_in or ''}".rstrip(),
            ]
            for setting in found
        ),
    )


def _value(setting: Setting) -> str:
    """A value as a file has it; what is said of a default is a message."""
    value = setting.value
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "–"
    return translated(value) if setting.source == "default" and isinstance(value, str) else str(value)


def _named(root: click.Command, words: Sequence[str]) -> click.Command:
    for leaf, command in leaves(root):
        if leaf == [*words]:
            return command
    raise NotKnown(f"there is no command {' '.join(words)!r}", "`reportdata --help` lists all, and groups list theirs")


def _settings(root: click.Command, configuration: Configuration) -> Iterator[Setting]:
    """The settings of all commands, and those of single ones that somebody has made."""
    if isinstance(root, click.Group):
        for name in root.list_commands(click.Context(root)):  # what the file says of groups is looked at, too
            group = root.get_command(click.Context(root), name)
            if group is not None:
                configuration.defaults(group, [name])
    shared: dict[str, Setting] = {}
    single: list[Setting] = []
    seen: set[str] = set()
    for words, command in leaves(root):
        options = options_of(command)
        for setting in _settings_of(command, words, configuration):
            variable = options[setting.name].envvar
            is_shared = setting.name in COMMON and variable is not None
            if is_shared and not configuration.says(words, setting.name):
                shared.setdefault(setting.name, setting._replace(command=None))
            elif setting.source == "file" or (setting.source == "environment" and setting.said_in not in seen):
                seen.add(setting.said_in or "")
                single.append(setting)
    yield from (shared[name] for name in COMMON if name in shared)
    yield from single
    yield from _of_environment(root)


def _settings_of(command: click.Command, words: Sequence[str], configuration: Configuration) -> Iterator[Setting]:
    """All settings of a command that may come from anywhere."""
    defaults = configuration.defaults(command, words)
    context = click.Context(command, info_name=words[-1], default_map=defaults, resilient_parsing=True)
    for name, option in options_of(command).items():
        value, source = option.consume_value(context, {})
        value = option.get_default(context) if value is None or source is ParameterSource.DEFAULT else value
        if source is ParameterSource.ENVIRONMENT:
            found = Setting(name, value, "environment", str(option.envvar))
        elif source is ParameterSource.DEFAULT_MAP:
            table = f"[{'.'.join(words)}]" if configuration.says(words, name) else ""
            found = Setting(name, value, "file", f"{configuration.path} {table}".rstrip())
        else:
            told = option.show_default if isinstance(option.show_default, str) else value
            found = Setting(name, told, "default")
        yield found._replace(value=_shown(name, found.value), command=" ".join(words))


def _of_environment(root: click.Command) -> Iterator[Setting]:
    """What the environment alone has, as far as it has it: secrets, and how object storage is spoken to."""
    hidden = {
        option.envvar
        for _, command in leaves(root)
        for option in command.params
        if isinstance(option, click.Option) and option.hidden and isinstance(option.envvar, str)
    }
    for variable in (*sorted(hidden), *_AMAZON):
        value = click.Option(["--x"], envvar=variable).value_from_envvar(click.Context(root))
        if value:
            yield Setting(variable, _shown(variable, value), "environment", variable)


def _shown(name: str, value: Any) -> Any:
    """A value for people and programs, without what is secret in it."""
    if isinstance(value, Path):
        value = str(value)
    if isinstance(value, list | tuple):
        return [_shown(name, one) for one in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    if not isinstance(value, str):
        return None
    if _SECRET.search(name) and not name.endswith("-file"):
        return _MASKED
    return _PARAMETER.sub(rf"\1{_MASKED}", _PASSWORD.sub(rf"\1:{_MASKED}@", value))
