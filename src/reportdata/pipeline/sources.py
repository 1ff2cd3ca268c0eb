"""How the records of one file become staged facts: part by part where the file can be taken apart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from reportdata.columns import Columns, speaks_of
from reportdata.digests import Occurrences
from reportdata.engines.duckdb.parquet import ParquetTable
from reportdata.engines.duckdb.spans import isolated, of_another_year
from reportdata.engines.duckdb.staging import Staging
from reportdata.errors import BadField, BadFile, InputError
from reportdata.facts import Fact, read_fact
from reportdata.nested import Nested
from reportdata.pipeline import Progress
from reportdata.pipeline.people import People
from reportdata.pipeline.reading import Advance, Reading, SkipBad, Skipped, lines_of, refuse_rounded
from reportdata.readers import Format
from reportdata.readers.known_ids import KnownIds, named_in, with_ids
from reportdata.readers.parts import LineCounts, NotAlone, read_parts
from reportdata.records import Line, denied
from reportdata.remarks import Remarks

if TYPE_CHECKING:
    from reportdata.readers.sheet_parts import SheetPart
    from reportdata.readers.sheets import SheetTable
    from reportdata.readers.table_rows import Cells

_OF_TABLES = (Format.CSV, Format.SHEET, Format.PARQUET)
_OF_PROGRAMS = (Format.JSONL, Format.PARQUET)  # whose readers do not know the ids of names


class Source:
    """A file that is imported.

    :param skip_bad: takes the bad records; None to refuse a file that has some.
    """

    def __init__(self, path: Path, reading: Reading, skip_bad: SkipBad | None, progress: Progress) -> None:
        self._path = path
        self._format, self._kinds, self._organisations, self._corp_id, self._bounds, self._choices, covers = reading
        self._covers = [self._kinds[kind] for kind in covers]
        self._skipped = Skipped(path, skip_bad)
        self.skipped_kinds = self._skipped.kinds
        self._advance = Advance(path, progress)
        self.told: set[str] = set()
        """The kinds that the file's columns tell."""
        self.tables: list[Columns] = []
        """What the columns of its tables, or records, hold."""
        self._occurrences = Occurrences()
        self._of_sheet: Columns | None = None
        self._isolated: frozenset[str] = frozenset()
        self.remarks = Remarks()
        self._people = People(self._choices)
        self._ids = KnownIds(lambda: named_in(lines_of(path, self._format, self._kinds, Remarks(), self._choices)))

    @property
    def skipped(self) -> int:
        """How many bad records were skipped."""
        return self._skipped.count

    def notes(self) -> Iterator[str]:
        """What is to be said of the file."""
        yield from self.remarks.notes()
        yield from self._people.notes()

    def comparing(self, day: str) -> None:
        """Show that what was staged of a day is compared with what the lake has."""
        self._advance.comparing(day)

    def stage(self, staging: Staging, folder: Path, size: int) -> None:
        """Stage all records.

        :param folder: takes the texts of parts, and the copy of a workbook.
        :param size: bytes of a part.
        :raises InputError: when the file, or a record that is not to be skipped, cannot be used.
        """
        try:
            self._stage(staging, folder, size)
        except InputError:
            self._skipped.refuse()  # these come first
            raise
        self._skipped.refuse()
        found = dict.fromkeys([*isolated(days := staging.days()), *of_another_year(days)])
        alone = [day for day in found if not self._bounds.states(day) and staging.count(day) == 1]
        if alone:
            self._isolated = frozenset(alone)
            self._begin_again(staging)
            self._add(staging)
            self._skipped.refuse()
        if not self.remarks.answers:
            refuse_rounded(self._path, staging.rounded(self._choices.columns))
        self._people.check(self._path)

    def _stage(self, staging: Staging, folder: Path, size: int) -> None:
        self._advance.show(0)
        if self._choices.sheet is not None and self._format is not Format.SHEET:
            raise BadFile(str(self._path), "has no sheets to choose from", "leave --sheet out for it")
        try:
            if self._format is Format.CSV:
                self._stage_csv(staging, folder, size)
            elif self._format is Format.JSONL:
                self._stage_jsonl(staging, folder, size)
            elif self._format is Format.PARQUET:
                self._stage_parquet(staging, size)
            elif self._format is Format.SHEET:
                self._stage_sheets(staging, folder, size)
            else:
                self._add(staging)
        except NotAlone:
            self._begin_again(staging)
            self._add(staging)

    def _begin_again(self, staging: Staging) -> None:
        """The file is read once more, record by record."""
        staging.clear()
        self._skipped.begin_again()
        self._occurrences, self._of_sheet = Occurrences(), None
        self._people.begin_again()
        self.remarks.clear()

    def _stage_csv(self, staging: Staging, folder: Path, size: int) -> None:
        from reportdata.readers.tables import has_padded_quotes, read_heading, read_part_of_table

        table = read_heading(self._path, self._kinds, self._choices)
        if table is None:
            raise NotAlone(str(self._path), "is not UTF-8")
        heading, columns = table.heading, table.heading.columns
        self.remarks.titles += heading.titles
        self.told = {columns.kind.name}
        counts = LineCounts(self._path)
        with closing(read_parts(self._path, size, folder, quoted=True)) as parts:
            for part in parts:
                staging.begin(str(part.number))
                skipped = heading.last if part.start == 0 else 0
                whole = not has_padded_quotes(part.text, table.delimiter)
                query = staging.read_csv(part.text, heading.names, table.delimiter, skipped) if whole else None
                lines = read_part_of_table(self._path, part, table, counts, self.remarks)
                self._add_table(staging, query, columns, lines)
                if part.text != self._path:
                    self._advance.staged(staging.part_size(), part.position, staging.folder)

    def _stage_jsonl(self, staging: Staging, folder: Path, size: int) -> None:
        from reportdata.readers.jsonl import read_part_of_jsonl

        counts = LineCounts(self._path)
        with closing(read_parts(self._path, size, folder, quoted=False)) as parts:
            for part in parts:
                staging.begin(str(part.number))
                self._add(
                    staging, read_part_of_jsonl(self._path, part, counts, self._kinds, self.remarks, self._choices)
                )
                if part.text != self._path:
                    self._advance.staged(staging.part_size(), part.position, staging.folder)

    def _stage_parquet(self, staging: Staging, size: int) -> None:
        with closing(ParquetTable(self._path, self._kinds, self._choices, staging.database)) as table:
            self.told = {table.columns.kind.name}
            for number, part in enumerate(parts := table.parts(size)):
                staging.begin(str(number))
                self._add_table(staging, table.query(part), table.columns, table.rows(part))
                if len(parts) > 1:
                    position = self._advance.size * part.end // parts[-1].end
                    self._advance.staged(staging.part_size(), position, staging.folder)

    def _stage_sheets(self, staging: Staging, folder: Path, size: int) -> None:
        from reportdata.readers.sheet_parts import read_sheet_parts
        from reportdata.readers.sheets import read_sheet_tables
        from reportdata.readers.table_rows import Cells

        tables = read_sheet_tables(self._path, self._kinds, self.remarks, self._choices, folder)
        for number, table in enumerate(tables):
            self.told.add(table.heading.columns.kind.name)
            if not isinstance(table.rows, Cells) or not table.heading.columns.is_whole or table.from_above():
                self._add(staging, table.lines())
                continue
            with closing(read_sheet_parts(table, table.rows, size, folder)) as parts:
                for part in parts:
                    staging.begin(f"{number}-{part.first}")
                    self._add_sheet_part(staging, table, table.rows, part)

    def _add_sheet_part(self, staging: Staging, table: SheetTable, cells: Cells, part: SheetPart) -> None:
        columns = table.heading.columns
        query = staging.read_csv(part.text, columns.read, "\t", 0) if part.text is not None else None
        if query is None or not self._add_whole(staging, query, columns):
            self._add(staging, table.lines(cells.between(part.first, part.end)))
        else:
            self._people.add_ids(part.people, columns)
            self._add(staging, table.lines(part.aside))

    def _add_table(self, staging: Staging, query: str | None, columns: Columns, lines: Iterator[Line]) -> None:
        """Add a table as a whole, when its form allows it, or else line by line."""
        self._note(columns)
        if query is None or not self._add_whole(staging, query, columns):
            self._add(staging, lines)
        else:
            self._people.have_ids()

    def _add_whole(self, staging: Staging, query: str, columns: Columns) -> bool:
        """Add a table as a whole, if its form allows it, and no cell of it speaks of facts that the file has all of."""
        if any(speaks_of(columns, kind) for kind in self._covers):
            return False
        return staging.add_table(query, columns, self._organisations, self._corp_id, self._bounds.end)

    def _add(self, staging: Staging, lines: Iterator[Line] | None = None) -> None:
        staging.add_facts(self.facts(lines))

    def facts(self, lines: Iterator[Line] | None = None) -> Iterator[Fact]:
        """The facts that lines hold, by default all lines of the file."""
        if lines is None:
            lines = lines_of(self._path, self._format, self._kinds, self.remarks, self._choices)
        columns: Columns | None = None
        if self._format in _OF_TABLES:
            lines = Nested(self._kinds, self.remarks, self._choices).following(lines)
        if self._format in _OF_PROGRAMS:
            lines = with_ids(lines, self._ids)
        for line in self._advance.shown(lines):
            if line.columns is not columns and line.columns is not None:
                columns = line.columns
                self._note(columns)
                is_of_sheet = self._format is Format.SHEET and columns.kind.sheet is not None
                if is_of_sheet and columns is not self._of_sheet:  # sheets may have the same records
                    self._of_sheet, self._occurrences = columns, Occurrences()
            if line.error is not None or line.columns is None:
                self._skipped.take(line, line.error or BadField("record", "has no columns"))
                continue
            try:
                if (said := denied(line)) is not None:
                    self.remarks.denied[said] += 1
                    continue
                fact = read_fact(
                    line.record, line.columns, self._organisations, self._corp_id, self._occurrences, line.cells
                )
                self._bounds.require(fact, line.columns.kind, self._isolated)
                taken_back = line.columns.withdrawal_of(line.record)
                withdrawal = taken_back and read_fact(line.record, taken_back, self._organisations, self._corp_id)
            except BadField as error:
                self._skipped.take(line, error)
            else:
                self._people.add(fact, line)
                yield fact
                if withdrawal is not None:
                    yield withdrawal

    def _note(self, columns: Columns) -> None:
        if columns not in self.tables:
            self.tables.append(columns)
