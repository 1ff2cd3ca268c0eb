"""A cache of what days have beside their numbers, by organisation and month, while nothing in the store changes.

Days are read by the thousand between two changes, and most of what is read of each is that of its neighbours: the looks
at it, the organisation's zone, which KPIs are computed. It is read once for a month.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from reportdata.coverage import Observation
from reportdata.states import DayState, State
from reportdata.store.rows import names_of
from reportdata.store.sqlite.counting import Counted

_MOST = 4096
"""Months that are kept, of a few hundred bytes each, or of ten thousand where every day was looked at by itself."""
# One statement is one snapshot, of which the number of the last change tells which one it is.
_READ = """
select (select number from changes),
       (select json_group_array(json_array(kind, first_day, last_day, observed_at)) from coverage
        where corp_id = ?2 and first_day <= ?4 and last_day >= ?3),
       (select json_group_array(json_array(stat_day, kpi_id, state, as_of)) from
            (select * from day_states where service = ?1 and corp_id = ?2 and stat_day between ?3 and ?4
             order by kpi_id)),
       (select time_zone from organisations where corp_id = ?2),
       (select json_group_array(kpi_id) from computed_kpis where service = ?1),
       (select json_group_array(stat_day) from damage where service = ?1 and stat_day between ?3 and ?4)
"""
_looks = msgspec.json.Decoder(list[tuple[str, str, str, int]])
_states = msgspec.json.Decoder(list[tuple[str, str, State, int]])


class Surroundings(NamedTuple):
    """What an organisation's days of a month have beside their numbers: the organisation's zone; the last looks, by
    kind of facts, and from which day on they are the last ones; the states that were put, by day; the KPIs that were
    computed of all days; and the days that rest on damaged files."""

    time_zone: str | None
    begins: Sequence[str]
    looks: Sequence[Mapping[str, int]]
    states: Mapping[str, Sequence[DayState]]
    computed: frozenset[str]
    damaged: frozenset[str]

    def looks_at(self, stat_day: str) -> Mapping[str, int]:
        """The last look at a day, by kind of facts."""
        return self.looks[bisect_right(self.begins, stat_day) - 1]


class Cache:
    """The surroundings of days, of one state of the store."""

    def __init__(self) -> None:
        self._number: int | None = -1
        self._kept: dict[tuple[str, str, str], Surroundings] = {}

    def get(
        self, database: Counted, service: str, corp_id: str, stat_day: str, number: int | None
    ) -> Surroundings | None:
        """What is around a day; None when the store has changed since.

        :param number: that of the last change when the day's numbers were read; None where damage took it.
        """
        if number != self._number:
            self._kept.clear()
            self._number = number
        key = service, corp_id, stat_day[:6]
        found = self._kept.get(key)
        if found is None:
            at, *row = database.row(_READ, (service, corp_id, f"{key[2]}01", f"{key[2]}31")) or (None,)
            if at != number:
                return None
            if len(self._kept) >= _MOST:
                self._kept.clear()
            found = self._kept[key] = _surroundings(corp_id, f"{key[2]}01", *row)
        return found


def _surroundings(
    corp_id: str, first_day: str, looks: str, states: str, zone: str | bytes | None, computed: str, damaged: str
) -> Surroundings:
    pieces = [Observation(corp_id, first, last, at, kind) for kind, first, last, at in _looks.decode(looks)]
    # A look counts from its first day, and no more after its last: "20240131" + "x" is before the first of February.
    begins = sorted(
        {first_day, *(max(one.first_day, first_day) for one in pieces), *(f"{one.last_day}x" for one in pieces)}
    )
    put: dict[str, list[DayState]] = {}
    for stat_day, kpi_id, state, as_of in _states.decode(states):
        put.setdefault(stat_day, []).append(DayState(corp_id, stat_day, kpi_id, state, as_of))
    return Surroundings(
        zone.decode() if isinstance(zone, bytes) else zone,
        begins,
        [{one.kind: one.at for one in pieces if one.first_day <= begin <= one.last_day} for begin in begins],
        put,
        names_of(computed),
        names_of(damaged),
    )
