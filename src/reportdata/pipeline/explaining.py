"""What a number is made of: a sentence, its definition, its history, and the records that it was counted from; and what
another number has that this one has not.

The value and the history of a whole day come from the store, as what is served does. Records come from the lake, which
may have facts already that the next refresh counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from reportdata.causes import UNKNOWN, bounded, of_origin
from reportdata.days import MILLISECOND, moment_of, to_date
from reportdata.engines.duckdb import DuckDBEngine, Known
from reportdata.engines.duckdb.explaining import Counted as Things
from reportdata.engines.duckdb.explaining import Part
from reportdata.errors import Damaged
from reportdata.kinds import Kinds
from reportdata.lake import Lake
from reportdata.lake.files import days_of_file
from reportdata.measures import Number
from reportdata.pipeline.asking import Asking, narrowing_of
from reportdata.pipeline.changed import when_of
from reportdata.pipeline.covered import certainty_of
from reportdata.pipeline.damage import require_lake
from reportdata.pipeline.known_looks import Looks
from reportdata.pipeline.moments import Moment, moments_of
from reportdata.services import Service
from reportdata.services.lending import HISTORY
from reportdata.services.records import Records, records
from reportdata.statistics.answers import MOST_ROWS, Answer, Row, require_few
from reportdata.statistics.explained import (
    EXPLAIN_PATH,
    Explained,
    moment_text,
    url_of_page,
    words_of_explained,
)
from reportdata.statistics.plan import Counted, Days, known_days, pieces_of
from reportdata.statistics.question import Asked, Question, days_of_question, fixed
from reportdata.statistics.sentences import Told, meaning, sentence
from reportdata.store import Store
from reportdata.store.replay import changes_of

_COLUMNS = {"report_id": "report", "user_id": "user"}
"""What columns of facts are called in answers."""


class _Cell(NamedTuple):
    """A cell: what is asked, its row among statistics, if it has one, and the days that are counted, as pieces."""

    asked: Asked
    row: Row | None
    days: Days


class Explaining:
    """Explains numbers of the organisations of a store and a lake."""

    def __init__(
        self, asking: Asking, lake: Lake, store: Store, engine: DuckDBEngine, service: Service, kinds: Kinds
    ) -> None:
        self._asking = asking
        self._lake = lake
        self._store = store
        self._engine = engine
        self._service = service
        self._kinds = kinds
        self._looks = Looks(lake, store)

    def explain(self, explained: Explained, corp_id: str, now: float, *, with_records: bool) -> Answer:
        """Explain a number.

        :param now: seconds since 1970.
        :param with_records: whether records are told, which have the ids of people.
        :raises BadValue: when it cannot be answered as it is asked.
        """
        zone = self._asking.zone(corp_id)
        with self._lake.reading():
            cell = self._cell(explained.cell, corp_id, zone, now)
            other = self._cell(explained.than, corp_id, zone, now) if explained.than is not None else None
            history = self._history(cell, corp_id, zone, now)
            try:
                counted, rows = self._records(cell, other, corp_id, zone, with_records=with_records)
            except Damaged:
                if other is not None or not _is_day(cell.asked.question):
                    raise
                counted, rows = Things(None, 0, {}), []  # the number and its history are the store's
        return self._answer(explained, cell, other, history, counted, rows, zone, with_records)

    def _cell(self, question: Question, corp_id: str, zone: ZoneInfo, now: float) -> _Cell:
        asked = fixed(question, zone, now)
        question = asked.question
        whole = msgspec.structs.replace(question, page=1, format="json", by=("day",) if _is_day(question) else ())
        found = self._asking.answer(whole, corp_id, now).data
        require_lake(self._lake, self._store, [self._service])
        certainty = certainty_of(self._asking.standing(asked, corp_id))
        known = known_days(self._service, certainty, question.metrics)[question.metrics[0]]
        return _Cell(asked, found[0] if found else None, pieces_of(known))

    def _records_of(self, cell: _Cell) -> Records:
        measure = self._service.kpi(cell.asked.question.metrics[0]).measure
        assert measure is not None  # noqa: S101 - ratios are refused
        return records(self._service, self._kinds, measure, narrowing_of(cell.asked.question, cell.days or _NO_DAY))

    def _records(
        self, cell: _Cell, other: _Cell | None, corp_id: str, zone: ZoneInfo, *, with_records: bool
    ) -> tuple[Things, list[Row]]:
        """How many things were counted, and the records of the page."""
        question = cell.asked.question
        if not (with_records or other is not None):
            return Things(0, 0, {}), []
        part = Part(0)
        if with_records and question.format == "json":
            part = Part(question.page_size, (question.page - 1) * question.page_size)
        elif with_records:
            part = Part(MOST_ROWS + 1)
        cells = []
        for one in (cell, *([other] if other is not None else [])):
            what = self._records_of(one)
            files = self._asking.files(what, Counted(one.days, one.asked.question.metrics)) if one.days else {}
            cells.append((what, files, Known(corp_id, one.asked.moment if one.asked.pinned else None)))
        counted, found = self._engine.explained(cells, days_of_file, part)
        if question.format != "json":
            require_few(len(found))
        what = cells[0][0]
        rows = [_row(dict(zip(_names(what), record, strict=True)), zone, what) for record in found]
        for row in rows:
            row["departments"] = _shown(row["departments"], question.within)
        return counted, rows

    def _history(self, cell: _Cell, corp_id: str, zone: ZoneInfo, now: float) -> list[dict[str, Any]]:
        """The values that a cell has had, the earliest first. Who may be told of some departments only is told none:
        when a number changed and why depends on what came of others, too."""
        if cell.asked.question.within:
            return []
        if _is_day(cell.asked.question):
            return self._of_store(cell, corp_id, zone)
        found: list[dict[str, Any]] = []
        was: Number | None = None
        for moment in self._moments(cell, corp_id):
            number = self._number_at(cell, moment, corp_id, zone, now)
            if number != was:
                when = moment_text(moment.at, zone)
                causes = bounded(moment.causes) or [UNKNOWN]
                found.append({"when": when, "was": was, "is": number, "cause": ", ".join(causes)})
                was = number
        return found

    def _of_store(self, cell: _Cell, corp_id: str, zone: ZoneInfo) -> list[dict[str, Any]]:
        question, service = cell.asked.question, self._service
        story = self._store.story(service.id, corp_id, question.first_day, question.first_day)
        return [
            {"when": when_of(change, zone), "was": change.was, "is": change.now, "cause": ", ".join(change.causes)}
            for change in changes_of(story, service, self._store.computed(service.id))
            if change.kpi_id == question.metrics[0] and change.at * MILLISECOND <= cell.asked.moment
        ]

    def _moments(self, cell: _Cell, corp_id: str) -> list[Moment]:
        question, until = cell.asked.question, cell.asked.moment
        days: Days = ((question.first_day, question.last_day),)
        what = self._records_of(cell._replace(days=days))
        lending = [*what.history, *(history.kind for history in what.changes)]
        lent = lending if question.departments or question.templates else []
        kinds = dict.fromkeys((*what.kinds, *lent))
        files = self._asking.files(what, Counted(days, question.metrics))
        for kind in lent:
            files[kind.name] = files[kind.name + HISTORY]
        pieces = " or ".join(
            f"stat_day between date '{to_date(first)}' and date '{to_date(last)}'" for first, last in days
        )
        condition = "true" if lent else f"({pieces})"
        known = self._engine.moments(list(kinds), files, Known(corp_id, until), condition)
        observed = self._service.observed(question.metrics[0])
        looks = (
            (look, at)
            for look, at in self._looks.moments(corp_id)
            if at <= until
            and look.first_day <= question.last_day
            and look.last_day >= question.first_day
            and (not look.kind or look.kind.partition(" ")[0] in observed)
        )
        return moments_of(known, looks, self._kinds)

    def _number_at(self, cell: _Cell, moment: Moment, corp_id: str, zone: ZoneInfo, now: float) -> Number | None:
        at = moment_of(moment.at, zone).isoformat(timespec="microseconds")
        question = msgspec.structs.replace(cell.asked.question, as_of=at, page=1, format="json")
        found = self._asking.answer(question, corp_id, now).data
        number: Number | None = found[0][self._word(question)] if found else None
        return number

    def _word(self, question: Question) -> str:
        return self._service.kpi(question.metrics[0]).name_of_column

    def _answer(
        self,
        explained: Explained,
        cell: _Cell,
        other: _Cell | None,
        history: list[dict[str, Any]],
        counted: Things,
        rows: list[Row],
        zone: ZoneInfo,
        with_records: bool,
    ) -> Answer:
        question, kpi = cell.asked.question, self._service.kpi(explained.cell.metrics[0])
        lang, moment = explained.lang, _moment(cell, zone)
        following = None
        if question.format == "json" and with_records and question.page * question.page_size < counted.records:
            after = msgspec.structs.replace(_pinned(cell, zone), page=question.page + 1)
            than = _pinned(other, zone) if other is not None else None
            pairs = words_of_explained(msgspec.structs.replace(explained, cell=after, than=than), self._service)
            following = url_of_page(EXPLAIN_PATH, pairs)
        value = self._value(cell, lang, history)
        meta: dict[str, Any] = {
            "metric": kpi.name_of_column,
            **value,
            "timeZone": zone.key,
            "asOf": moment,
            "definition": {
                "kpiId": kpi.id,
                "kpiName": kpi.name,
                "unit": kpi.unit,
                "kpiCaliber": kpi.caliber,
                "calibre": kpi.calibre or kpi.caliber,
                "meaning": meaning(kpi, lang),
            },
            "history": history,
            "counted": counted.items if with_records or other is not None else None,
            "sets": counted.sets or None,
            "than": self._value(other, lang, []) if other is not None else None,
            "totalRows": counted.records if with_records else 0,
            "page": question.page,
            "pageSize": question.page_size if question.format == "json" else counted.records,
            "nextPage": following,
            "emptyReason": self._why_empty(cell, counted, rows, with_records=with_records),
            "columns": self._columns(cell, compared=other is not None),
            "notes": self._notes(cell, counted, with_records=with_records),
            "query": dict(words_of_explained(explained, self._service)),
        }
        return Answer(rows if other is not None else [_without_set(row) for row in rows], meta)

    def _value(self, cell: _Cell, lang: str, history: list[dict[str, Any]]) -> dict[str, Any]:
        """What is said of the number of a cell."""
        question, row = cell.asked.question, cell.row
        kpi = self._service.kpi(question.metrics[0])
        number = row[kpi.name_of_column] if row is not None else None
        state = row["state"] if row is not None else "missing"
        change = None
        if len(history) > 1 and history[-1]["is"] == number:
            change = (history[-1]["when"], history[-1]["was"], history[-1]["cause"].split(", "))
        return {
            "value": number,
            "sentence": sentence(Told(kpi, question, number, state, question.as_of, change), lang),
            "state": state,
            "from": to_date(question.first_day).isoformat(),
            "to": to_date(question.last_day).isoformat(),
            "lookedAt": row["asOf"] if row is not None else None,
            "coveredDays": row["coveredDays"] if row is not None else 0,
            "days": len(days_of_question(question)),
        }

    def _why_empty(self, cell: _Cell, counted: Things, rows: list[Row], *, with_records: bool) -> str | None:
        if rows:
            return None
        if not with_records:
            return f"records need the scope {self._service.records_scope}"
        if counted.items is None:
            return "the records are in files that are gone or damaged"
        if counted.records:
            return "the page lies beyond the last row"
        return "no facts are counted" if cell.days else "no day is covered for what is counted: nothing is known of it"

    def _notes(self, cell: _Cell, counted: Things, *, with_records: bool) -> list[str]:
        notes = ["A row is a record; the number counts the different items of the rows."]
        value = cell.row[self._word(cell.asked.question)] if cell.row is not None else None
        if counted.items is None:
            notes.append(
                "The records cannot be told: the day rests on damaged files, and its number is from before. "
                "`reportdata repair` says which these are, and brings them back from a backup."
            )
        elif with_records and value is not None and value != counted.items:
            notes.append(
                f"The records give {counted.items}: the day rests on damaged files, and its number is from before."
                if cell.row is not None and cell.row["state"] == "damaged"
                else f"The records give {counted.items}: the next refresh counts what came since the last one."
            )
        if within := cell.asked.question.within:
            notes.append(f"Only facts of {', '.join(within)} and of departments below count: the link shows no others.")
            notes.append("The history is that of the whole organisation, and is not told here.")
        elif not _is_day(cell.asked.question):
            notes.append("What was taken back or forgotten is gone from the history of other cells than whole days.")
        return notes

    def _columns(self, cell: _Cell, *, compared: bool) -> list[dict[str, Any]]:
        what = self._records_of(cell)
        types = {"instant": "moment", "integer": "integer", "decimal": "number"}
        names = [{"name": "set", "type": "text"}] if compared else []
        names.append({"name": "item", "type": "text"})
        for name, type_ in what.rows.columns.items():
            if name not in _SHOWN:
                names.append({"name": _called(name, what), "type": types.get(type_.removesuffix("?"), "text")})
        names += [{"name": "day", "type": "date"}, *({"name": name, "type": "text"} for name in _SHOWN)]
        return [*names, {"name": "origin", "type": "text"}, {"name": "knownAt", "type": "moment"}]


_SHOWN = ("template", "departments")
_NO_DAY: Days = (("20000101", "20000101"),)
"""In place of no days at all: then no file is read."""


def _is_day(question: Question) -> bool:
    """Whether a cell is a whole day, whose values the store keeps."""
    return question.first_day == question.last_day and not question.is_filtered


def _moment(cell: _Cell, zone: ZoneInfo) -> str:
    """The moment whose knowledge counts in a cell."""
    return moment_of(cell.asked.moment, zone).isoformat(timespec="microseconds")


def _pinned(cell: _Cell, zone: ZoneInfo) -> Question:
    """The question of a cell as of its moment, so that further pages fit the first."""
    return msgspec.structs.replace(cell.asked.question, as_of=_moment(cell, zone))


def _called(column: str, what: Records) -> str:
    return "time" if column == what.rows.time else _COLUMNS.get(column, column)


def _names(what: Records) -> list[str]:
    """The columns of found records."""
    return ["set", "item", "corp_id", "stat_day", *what.rows.columns, "template_", "departments_", "known_at", "origin"]


def _row(found: Mapping[str, Any], zone: ZoneInfo, what: Records) -> Row:
    row: Row = {"set": found["set"], "item": found["item"]}
    for name, type_ in what.rows.columns.items():
        if name not in _SHOWN:
            value = found[name]
            row[_called(name, what)] = moment_text(value, zone) if type_ == "instant" and value is not None else value
    row["day"] = found["stat_day"].isoformat()
    row |= {name: found[f"{name}_"] for name in _SHOWN}
    row["origin"] = of_origin(found["origin"]) if found["origin"] else None
    row["knownAt"] = moment_text(found["known_at"], zone) if found["known_at"] is not None else None
    return row


def _shown(departments: str, within: Sequence[str]) -> str:
    """Of the departments of a record, those that may show."""
    if not within:
        return departments
    below = tuple(f"{name}/" for name in within)
    return ",".join(name for name in departments.split(",") if name in within or name.startswith(below))


def _without_set(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "set"}
