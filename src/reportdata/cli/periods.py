"""Days on the command line: as numbers, or in words whose days depend on today in an organisation's time zone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

import click
from click.shell_completion import CompletionItem

from reportdata.days import DEFAULT_TIME_ZONE, SECOND, moment_of, time_zone
from reportdata.errors import BadValue, InputError
from reportdata.identity import Organisation
from reportdata.named_days import DAYS, MINUS, PERIODS, NamedDays, is_relative, read_days

_AGO = re.compile(r"-\d{1,4}[dw]", re.ASCII)
_SOME_DAY = date(2000, 1, 1)


class Day(click.ParamType[str]):
    """A stat day, as yyyyMMdd or yyyy-MM-dd, or in words, which stay words: `Today` knows what they mean."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            span = read_days(str(value), _SOME_DAY)
        except InputError as error:
            self.fail(f"{error.message}; {error.hint}", param, ctx)
        return str(value) if is_relative(str(value)) else span.first_day

    def shell_complete(self, _ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return [CompletionItem(word) for word in (*DAYS, *PERIODS) if word.startswith(incomplete)]


DAY = Day()


class DaysCommand(click.Command):
    """A command with an argument DAY, which may be written -7d though it looks like an option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        valued = {name for one in self.params if isinstance(one, click.Option) and not one.is_flag for name in one.opts}
        before = ["", *args]
        own = args.index("--") if "--" in args else len(args)
        args = [
            f"{MINUS}{arg[1:]}" if at < own and _AGO.fullmatch(arg) and before[at] not in valued else arg
            for at, arg in enumerate(args)
        ]
        return super().parse_args(ctx, args)


class Today(NamedTuple):
    """Which day it is, by time zone."""

    days: Mapping[str, date]

    @classmethod
    def of(
        cls, organisations: Iterable[Organisation], corp_id: str | None, now: float, zone: str = DEFAULT_TIME_ZONE
    ) -> Today:
        """The day where an organisation is, or where all are when none is named.

        :param now: seconds since 1970.
        :param zone: that of organisations that are still to be added.
        """
        zones = {one.time_zone for one in organisations if corp_id in (None, one.corp_id)} or {zone}
        return cls({name: moment_of(int(now * SECOND), time_zone(name)).date() for name in sorted(zones)})

    def span(self, text: str) -> NamedDays:
        """The days that are named.

        :raises BadValue: when they are not the same everywhere.
        """
        spans = {name: read_days(text, today) for name, today in self.days.items()}
        found = dict.fromkeys(spans.values())
        if len(found) > 1:
            told = ", ".join(f"{_told(span)} in the zone {name}" for name, span in spans.items())
            raise BadValue(f"{text} is not the same day everywhere: {told}", "name one with --corp, or write the day")
        return next(iter(found))

    def day(self, text: str) -> str:
        """The one day that is named.

        :raises BadValue: when it is several.
        """
        span = self.span(text)
        if span.first_day != span.last_day:
            raise BadValue(f"{text} means several days, {_told(span)}", "name one day")
        return span.first_day

    def between(self, first: str | None, last: str | None) -> tuple[str | None, str | None]:
        """The bounds of --from and --to: a period begins with its first day, and ends with its last.

        :raises BadValue: when the last day is before the first.
        """
        first_day = self.span(first).first_day if first is not None else None
        last_day = self.span(last).last_day if last is not None else None
        check_period(first_day, last_day)
        return first_day, last_day

    def asked(self, day: str | None, last: str | None) -> tuple[str | None, str | None]:
        """The days of DAY and --to; without the latter, all that DAY names.

        :raises BadValue: when the last day is before the first.
        """
        return self.between(day, last if last is not None else day)

    def words(self, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Parameters of a question, with days in place of words."""
        found: list[tuple[str, str]] = []
        for name, value in pairs:
            if name == "range" and is_relative(value):
                span = self.span(value)
                found += [("from", span.first_day), ("to", span.last_day)]
            elif name in ("day", "from", "since") and is_relative(value):
                found.append((name, self.day(value) if name == "day" else self.span(value).first_day))
            elif name == "to" and is_relative(value):
                found.append((name, self.span(value).last_day))
            elif name == "than":
                found.append((name, "&".join(map(self._part, value.split("&")))))
            else:
                found.append((name, value))
        return found

    def _part(self, part: str) -> str:
        name, _, value = part.partition("=")
        return "&".join(map("=".join, self.words([(name, value)]))) if is_relative(value) else part


def check_period(first_day: str | None, last_day: str | None) -> None:
    """Check days before anything is opened, as far as they are no words.

    :raises BadValue: when the last day is before the first.
    """
    if first_day is None or last_day is None or is_relative(first_day) or is_relative(last_day):
        return
    if last_day < first_day:
        raise BadValue(f"{last_day} is before {first_day}", "name the earlier day first")


def _told(span: NamedDays) -> str:
    return span.first_day if span.first_day == span.last_day else f"{span.first_day}–{span.last_day}"
