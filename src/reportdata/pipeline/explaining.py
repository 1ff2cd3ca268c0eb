"""What a number is made of: a sentence, its definition, its history, and the records that it was counted from; and what
another number has that this one has not.

The value and the history of a whole day come from the store, as what is served does. Records come from the lake, which
may have facts already that the next refresh counts.
"""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from reportdata.engines.duckdb import DuckDBEngine, Known
from reportdata.engines.duckdb.explaining import Counted as Things
from reportdata.engines.duckdb.explaining import Part
from reportdata.errors import Damaged
from reportdata.lake.files import days_of_file
from reportdata.measures import Measure
from reportdata.pipeline.asking import Asking
from reportdata.pipeline.cell_histories import Histories
from reportdata.pipeline.cells import Cell, is_day, pinned, pinned_moment, records_of
from reportdata.pipeline.covered import certainty_of
from reportdata.pipeline.damage import LakeAndStore, note_met, require_lake
from reportdata.pipeline.known_looks import Looks
from reportdata.pipeline.told_records import columns_of, names_of, row_of, shown
from reportdata.pipeline.told_values import definition_of, value_of
from reportdata.services import Service
from reportdata.statistics.answers import MOST_ROWS, Answer, Row, require_few
from reportdata.statistics.explained import EXPLAIN_PATH, Explained, words_of_explained
from reportdata.statistics.parameters import url_of_page
from reportdata.statistics.plan import Counted, known_days, pieces_of
from reportdata.statistics.question import Question, fixed


class Explaining:
    """Explains numbers of the organisations of a store and a lake."""

    def __init__(self, asking: Asking, work: LakeAndStore, engine: DuckDBEngine, service: Service) -> None:
        self._asking = asking
        self._work = work
        self._lake = work.lake
        self._engine = engine
        self._service = service
        self._kinds = work.services.kinds
        looks = Looks(work.lake, work.store)
        self._histories = Histories(asking, looks, work.store, engine, service, self._kinds)

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
            history = self._histories.of(cell, corp_id, zone, now)
            try:
                counted, rows = self._records(cell, other, corp_id, zone, with_records=with_records)
            except Damaged as error:
                if other is not None or not is_day(cell.asked.question):
                    raise
                note_met(self._work, error)
                counted, rows = Things(None, 0, {}), []  # the number and its history are the store's
        return self._answer(explained, cell, other, history, counted, rows, zone, with_records)

    def _cell(self, question: Question, corp_id: str, zone: ZoneInfo, now: float) -> Cell:
        asked = fixed(question, zone, now)
        question = asked.question
        whole = msgspec.structs.replace(question, page=1, format="json", by=("day",) if is_day(question) else ())
        found = self._asking.answer(whole, corp_id, now).data
        require_lake(self._lake, self._work.store, [self._service])
        certainty = certainty_of(self._asking.standing(asked, corp_id))
        known = known_days(self._service, certainty, question.metrics)
        taken = self._asking.days_taken(asked, known, corp_id, zone)[question.metrics[0]]
        return Cell(asked, found[0] if found else None, pieces_of(taken))

    def _records(
        self, cell: Cell, other: Cell | None, corp_id: str, zone: ZoneInfo, *, with_records: bool
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
            what = records_of(one, self._service, self._kinds)
            files = self._asking.counting.files(what, Counted(one.days, one.asked.question.metrics)) if one.days else {}
            cells.append((what, files, Known(corp_id, one.asked.moment if one.asked.pinned else None)))
        counted, found = self._engine.explained(cells, days_of_file, part)
        if question.format != "json":
            require_few(len(found))
        what = cells[0][0]
        rows = [row_of(dict(zip(names_of(what), record, strict=True)), zone, what) for record in found]
        for row in rows:
            row["departments"] = shown(row["departments"], question.within)
        return counted, rows

    def _word(self, question: Question) -> str:
        return self._service.kpi(question.metrics[0]).name_of_column

    def _answer(
        self,
        explained: Explained,
        cell: Cell,
        other: Cell | None,
        history: list[dict[str, Any]],
        counted: Things,
        rows: list[Row],
        zone: ZoneInfo,
        with_records: bool,
    ) -> Answer:
        question, kpi = cell.asked.question, self._service.kpi(explained.cell.metrics[0])
        lang, moment = explained.lang, pinned_moment(cell, zone)
        following = None
        if question.format == "json" and with_records and question.page * question.page_size < counted.records:
            after = msgspec.structs.replace(pinned(cell, zone), page=question.page + 1)
            than = pinned(other, zone) if other is not None else None
            pairs = words_of_explained(msgspec.structs.replace(explained, cell=after, than=than), self._service)
            following = url_of_page(EXPLAIN_PATH, pairs)
        value = self._value(cell, lang, history)
        meta: dict[str, Any] = {
            "metric": kpi.name_of_column,
            **value,
            "timeZone": zone.key,
            "asOf": moment,
            "definition": definition_of(kpi, lang),
            "history": history,
            "counted": counted.items if with_records or other is not None else None,
            "sets": counted.sets or None,
            "than": self._value(other, lang, []) if other is not None else None,
            "totalRows": counted.records if with_records else 0,
            "page": question.page,
            "pageSize": question.page_size if question.format == "json" else counted.records,
            "nextPage": following,
            "emptyReason": self._why_empty(cell, counted, rows, with_records=with_records),
            "columns": columns_of(records_of(cell, self._service, self._kinds), compared=other is not None),
            "notes": self._notes(cell, counted, with_records=with_records),
            "query": dict(words_of_explained(explained, self._service)),
        }
        return Answer(rows if other is not None else [_without_set(row) for row in rows], meta)

    def _value(self, cell: Cell, lang: str, history: list[dict[str, Any]]) -> dict[str, Any]:
        question = cell.asked.question
        return value_of(self._service.kpi(question.metrics[0]), question, cell.row, lang, history)

    def _why_empty(self, cell: Cell, counted: Things, rows: list[Row], *, with_records: bool) -> str | None:
        if rows:
            return None
        if not with_records:
            return f"records need the scope {self._service.records_scope}"
        if counted.items is None:
            return "the records are in files that are gone or damaged"
        if counted.records:
            return "the page lies beyond the last row"
        return "no facts are counted" if cell.days else "no day is covered for what is counted: nothing is known of it"

    def _notes(self, cell: Cell, counted: Things, *, with_records: bool) -> list[str]:
        measure = self._service.kpi(cell.asked.question.metrics[0]).measure
        summed = measure is not None and bool(measure.total)  # then items are none of what the number is of
        notes = [_summed(measure) if measure is not None and summed else _COUNTED]
        value = cell.row[self._word(cell.asked.question)] if cell.row is not None else None
        if counted.items is None:
            notes.append(
                "The records cannot be told: the day rests on damaged files, and its number is from before. "
                "`reportdata repair` says which these are, and brings them back from a backup."
            )
        elif with_records and value is not None and value != counted.items and not summed:
            notes.append(
                f"The records give {counted.items}: the day rests on damaged files, and its number is from before."
                if cell.row is not None and cell.row["state"] == "damaged"
                else f"The records give {counted.items}: the next refresh counts what came since the last one."
            )
        if within := cell.asked.question.within:
            notes.append(f"Only facts of {', '.join(within)} and of departments below count: the link shows no others.")
            notes.append("The history is that of the whole organisation, and is not told here.")
        elif not is_day(cell.asked.question):
            notes.append("What was taken back or forgotten is gone from the history of other cells than whole days.")
        return notes


_COUNTED = "A row is a record; the number counts the different items of the rows."


def _summed(measure: Measure) -> str:
    if measure.stated:
        each = "for each item, and these are added up" if measure.columns else "of its day"
        return f"A row is a record; the number is what {measure.total} was at last {each}."
    return f"A row is a record; the number is the sum of {measure.total} over the different items of the rows."


def _without_set(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "set"}
