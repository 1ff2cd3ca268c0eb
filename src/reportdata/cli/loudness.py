"""How much a command says: ``--quiet`` and ``--verbose``, before the command's name or behind it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from enum import IntEnum
from typing import Any

import click

_KEY = "reportdata.loudness"
_OWN = "reportdata"
"""Whose log tells details. Those of libraries may hold secrets, as addresses do that are asked for tokens."""


class Loudness(IntEnum):
    """How much is said."""

    QUIET = -1
    USUAL = 0
    VERBOSE = 1


def loudness() -> Loudness:
    """How much the command is to say that runs."""
    context = click.get_current_context(silent=True)
    return context.meta.get(_KEY, Loudness.USUAL) if context is not None else Loudness.USUAL


def set_levels() -> None:
    """Let the log tell as much as was asked for."""
    now = loudness()
    logging.getLogger().setLevel(logging.WARNING if now is Loudness.QUIET else logging.INFO)
    logging.getLogger(_OWN).setLevel(logging.DEBUG if now is Loudness.VERBOSE else logging.NOTSET)


def loudness_options(*, hidden: bool = False) -> list[click.Option]:
    """The options; those of a single command are hidden, as all have them."""
    return [
        click.Option(
            ["-q", "--quiet"],
            is_flag=True,
            hidden=hidden,
            expose_value=False,
            callback=_setting(Loudness.QUIET),
            help="Print answers, warnings and errors alone. It may stand behind the command, too.",
        ),
        click.Option(
            ["-v", "--verbose"],
            is_flag=True,
            hidden=hidden,
            expose_value=False,
            callback=_setting(Loudness.VERBOSE),
            help="Tell more: progress each second, and where in the program an error arose.",
        ),
    ]


def add_loudness(command: click.Command) -> None:
    """Give a command, and those below it, the options once."""
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            add_loudness(inner)
    elif not any(one.name == "quiet" for one in command.params):
        command.params += loudness_options(hidden=True)


def _setting(wanted: Loudness) -> Callable[[click.Context, click.Parameter, bool], Any]:
    def set_loudness(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
        if not value:
            return
        if ctx.meta.get(_KEY, wanted) is not wanted:
            raise click.UsageError("--quiet and --verbose exclude each other: give one of them.", ctx)
        ctx.meta[_KEY] = wanted
        set_levels()

    return set_loudness
