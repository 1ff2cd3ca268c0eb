"""What serving reads: KPIs of days, coverage, organisations, apps, links, tokens and sessions. One
protocol for every store.

What every store owes:

- A method that changes something has made it durable when it returns, and changed all of it or nothing.
- A reader sees the KPIs of a day as they were before a change or after it, never a mixture (`Store.put_days`).
- KPIs are appended: a changed value becomes the current one, and the one before stays readable as history.
- Anything that keeps the store from answering is raised as `StoreError`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from reportdata.coverage import Coverage, Observation
from reportdata.measures import Number
from reportdata.states import DayState
from reportdata.statistics.cursors import Reached
from reportdata.store.accounts import Accounts
from reportdata.store.copying import Copied
from reportdata.store.entries import (
    FIRST_DAY,
    LAST_DAY,
    Announced,
    Damage,
    Day,
    DayKpis,
    DayValue,
    ImportedFile,
    ImportNote,
    KnownChange,
    Official,
    Story,
    Version,
)
from reportdata.store.upkeep import Upkeep

__all__ = [
    "FIRST_DAY",
    "LAST_DAY",
    "Announced",
    "Damage",
    "Day",
    "DayKpis",
    "DayValue",
    "ImportNote",
    "ImportedFile",
    "KnownChange",
    "Official",
    "Reached",
    "Store",
    "Story",
    "Version",
]


class Store(Accounts, Upkeep, Copied, Protocol):
    """See the module's text for what holds of every method."""

    remote: bool
    """Whether asking takes a round trip to a server, so that who has several questions had better ask them at once."""

    def version(self) -> int:
        """A number that is another one after anything that is read was changed through another instance, in whatever
        process: with an embedded store at once, with a shared one within a second. A store that cannot be sure gives
        another number each time.

        :raises StoreError: when it is known that the store cannot answer.
        """

    def version_of_answers(self) -> int:
        """As `version`, of all that answers rest on: of everything but apps, tokens, client tokens, links and sessions,
        and with an embedded store after changes through this instance, too.

        :raises StoreError: when it is known that the store cannot answer.
        """

    def put_import(self, note: ImportNote) -> None:
        """Note an import, in place of what was noted of it."""

    def imports(self) -> list[ImportNote]:
        """All imports that were noted, the earliest first."""

    def kpis(self, service: str, corp_id: str, stat_day: str) -> Mapping[str, Number] | None:
        """The KPIs of a day; empty when it is covered and has no facts, None when it is covered for no kind. Which of
        them are known, `reportdata.store.standing` tells."""

    def day(self, service: str, corp_id: str, stat_day: str) -> Day:
        """All of a day: its KPIs as `kpis` gives them, and what tells how certain they are."""

    def days(self, service: str, wanted: Sequence[tuple[str, str]]) -> list[Day]:
        """What `day` says of each organisation and day."""

    def kpis_between(self, service: str, corp_id: str | None, first_day: str, last_day: str) -> list[DayKpis]:
        """The KPIs of every day of a period that is covered for some kind, of one organisation or of all, by day and
        organisation."""

    def history(self, service: str, corp_id: str, stat_day: str) -> list[Version]:
        """Every value that a day has had, the current one last."""

    def story(
        self,
        service: str,
        corp_id: str,
        first_day: str,
        last_day: str,
        after: int = -1,
        beyond: int | None = None,
    ) -> Story:
        """How the days of a period came to have their numbers: of those of which a value, or what is covered, changed
        after a time in milliseconds since 1970 or, in its place, by a transaction ``beyond`` that number. All of it is
        of one moment, and has all transactions up to the number that it has reached."""

    def begin_story(self) -> None:
        """Tell the numbers of transactions from now on apart from those that were given so far: after a restore, some
        of these were given to what is not there any more."""

    def announce(self, service: str, announced: Iterable[Announced]) -> None:
        """Note what is about to change the numbers of days though their files do not tell: the next computation of the
        whole day takes it over, for values that it changes."""

    def coverage(self) -> list[Coverage]:
        """What is covered for some kind of facts, in as few pieces as possible, by organisation and day; official
        figures say nothing of facts."""

    def observations(
        self, corp_id: str | None = None, first_day: str = FIRST_DAY, last_day: str = LAST_DAY
    ) -> list[Observation]:
        """The last look at every covered day of a period, of one organisation or of all, in as few pieces as possible,
        of which those of a kind do not overlap, by organisation, kind and day."""

    def states(self, service: str, corp_id: str | None, first_day: str, last_day: str) -> list[DayState]:
        """The states that were put of the KPIs of a period's days, of one organisation or of all, by day, organisation
        and KPI. `reportdata.store.standing` tells the others."""

    def put_states(self, service: str, states: Iterable[DayState]) -> None:
        """Replace the states of KPIs of days; those that are not named stay as they are."""

    def damage(self) -> list[Damage]:
        """The damage that was put, by service, day and file."""

    def put_damage(self, damage: Iterable[Damage], was: Iterable[Damage] | None = None) -> None:
        """Note what is damaged, in place of all that was. The numbers of a day that rests on it stay as they are, and
        are told apart by its state.

        :param was: the damage that was noted when this was found out: what others noted since then stays.
        """

    def fingerprints(self, service: str, days: Collection[str] | None = None) -> dict[str, str]:
        """The fingerprint that each day was last computed from: each of the named days, in place of all."""

    def computed_files(self, service: str, days: Collection[str]) -> dict[str, frozenset[str]]:
        """The names of the files that each of these days was last computed from. A day that never was is left out."""

    def applied_withdrawals(self, service: str) -> set[str]:
        """The files of withdrawals whose reports' days were computed since."""

    def computed(self, service: str) -> frozenset[str]:
        """The KPIs that `put_computed` noted last."""

    def put_computed(self, service: str, kpi_ids: Collection[str]) -> None:
        """Note that these KPIs of a service, and no others, were computed of every day that has facts. Where another
        has no number, it is not known."""

    def put_days(
        self,
        service: str,
        fingerprints: Mapping[str, str],
        rows: Iterable[DayKpis],
        now: float,
        *,
        files: Mapping[str, Collection[str]] | None = None,
        only: Mapping[str, Collection[str]] | None = None,
        was: Mapping[str, str | None] | None = None,
        causes: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
    ) -> int:
        """Replace the KPIs of days: ``fingerprints`` names the days, ``rows`` holds all that they have. An organisation
        without a row has no facts on that day any more. Returns how many values changed. However many rows there are,
        few are held at a time; what the iterable raises goes on to the caller, and nothing is changed.

        :param files: the names of the files that a day was computed from; none are noted for a day that is left out.
        :param only: the organisations whose KPIs are replaced, where they are not all; the day's others stay as they
            are.
        :param was: the fingerprints that the days had, None for those that had none, before their files were looked at.
        :param causes: what changed the numbers of a day, by organisation; under an empty one what holds for
            all of them.
        :raises Overtaken: when a day has another one than it ``was``: its state may be newer. Then nothing changes.
        """

    def exchange_files(self, service: str, stat_day: str, was: str, fingerprint: str, files: Collection[str]) -> bool:
        """Note that a day is computed from other files, which hold the same facts; its KPIs stay. False, and nothing
        changes, unless it was last computed from the fingerprint ``was``."""

    def official(self, service: str, corp_id: str, first_day: str, last_day: str) -> list[Official]:
        """DingTalk's own figures of a period that were put, by day."""

    def put_official(self, service: str, figures: Iterable[Official]) -> None:
        """Keep DingTalk's own figures, in place of those that were put of the same days. They are apart from what is
        computed, and nothing else of the store says anything of them."""

    def newest_official(self, service: str, corp_id: str) -> Official | None:
        """The figures of the newest day that has some, None without any."""

    def official_services(self) -> frozenset[tuple[str, str]]:
        """Of which organisations and services with facts the contract serves DingTalk's own figures."""

    def serve_official(self, corp_id: str, services: Collection[str], *, official: bool) -> None:
        """Let the contract serve DingTalk's own figures of an organisation's services, or what was counted."""

    def put_coverage(
        self, service: str, observed: Iterable[Observation], withdrawals: Iterable[str], now: float | None = None
    ) -> None:
        """Add to what is covered, of which the last look at each day is kept, and note files of withdrawals as
        applied.

        :param now: when days that were not covered come to be, in seconds since 1970; absent, the present.
        """

    def replace_coverage(
        self,
        observed: Mapping[tuple[str, str], Iterable[Observation]],
        now: float | None = None,
        cause: str | None = None,
    ) -> None:
        """Let what is covered of these organisations and kinds be what was observed, in place of all that was.

        :param now: when, in seconds since 1970; absent, the present.
        :param cause: why, as `reportdata.causes` writes it.
        """

    def exchange_withdrawals(self, service: str, was: Collection[str], merged: str | None) -> None:
        """Note a file of withdrawals as applied in place of those that it was merged from, or none in their place."""
