"""Calibres of commenters: what each counts, by the oracle."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportdata.engines import Engine, Measured, measured
from reportdata.engines.duckdb import DuckDBEngine
from reportdata.services.sql import calibres_of_days
from reportdata.twin import CALIBRES, DEFAULT_CALIBRE
from tests.support.facts_files import ZONES, Writer
from tests.support.oracle import Commented, Fact, Sent, Withdrawn, commenters_of
from tests.support.services import KINDS, SERVICE, kpis

CORPS = sorted(ZONES)
MIDNIGHT = datetime(2026, 3, 1, 16, tzinfo=UTC)  # in Asia/Shanghai


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The one that counts calibres, whichever computes days."""
    made = DuckDBEngine(tmp_path_factory.mktemp("engine"))
    yield made
    made.close()


_times = st.integers(-40, 40).map(lambda hours: MIDNIGHT + timedelta(hours=hours))
_corps, _reports, _users = st.sampled_from(CORPS), st.sampled_from(("r1", "r2", "r3")), st.sampled_from("abc")
facts = st.lists(
    st.one_of(
        st.tuples(_corps, _reports, _users, _times).map(lambda drawn: Sent(*drawn)),
        st.tuples(_corps, _reports, _users, _times).map(lambda drawn: Commented(*drawn)),
        st.tuples(_corps, _reports, _times).map(lambda drawn: Withdrawn(*drawn)),
    ),
    max_size=25,
)


def commenters(
    engine: Engine, sent: Sequence[Path], commented: Sequence[Path], corp_ids: Sequence[str]
) -> list[Measured]:
    what = calibres_of_days(SERVICE, KINDS)
    return list(measured(what, engine.rows(what, {"sent": sent, "commented": commented}, corp_ids)))


def counted(engine: Engine, writer: Writer, *files: list[Fact]) -> dict[str, dict[tuple[str, str], int]]:
    """Calibre to (organisation, day) to number, without zeros, from files that hold these facts."""
    paths = {
        kind: [writer.file(kind, [f for f in file if isinstance(f, kind)]) for file in files]
        for kind in (Sent, Commented)
    }
    rows = commenters(engine, paths[Sent], paths[Commented], CORPS)
    keys = [(row.stat_day, row.corp_id) for row in rows]
    assert keys == sorted(set(keys))
    return {
        str(calibre): {(r.corp_id, r.stat_day): int(n) for r in rows if (n := r.numbers[str(calibre)])}
        for calibre in CALIBRES
    }


@pytest.mark.whole
def test_every_calibre_counts_what_the_oracle_counts(engine: Engine, writer: Writer, examples: settings) -> None:
    @examples
    @given(facts=facts, data=st.data())
    def check(facts: list[Fact], data: st.DataObject) -> None:
        files: list[list[Fact]] = [[], []]
        for fact in data.draw(st.permutations(facts + facts[:3])):
            files[data.draw(st.integers(0, 1))].append(fact)
        found = counted(engine, writer, *files)
        for calibre in CALIBRES:
            expected = commenters_of(facts, ZONES, calibre.day, calibre.commenters, calibre.own)
            assert found[str(calibre)] == expected, calibre
        sent, commented, withdrawn = (
            [writer.file(kind, [f for f in facts if isinstance(f, kind)])] for kind in (Sent, Commented, Withdrawn)
        )
        rows = kpis(engine, sent, commented, withdrawn)
        served = {(row.corp_id, row.stat_day): n for row in rows if (n := row.numbers["4102"])}
        assert found[str(DEFAULT_CALIBRE)] == served, "the default calibre is what is served"

    check()


def test_other_organisations_are_left_out_and_no_file_is_no_row(engine: Engine, writer: Writer) -> None:
    comment = writer.file(Commented, [Commented(corp, "r1", "a", MIDNIGHT) for corp in CORPS])
    assert [row.corp_id for row in commenters(engine, [], [comment], ["c1"])] == ["c1"]
    assert commenters(engine, [], [comment], []) == commenters(engine, [], [], CORPS) == []


def test_calibres_are_eight_and_named() -> None:
    names = [str(calibre) for calibre in CALIBRES]
    words = itertools.product(("comment-day", "report-day"), ("distinct", "summed"), ("with-own", "without-own"))
    assert names == [",".join(three) for three in words]
    assert CALIBRES[0] == DEFAULT_CALIBRE
    assert [calibre.name for calibre in SERVICE.calibres] == names
    assert SERVICE.kpi("4102").calibre == names[0]
