"""What an import is told, and what it did."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from zoneinfo import ZoneInfo

from reportdata.choices import NO_CHOICES, Choices
from reportdata.columns import Columns
from reportdata.coverage import Observation
from reportdata.days import DEFAULT_TIME_ZONE, PARTITION, SECOND, day_of_folder, end_of, time_zone
from reportdata.engines.duckdb.spans import Span
from reportdata.errors import InputError
from reportdata.facts import Organisations
from reportdata.kinds import Kind, Kinds
from reportdata.lake import Incoming
from reportdata.pipeline.reading import Bounds, SkipBad
from reportdata.pipeline.single_facts import SingleFacts
from reportdata.readers import Format
from reportdata.store import FIRST_DAY, LAST_DAY, ImportedFile, Store

_UTC = ZoneInfo("UTC")
_DAY = 86_400 * SECOND


@dataclass(frozen=True)
class Options:
    """How files are imported.

    ``corp_id`` is the organisation of records that name none; ``add_in`` the time zone in which unknown organisations
    are added, None to refuse them; ``skip_bad`` takes the bad records, None to refuse their file;
    ``first_day`` and ``last_day`` bound the days that are covered, in place of those of the records, and ``covers`` are
    kinds for which they are even where a file has no facts of them; ``exported_at`` is when the files were exported, in
    milliseconds since 1970, None for what they say themselves; ``choices`` is what was said of them; ``memory`` is how
    many bytes DuckDB may take, ``part_size`` how many of a file are staged at a time (both None for what suits this
    machine); ``now`` is the present, in seconds since 1970, after which no record may be: without it every time is
    believed. With ``only``, records of other organisations are refused like those of unknown ones, and with ``kinds``,
    files of other kinds like those of unknown ones. With ``whole``, one file that cannot be imported keeps all others
    from it. With ``dry``, no organisation is made known, and it is told in
    which encoding files are.

    What a file that says nothing holds was observed when it was last written, since nothing later can be in it; a time
    after ``now`` is a mistake, and then it is ``now`` (see `reportdata.pipeline.looks`). It is observed for each
    organisation and kind of fact in the file by itself.
    """

    corp_id: str | None = None
    format: Format | None = None
    add_in: ZoneInfo | None = None
    skip_bad: SkipBad | None = None
    first_day: str | None = None
    last_day: str | None = None
    covers: tuple[str, ...] = ()
    exported_at: int | None = None
    choices: Choices = NO_CHOICES
    memory: int | None = None
    part_size: int | None = None
    now: float = inf
    dry: bool = False
    only: str | None = None
    kinds: Kinds | None = None
    whole: bool = False

    @property
    def bounds(self) -> Bounds:
        """Which times are believed: up to a day after now, as clocks and zones differ, and those that are stated."""
        if self.now == inf:
            return Bounds(first_day=FIRST_DAY, last_day=LAST_DAY)
        end = int(self.now * SECOND) + _DAY
        if self.last_day is not None:
            end = max(end, end_of(self.last_day, _UTC) + _DAY)
        return Bounds(end, self.first_day or LAST_DAY, self.last_day or FIRST_DAY)


@dataclass
class Imported:
    """What an import did: records read, facts added, bad records skipped, records of forgotten people left out, which
    are not among those read, the days that facts were added to, the organisations that were added, and the files that
    could not be imported. ``spans`` are, by kind, those of each organisation; ``alike`` are kinds of which facts may
    share an id, and ``single`` gives by kind the days, new to the lake, on which none do; ``told`` are the kinds that
    the columns told, even without any record, and ``tables`` what these columns hold; ``titles`` stand above a heading;
    ``partial`` gives for kinds of which facts are missing the reason, ``lost`` are those of them that the file itself
    lacks, ``within`` those whose facts stand within records, ``unread`` those of which some do and were not read,
    ``windows`` the times that saved requests asked for; ``notes`` are what is to be said; ``id`` is that under which
    the import is noted, empty when no file was imported."""

    read: int = 0
    added: int = 0
    skipped: int = 0
    left_out: int = 0
    days: set[str] = field(default_factory=set)
    organisations: list[str] = field(default_factory=list)
    failures: list[InputError] = field(default_factory=list)
    spans: dict[str, dict[str, Span]] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)
    alike: set[str] = field(default_factory=set)
    single: dict[str, frozenset[str]] = field(default_factory=dict)
    format: Format | None = None
    encoding: str | None = None
    tables: list[Columns] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)
    partial: dict[str, str] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    within: set[str] = field(default_factory=set)
    unread: set[str] = field(default_factory=set)
    windows: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    id: str = ""

    @property
    def known(self) -> int:
        """Records whose facts were there already, or stood in the import more than once."""
        return self.read - self.added - self.skipped

    def add(self, other: Imported) -> None:
        """Take in what another import did."""
        self.read += other.read
        self.added += other.added
        self.skipped += other.skipped
        self.left_out += other.left_out
        self.days |= other.days
        self.organisations += other.organisations
        self.failures += other.failures
        self.told |= other.told | other.spans.keys()


@dataclass
class StagedImport:
    """An import before it is in the lake: what it will have done, when it began, in milliseconds since 1970, the
    folders in which its files' facts lie, what is done and noted of each of the files, and what they show of days.

    What was staged is looked up and not listed: files may be thousands, and each is compared with those before it."""

    done: Imported
    at: int
    files: list[tuple[str, Imported]] = field(default_factory=list)
    incoming: list[Incoming] = field(default_factory=list)
    noted: list[ImportedFile] = field(default_factory=list)
    looks: list[Observation] = field(default_factory=list)
    _staged: dict[str, dict[str, list[Path]]] = field(default_factory=dict)

    def take(self, name: str, found: Imported, incoming: Incoming) -> None:
        """Take in a file that was staged."""
        self.done.add(found)
        self.files.append((name, found))
        self.incoming.append(incoming)
        for path in sorted(incoming.folder.glob(f"*/{PARTITION}*/*.parquet")):
            self._staged.setdefault(path.parents[1].name, {}).setdefault(day_of_folder(path.parent.name), []).append(
                path
            )

    def remember(self, single: SingleFacts) -> None:
        """Note the days on which the facts of these files share no key."""
        for (_, found), incoming in zip(self.files, self.incoming, strict=True):
            for kind, days in found.single.items():
                single.note(kind, incoming.folder.name, days)

    def staged(self, kind: Kind, day: str | None = None) -> list[Path]:
        """The staged files of new facts of a kind: of a day, or of all days."""
        days = self._staged.get(kind.name, {})
        return [path for paths in days.values() for path in paths] if day is None else list(days.get(day, ()))


def known_organisations(store: Store, options: Options) -> Organisations:
    """The organisations of which records may be, and the time zones of their times."""
    known = (one for one in store.organisations() if options.only in (None, one.corp_id))
    return Organisations(
        {one.corp_id: time_zone(one.time_zone) for one in known}, options.add_in, options.choices.times_in
    )


def zone_of(organisations: Organisations, corp_id: str) -> ZoneInfo:
    """An organisation's time zone; that of those that are new, while it is not known."""
    return organisations.known.get(corp_id, organisations.add_in or time_zone(DEFAULT_TIME_ZONE))
