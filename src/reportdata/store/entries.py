"""What a store keeps of organisations' days and imports, as its methods take and give it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from reportdata.measures import Number
from reportdata.states import DayState
from reportdata.statistics.cursors import Reached

FIRST_DAY, LAST_DAY = "00010101", "99991231"
"""No stat day is before the one or after the other."""


class DayKpis(NamedTuple):
    """The KPIs of one organisation and day: KPI id to number."""

    corp_id: str
    stat_day: str
    values: Mapping[str, Number]


class Day(NamedTuple):
    """All that the store knows of a day at one moment: its KPIs, None when it is covered for no kind; when they were
    last computed to something new, 0 when never; the last look by kind of facts, of those for which it is covered; the
    states that were put; the organisation's time zone, None for an organisation that is not known; and the KPIs that
    were computed of all days, for which no number means 0. Times are milliseconds since 1970.
    ``damaged`` says whether files are damaged that the numbers rest on."""

    values: Mapping[str, Number] | None
    computed_at: int
    looks: Mapping[str, int]
    states: Sequence[DayState]
    time_zone: str | None
    computed: frozenset[str] = frozenset()
    damaged: bool = False


class Damage(NamedTuple):
    """A file of the lake that is gone or damaged, and a day of a service whose numbers rest on it; without service and
    day for a file that no day rests on by itself."""

    service: str
    stat_day: str
    file: str


class Official(NamedTuple):
    """DingTalk's own figures of a day, KPI id to number, None when it had none; ``fetched_at`` is when it said so, in
    milliseconds since 1970. ``answer`` is the whole answer as JSON, of a service whose KPIs no document tells."""

    corp_id: str
    stat_day: str
    values: Mapping[str, Number] | None
    fetched_at: int
    answer: str | None = None


class Version(NamedTuple):
    """The KPIs of a day as they once were computed: when (milliseconds since 1970) and from which fingerprint."""

    values: Mapping[str, Number]
    computed_at: int
    fingerprint: str


class DayValue(NamedTuple):
    """A value that a day once had: its KPIs, when their computation began (milliseconds since 1970), what changed them,
    as `reportdata.causes` writes it, None from before causes were kept; and the number of the transaction."""

    stat_day: str
    values: Mapping[str, Number]
    computed_at: int
    causes: tuple[str, ...] | None
    number: int = 0


class KnownChange(NamedTuple):
    """Days that came to be covered for a kind, or were covered no more: when (milliseconds since 1970, 0 for what was
    covered before this was kept), and why, None for a look; and the number of the transaction."""

    kind: str
    first_day: str
    last_day: str
    at: int
    covered: bool
    cause: str | None
    number: int = 0


class Story(NamedTuple):
    """How the numbers of an organisation's days came to be what they are: every value of those days that changed, by
    day and in their order, and every change of what is covered, in its order; and how far these go."""

    values: Sequence[DayValue]
    known: Sequence[KnownChange]
    reached: Reached = Reached()


class Announced(NamedTuple):
    """What is about to change the numbers of a day; an empty organisation means all."""

    corp_id: str
    stat_day: str
    cause: str


class ImportedFile(msgspec.Struct, frozen=True, rename="camel"):
    """A file of an import: a digest of its start and end, its bytes, records read, facts added, bad records skipped,
    the first and the last day of its facts, and the kinds of which it had facts or showed days, None where an older
    release did not note these."""

    digest: str
    size: int
    read: int
    added: int
    skipped: int
    first_day: str | None
    last_day: str | None
    kinds: tuple[str, ...] | None = None


class ImportNote(NamedTuple):
    """An import: its id, as the origin of its facts has it, when it began, in milliseconds since 1970, and its files in
    the order of their numbers; none when it was interrupted. It is ``reversible`` when the lake also keeps what it had
    that was known before; ``taken_back_at`` is when it was taken back, in milliseconds since 1970. ``corp_ids`` are the
    organisations of whose facts it told, in their order; none are known of imports by older releases, and those that
    were forgotten are left out."""

    id: str
    at: int
    files: tuple[ImportedFile, ...]
    reversible: bool = True
    taken_back_at: int | None = None
    corp_ids: tuple[str, ...] = ()

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of which its files had facts or showed days, as far as that was noted."""
        return frozenset(kind for file in self.files for kind in file.kinds or ())

    @property
    def days(self) -> tuple[str, str] | None:
        """The first and the last day of its facts."""
        days = [day for file in self.files for day in (file.first_day, file.last_day) if day is not None]
        return (min(days), max(days)) if days else None
