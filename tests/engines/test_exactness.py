"""Converting whole columns gives exactly the facts that reading record by record gives, or gives up."""

from __future__ import annotations

import csv
import re
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reportdata.columns import Columns, read_columns
from reportdata.engines.duckdb.staging import Staging
from reportdata.errors import BadField, BadFile, InputError, LakeError
from reportdata.facts import Fact, Organisations, Provenance, read_fact
from reportdata.identifiers import NO_RECORD, NOTHING
from reportdata.kinds import Kind
from reportdata.pipeline import silent
from reportdata.pipeline.reading import Reading
from reportdata.pipeline.sources import Source
from reportdata.readers import Format
from reportdata.readers.tables import read_heading, read_table
from reportdata.times import END_OF_SECONDS
from tests.support.examples import tried_with
from tests.support.services import KINDS, NAMES, SENT, fact, lines_of

ZONES = {"ding1": ZoneInfo("Asia/Shanghai"), "ding2": ZoneInfo("America/New_York"), "ding3": ZoneInfo("Africa/Cairo")}
ORGANISATIONS = Organisations(ZONES)
TIMES_IN = st.sampled_from([None, ZoneInfo("UTC"), ZoneInfo("America/New_York")])
HEADINGS = {
    "sent": ["corp_id", "report_id", "user_id", "sent_at", "template", "departments"],
    "commented": ["corp_id", "report_id", "user_id", "commented_at"],
    "withdrawn": ["corp_id", "report_id", "withdrawn_at"],
}
NOW = Provenance(1_800_000_000_000_000, "push")
_ODD = st.text(st.sampled_from(list(" \t\"',，.;E+-\n\r\\日a1\x00\x1f\x85\u00a0\u2003\ufeff")), max_size=6)
_NO_IDS = sorted({form for word in NOTHING | NO_RECORD for form in (word, word.upper(), word.title(), word + "0")})
_CELLS = {
    "corp_id": st.sampled_from([*ZONES, "ding9", "", " ding1"]),
    "id": st.one_of(
        st.sampled_from(_NO_IDS),
        st.sampled_from(["a", "1a0c$_:@-Z", "4.03E+17", "4e17", "x" * 129, "", " a", "a b", "用户"]),
        _ODD,
    ),
    "time": st.one_of(
        st.builds(
            "{}-{:02}-{:02}{}{:02}:{:02}:{:02}{}{}".format,
            st.sampled_from([1999, 2000, 2025, 2026, 2099, 2100]),
            st.integers(0, 13),
            st.integers(0, 32),
            st.sampled_from(["T", " ", "  "]),
            st.integers(0, 25),
            st.integers(0, 60),
            st.integers(0, 61),
            st.sampled_from(["", ".5", ".123456", ".1234567", "."]),
            st.sampled_from(["", "Z", "+08:00", "-05:30", "+14:00", "+0800", " Z", "-00:00", "+99:00"]),
        ),
        st.sampled_from(["1790069565", "1790069565000", "17900695650000", "179", "0000000001", "2026/9/21 17:05", ""]),
        st.sampled_from(["2026-03-08 02:30:00", "2026-11-01 01:30:00", "2026-04-24 00:30:00", "2026-10-29 23:30:00"]),
        _ODD,
    ),
    "text": st.one_of(
        st.sampled_from(["", "日报", "Ops & SRE", "a,b", "a，b", " a", "a ,b", "研发部/平台组", "🎉"]), _ODD
    ),
}


def _cell(column: str) -> st.SearchStrategy[str]:
    return _CELLS["time" if column.endswith("_at") else "id" if column in ("report_id", "user_id") else
                  "corp_id" if column == "corp_id" else "text"]  # fmt: skip


tables = st.sampled_from(NAMES).flatmap(
    lambda kind: st.tuples(
        st.just(kind), st.lists(st.tuples(*(_cell(column) for column in HEADINGS[kind])), min_size=1, max_size=2)
    )
)


def _one_by_one(
    path: Path, columns: Columns, corp_id: str | None, known: Organisations = ORGANISATIONS
) -> list[Fact] | None:
    try:
        lines = list(read_table(path, KINDS))
        if any(line.error for line in lines):
            return None
        return [read_fact(line.record, columns, known, corp_id) for line in lines]
    except (BadField, BadFile):
        return None


def _whole(
    path: Path, folder: Path, columns: Columns, corp_id: str | None, known: Organisations = ORGANISATIONS
) -> list[Fact] | None:
    heading = read_heading(path, KINDS)
    if heading is None:
        return None
    staging = Staging(folder, KINDS, NOW)
    query = staging.read_csv(path, heading.heading.names, heading.delimiter)
    took = staging.add_table(query, columns, known, corp_id)
    staging.close()
    return _staged(folder, columns.kind) if took else None


def _staged(folder: Path, kind: Kind) -> list[Fact]:
    """The facts of a kind that were staged, or kept, in a folder."""
    files = [str(found) for found in folder.rglob(f"{kind.name}/*/*.parquet")]
    if not files:
        return []
    names = [name for name in kind.columns if name != kind.time]
    rows = duckdb.execute(
        f"select corp_id, epoch_us({kind.time}), strftime(stat_day, '%Y%m%d'), {', '.join(names)} "
        f"from read_parquet({files}, hive_partitioning = false)"
    ).fetchall()
    return [
        Fact(kind.name, corp_id, at, day, dict(zip(names, values, strict=True))) for corp_id, at, day, *values in rows
    ]


@pytest.mark.parametrize("blanks", [" ", "\t", " \t", "\t "])
@pytest.mark.parametrize("place", [0, 1, -1])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_no_record_is_lost_below_a_heading_with_blanks_behind_a_quote(
    tmp_path: Path, blanks: str, place: int, line_end: str
) -> None:
    names = list(HEADINGS["sent"])
    columns = read_columns(names, KINDS)
    cells = [{"corp_id": "ding1", "sent_at": "2026-03-09 12:00:00"}.get(name, "u1") for name in names]
    names[place] = f'"{names[place]}"{blanks}'
    path = tmp_path / "table.csv"
    path.write_bytes(line_end.join([",".join(names), ",".join(cells), ",".join(cells), ""]).encode())
    single = _one_by_one(path, columns, None)
    assert single is not None
    assert len(single) == 2
    assert _whole(path, tmp_path, columns, None) in (None, single)


@pytest.mark.whole
@tried_with(6, 150)
def test_whole_columns_and_single_records_give_the_same_facts(examples: int) -> None:
    @settings(max_examples=examples, deadline=None)
    @given(tables, st.sampled_from([None, "ding2"]), TIMES_IN)
    def check(table: tuple[str, list[tuple[str, ...]]], corp_id: str | None, times_in: ZoneInfo | None) -> None:
        kind, rows = table
        with tempfile.TemporaryDirectory() as temporary:
            path = Path(temporary) / "table.csv"
            with path.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([HEADINGS[kind], *rows])
            columns = read_columns(HEADINGS[kind], KINDS)
            known = Organisations(ZONES, times_in=times_in)
            whole = _whole(path, Path(temporary), columns, corp_id, known)
            if whole is not None:
                single = _one_by_one(path, columns, corp_id, known)
                assert single is not None
                assert sorted(whole, key=repr) == sorted(single, key=repr)

    check()


@pytest.mark.whole
@tried_with(4, 40)
def test_common_forms_are_taken_as_whole_columns(examples: int) -> None:
    @settings(max_examples=examples, deadline=None)
    @given(
        st.sampled_from([*ZONES]),
        st.integers(946_800_000, 4_102_300_000),
        st.sampled_from([0, 500_000, 123_456]),
        TIMES_IN,
    )
    def check(corp_id: str, seconds: int, fraction: int, times_in: ZoneInfo | None) -> None:
        moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=fraction)
        local = moment.astimezone(ZONES[corp_id])
        texts = [f"{local:%Y-%m-%d %H:%M:%S}", local.isoformat(), str(seconds * 1000).zfill(13)]
        texts += [str(seconds).zfill(10)] if seconds < END_OF_SECONDS else []
        with tempfile.TemporaryDirectory() as temporary:
            path = Path(temporary) / "table.csv"
            with path.open("w", encoding="utf-8", newline="") as file:
                rows = [[corp_id, f"r{at}", "u", text, "日报", "研发部,市场部"] for at, text in enumerate(texts)]
                csv.writer(file).writerows([HEADINGS["sent"], *rows])
            columns = read_columns(HEADINGS["sent"], KINDS)
            known = Organisations(ZONES, times_in=times_in)
            whole = _whole(path, Path(temporary), columns, None, known)
            assert whole is not None
            assert sorted(whole, key=repr) == sorted(_one_by_one(path, columns, None, known) or [], key=repr)

    check()


_REMARKS = st.text(st.sampled_from(list('a" ,\n\r日')), max_size=4)
_ROWS = st.lists(
    st.tuples(
        st.sampled_from(["r1", "r2", "r3", "r 4", '"r5"', '"r\n6"']),
        st.sampled_from(["u1", "u2", "用户1", '"u3"']),
        st.sampled_from(["2026-09-21 09:00:00", "2026-09-22T10:00:00Z", "1790069565", "2026/9/21 17:05"]),
        st.one_of(_REMARKS, _REMARKS.map(lambda text: '"' + text.replace('"', '""') + '"')),
    ).map(",".join),
    max_size=8,
)


@pytest.mark.whole
@tried_with(4, 100)
def test_a_file_in_parts_gives_what_it_gives_as_a_whole(examples: int) -> None:
    @settings(max_examples=examples, deadline=None)
    @example(['r1,u1,2026-09-21 09:00:00,"" '], "\n", 1, False)
    @example(['"r1" ,u1,2026-09-21 09:00:00,"a\n""" ', "r2,u1,2026-09-21 09:00:00,"], "\r\n", 1, True)
    @given(_ROWS, st.sampled_from(["\n", "\r\n"]), st.integers(1, 120), st.booleans())
    def check(rows: list[str], end: str, size: int, has_bad_record: bool) -> None:
        rows = [*rows, *(["r9,u9,never,"] if has_bad_record else [])]
        with tempfile.TemporaryDirectory() as temporary:
            path = Path(temporary) / "table.csv"
            path.write_text(end.join(["report_id,user_id,sent_at,remark", *rows, ""]), "utf-8", newline="")
            found: list[list[Fact] | str] = []
            for name, part_size in (("parts", size), ("whole", None)):
                folder = Path(temporary, name)
                folder.mkdir()
                staging = Staging(folder, KINDS, NOW)
                source = Source(path, Reading(Format.CSV, KINDS, Organisations(ZONES), "ding2"), None, silent)
                try:
                    if part_size is not None:
                        source.stage(staging, folder, part_size)
                    else:
                        try:
                            staging.add_facts(source.facts())
                        finally:
                            source._skipped.refuse()
                    found.append(sorted(_staged(folder, SENT), key=repr))
                except InputError as error:
                    found.append(error.message)
                finally:
                    staging.close()
            assert found[0] == found[1]

    check()


def test_lines_of_facts_are_staged_as_they_are(tmp_path: Path) -> None:
    facts = [
        fact(kind, "c1", at, day, report_id=f"r{number}", user_id="用 户")
        for kind in NAMES
        for number, (at, day) in enumerate([(0, "19700101"), (1_790_069_565_000_001, "20260922"), (1, "20000101")])
    ]
    files = [tmp_path / f"{number}.jsonl" for number in range(4)]
    for number, path in enumerate(files):
        path.write_bytes(lines_of(facts[number::3] if number < 3 else []))
    days = ("19700101", "20000101", "20260922")
    for known in (False, True):
        folder = tmp_path / f"staged{known}"
        folder.mkdir()
        staging = Staging(folder, KINDS, NOW)
        staging.add_lines(path.read_bytes() for path in files)
        staging.add_lines([])
        if known:
            done = staging.finish(lambda _kind, _day: [])
            assert [(part.kind.name, part.read, part.added) for part in done] == [(kind, 3, 3) for kind in NAMES]
            assert done[0].days == days
            assert {corp: span[:2] for corp, span in done[0].spans.items()} == {"c1": ("19700101", "20260922")}
        else:
            assert staging.keep() == set(days)
        staging.close()
        kept = [fact for kind in NAMES for fact in _staged(folder, KINDS[kind])]
        assert sorted(kept, key=repr) == sorted(facts, key=repr)


def test_a_line_that_is_no_fact_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text('{"kind": "sent", "corp_id": \n')
    staging = Staging(tmp_path, KINDS, NOW)
    with pytest.raises(LakeError):
        staging.add_lines([(tmp_path / "bad.jsonl").read_bytes()])
    staging.close()


def test_a_column_is_converted_only_where_it_is_read_so(tmp_path: Path) -> None:
    columns = read_columns(HEADINGS["sent"], KINDS)
    for number, word in enumerate(word for word in _NO_IDS if re.fullmatch(r"[\w-]{1,9}", word, re.ASCII)):
        for place in (1, 2):
            row = ["ding1", "r1", "u1", "2026-09-21 17:05:00", "", ""]
            row[place] = word
            path = tmp_path / "table.csv"
            with path.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([HEADINGS["sent"], row])
            folder = tmp_path / f"{number}-{place}"
            folder.mkdir()
            whole = _whole(path, folder, columns, None)
            assert whole is None or whole == _one_by_one(path, columns, None), word
