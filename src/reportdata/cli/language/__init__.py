"""The language of the command line: Chinese or English.

All that arises is English. Where it is printed for people it is put into the language that is spoken; ids, JSON and
logs never are, and what is answered by HTTP only where the request asks for a language.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache

import click

from reportdata.cli.language.catalogue import load
from reportdata.cli.language.templates import Templates
from reportdata.cli.loudness import Loudness, loudness
from reportdata.cli.terminals import visible

LANGUAGES = ("zh", "en")
VARIABLE = "REPORTDATA_LANG"
_LOCALES = ("LC_ALL", "LC_MESSAGES", "LANG")
_WITH_VALUES = ("--lang", "--config")
"""The options before a command that take a value."""
_kinds: dict[str, str] = {}
"""What kinds of facts are called in Chinese."""
_spoken = ["en"]
"""The language that is spoken, and those that will be again."""


@cache
def _templates(language: str) -> Templates:
    return Templates(load(language), kind_name)


def chosen(arguments: Sequence[str], variable: Callable[[str], str | None]) -> str:
    """The language that is asked for: by ``--lang`` before the command, by ``REPORTDATA_LANG``, or by the locale.

    :param variable: the value of a variable of the process, None or empty where it is not set.
    """
    given = variable(VARIABLE)
    left = iter(arguments)
    for argument in left:
        if not argument.startswith("-"):
            break
        if argument.startswith("--lang="):
            given = argument.removeprefix("--lang=")
        elif argument in _WITH_VALUES:
            value = next(left, None)
            given = value if argument == "--lang" else given
    if given in LANGUAGES:
        return given
    locale = next(filter(None, map(variable, _LOCALES)), "")
    return "zh" if re.match(r"zh(?![a-z])", locale, re.IGNORECASE) else "en"


def name_kinds(names: Mapping[str, str]) -> None:
    """Kinds of facts are called so in Chinese from now on."""
    if not names.items() <= _kinds.items():
        _kinds.update(names)
        _translated.cache_clear()


def kind_name(kind: str) -> str:
    """What a kind of facts is called in Chinese: those that were named, and those of reports; empty for others."""
    if kind not in _kinds:
        from reportdata.services import read_reports  # which few commands need before they read all services

        return next((one.name_zh for one in read_reports().kinds if one.name == kind), "")
    return _kinds[kind]


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """A language is spoken in the block; English, where standard output has no Chinese signs."""
    _spoken.append(language if _is_shown("中文") else "en")
    try:
        yield
    finally:
        _spoken.pop()


def _is_shown(text: str) -> bool:
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def is_english() -> bool:
    """Whether English is spoken."""
    return _spoken[-1] == "en"


def spoken() -> str:
    """The language that is spoken."""
    return _spoken[-1]


def translated(text: str, language: str | None = None) -> str:
    """A message in the language that is spoken, or another; what is no message stays what it is."""
    language = language or spoken()
    return text if language == "en" else _translated(text, language)


def is_message(text: str) -> bool:
    """Whether a text as it stands has a translation into the language that is spoken."""
    return not is_english() and _templates(_spoken[-1]).has(text)


_PLACEHOLDER = "=HEADING", "=表头"
"""What stands in options for a heading that a person has to fill in: it comes with values, which are not translated."""


@lru_cache(maxsize=1000)  # help has the same options again and again
def _translated(text: str, language: str) -> str:
    found = _templates(language).translated(text)
    return text if found is None else found.text.replace(*_PLACEHOLDER)


_NEXT = "Next: "
"""How a message begins that names the next step."""


def say(text: str, *, err: bool = False) -> None:
    """Print a message for people; the next step not to those who want to hear little."""
    if not text.startswith(_NEXT) or loudness() is not Loudness.QUIET:
        click.echo(visible(translated(text)), err=err)


def tell(text: str) -> None:
    """Print that something was done, to those who do not want to hear little."""
    if loudness() is not Loudness.QUIET:
        click.echo(visible(translated(text)))


def ask(question: str) -> None:
    """Go on only when somebody agrees.

    :raises click.Abort: when nobody does.
    """
    click.confirm(visible(translated(question)), abort=True, err=True)
