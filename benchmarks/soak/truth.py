"""What was begun, and what was seen to count: between the two lies every right answer, in plain Python."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tests.support.oracle import Commented, Fact, Sent, Withdrawn

ZONES = {
    "dingsoak1": ZoneInfo("Asia/Shanghai"),
    "dingsoak2": ZoneInfo("America/New_York"),
    "dingsoak3": ZoneInfo("Asia/Kolkata"),
}
BEGIN = datetime(2026, 10, 1, 12, tzinfo=UTC)
DAYS = 20
PEOPLE = 60
KPIS = ("4100", "4101", "4102")

Place = tuple[str, str]
"""An organisation and a day."""


class Bounds(NamedTuple):
    """The least and the greatest right number of each KPI."""

    least: tuple[int, int, int]
    most: tuple[int, int, int]

    def allow(self, found: Mapping[str, int | None]) -> bool:
        """Whether numbers by KPI are right. One that is not known is, as long as nothing was seen to count."""
        return all(
            least == 0 if (number := found.get(kpi)) is None else least <= number <= most
            for kpi, least, most in zip(KPIS, self.least, self.most, strict=True)
        )


@dataclass
class _Cell:
    sent: dict[str, str] = field(default_factory=dict)
    commenters: set[str] = field(default_factory=set)


class Truth:
    """Facts that clients send. A fact is ``begun`` before it is sent first, and ``settled`` when it was seen to
    count. Several threads may use it."""

    def __init__(self, seed: int) -> None:
        self.lock = Lock()
        self.facts: set[Fact] = set()
        self.acknowledged = 0
        self._rng = random.Random(seed)
        self._number = 0
        self._begun: dict[Place, _Cell] = {}
        self._settled: dict[Place, _Cell] = {}
        self._withdrawn: set[tuple[str, str]] = set()
        self._withdrawn_settled: set[tuple[str, str]] = set()
        self._recent: list[Sent] = []
        self._waiting: list[Fact] = []

    def begin(self, count: int, corp_id: str | None = None, user_id: str | None = None) -> list[Fact]:
        """New facts of one organisation, and now and then one that was sent before."""
        with self.lock:
            corp_id = corp_id or self._rng.choice(list(ZONES))
            found = [self._new(corp_id, user_id) for _ in range(count)]
            if self._waiting and self._rng.random() < 0.2:
                found += [fact for fact in self._rng.sample(self._waiting, 1) if fact.corp_id == corp_id]
            for fact in found:
                self._count(fact)
            return found

    def acknowledge(self, count: int) -> None:
        """Note that so many facts were acknowledged."""
        with self.lock:
            self.acknowledged += count

    def settle(self) -> None:
        """All that was begun was seen to count."""
        with self.lock:
            for fact in self._waiting:
                _add(self._settled, fact)
            self._waiting.clear()
            self._withdrawn_settled |= self._withdrawn

    def forget(self, corp_id: str, user_id: str) -> None:
        """A person of an organisation was forgotten; nothing of theirs waits to be settled."""
        with self.lock:
            self.facts = {
                fact
                for fact in self.facts
                if isinstance(fact, Withdrawn) or (fact.corp_id, fact.user_id) != (corp_id, user_id)
            }
            self._recent = [fact for fact in self._recent if (fact.corp_id, fact.user_id) != (corp_id, user_id)]
            for cells in (self._begun, self._settled):
                for (corp, _), cell in cells.items():
                    if corp == corp_id:
                        cell.sent = {report: user for report, user in cell.sent.items() if user != user_id}
                        cell.commenters.discard(user_id)

    def least(self, place: Place) -> tuple[int, int, int]:
        """The least right numbers now: of what was seen to count, but for what is being withdrawn."""
        with self.lock:
            return _numbers(self._settled.get(place), place[0], self._withdrawn)

    def most(self, place: Place) -> tuple[int, int, int]:
        """The greatest right numbers now: of all that was begun."""
        with self.lock:
            return _numbers(self._begun.get(place), place[0], self._withdrawn_settled)

    def exact(self, place: Place) -> tuple[int, int, int]:
        """The right numbers while nothing is on its way."""
        with self.lock:
            return _numbers(self._begun.get(place), place[0], self._withdrawn)

    def _new(self, corp_id: str, user_id: str | None) -> Fact:
        chance = self._rng.random()
        user = user_id or f"u{self._rng.randrange(PEOPLE)}"
        at = BEGIN + timedelta(seconds=self._rng.randrange(DAYS * 86_400))
        others = [fact for fact in self._recent if fact.corp_id == corp_id]
        if user_id is None and others and chance < 0.05:
            return Withdrawn(corp_id, self._rng.choice(others).report_id, at)
        if others and chance < 0.35:
            return Commented(corp_id, self._rng.choice(others).report_id, user, at)
        self._number += 1
        sent = Sent(corp_id, f"r{self._number}", user, at, "日报")
        self._recent = [*self._recent[-200:], sent]
        return sent

    def _count(self, fact: Fact) -> None:
        self.facts.add(fact)
        self._waiting.append(fact)
        if isinstance(fact, Withdrawn):
            self._withdrawn.add((fact.corp_id, fact.report_id))
        _add(self._begun, fact)


def days() -> list[str]:
    """The days that facts may have, in every zone."""
    return [f"{BEGIN + timedelta(days=number):%Y%m%d}" for number in range(-1, DAYS + 2)]


def places() -> list[Place]:
    """Every organisation and day."""
    return [(corp_id, day) for corp_id in ZONES for day in days()]


def _add(cells: dict[Place, _Cell], fact: Fact) -> None:
    if isinstance(fact, Withdrawn):
        return
    place = fact.corp_id, f"{fact.at.astimezone(ZONES[fact.corp_id]):%Y%m%d}"
    cell = cells.setdefault(place, _Cell())
    if isinstance(fact, Sent):
        cell.sent[fact.report_id] = fact.user_id
    else:
        cell.commenters.add(fact.user_id)


def _numbers(cell: _Cell | None, corp_id: str, gone: Collection[tuple[str, str]]) -> tuple[int, int, int]:
    if cell is None:
        return 0, 0, 0
    kept = [user for report, user in cell.sent.items() if (corp_id, report) not in gone]
    return len(kept), len(set(kept)), len(cell.commenters)
