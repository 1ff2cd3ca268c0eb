"""Merging, on every engine: files of any facts become one, which holds each once, by organisation."""

from __future__ import annotations

import itertools
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportdata.engines import Engine, Subject
from reportdata.kinds import Kind
from tests.support.facts_files import KINDS, Writer, corps, spread_facts, users
from tests.support.oracle import Fact
from tests.support.services import COMMENTED, SENT, WITHDRAWN

fresh = itertools.count()
subjects = st.builds(Subject, corps, st.none() | users)


def is_of(fact: Fact, subject: Subject) -> bool:
    own = subject.user_id is None or getattr(fact, "user_id", None) == subject.user_id
    return fact.corp_id == subject.corp_id and own


@pytest.mark.whole
def test_merged_files_hold_each_fact_once_by_organisation(
    engine: Engine, writer: Writer, tmp_path: Path, examples: settings
) -> None:
    @examples
    @given(
        spread=spread_facts,
        kind=st.sampled_from(list(zip(KINDS, (SENT, COMMENTED, WITHDRAWN), strict=True))),
        subject=subjects,
        leave_out=st.booleans(),
    )
    def check(
        spread: list[tuple[Fact, list[int]]], kind: tuple[type[Fact], Kind], subject: Subject, leave_out: bool
    ) -> None:
        type_, name = kind
        parts = [
            [fact for fact, into in spread if isinstance(fact, type_) for n in into if n == number]
            for number in (0, 1, 2)
        ]
        files = [writer.file(type_, part) for part in parts]
        target = tmp_path / f"merged {next(fresh)}' [1].parquet"
        kept = {fact for part in parts for fact in part if not (leave_out and is_of(fact, subject))}
        assert engine.merge(name, dict.fromkeys(files, 0.0), target, subject if leave_out else None) == len(kept)
        own = "columns(lambda c: c not in ('known_at', 'origin'))::varchar"
        texts = f"select {own} from read_parquet('{escaped(target)}')"
        merged = duckdb.execute(texts).fetchall()
        sources = {
            row for path in files for row in duckdb.execute(texts.replace(escaped(target), escaped(path))).fetchall()
        }
        assert len(merged) == len(set(merged)) == len(kept)
        assert set(merged) <= sources
        if not leave_out:
            assert set(merged) == sources
        assert [row[0] for row in merged] == sorted(row[0] for row in merged)
        held = [path for path, part in zip(files, parts, strict=True) if any(is_of(fact, subject) for fact in part)]
        assert engine.holding(name, files, subject) == held
        assert engine.holding(name, [target, files[0]], subject) == (
            [target] * any(is_of(fact, subject) for fact in kept) + [files[0]] * (files[0] in held)
        )
        assert engine.holding(name, [], subject) == []

    check()


def escaped(path: Path) -> str:
    """The path as DuckDB wants it in a text."""
    return str(path).replace("'", "''").replace("[", "[[]")


def test_a_merged_file_has_row_groups_of_few_organisations(engine: Engine, tmp_path: Path) -> None:
    source, target = tmp_path / "source.parquet", tmp_path / "target.parquet"
    columns = "'c' || (i % 100) as corp_id, date '2024-03-01' as stat_day, 'r' || i as report_id, 'u' as user_id"
    sql = f"select {columns}, now() as sent_at, null::varchar as template, null::varchar as departments"
    duckdb.sql(f"copy ({sql} from range(100_000) numbers(i)) to '{source}' (format parquet)")
    assert engine.merge(SENT, {source: 0.0}, target) == 100_000
    spans = duckdb.execute(
        f"select stats_min_value, stats_max_value from parquet_metadata('{target}') "
        "where path_in_schema = 'corp_id' order by row_group_id"
    ).fetchall()
    assert len(spans) > 5
    assert all(first[1] <= second[0] for first, second in itertools.pairwise(spans))
