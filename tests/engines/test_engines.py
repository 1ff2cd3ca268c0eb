"""What every engine owes: the oracle's numbers, from whatever files hold the facts."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportdata.engines import Engine, Place, Subject
from reportdata.errors import LakeError
from tests.support.facts_files import KINDS, ZONES, Writer, corps, facts, measured, spread_facts
from tests.support.oracle import Commented, Fact, Sent, Withdrawn, days_of
from tests.support.services import COMMENTED, SENT, WITHDRAWN, kpis


def found_once(places: Iterator[Place]) -> set[Place]:
    """The places, once they are found to be there once each."""
    listed = list(places)
    assert len(listed) == len(set(listed))
    return set(listed)


@pytest.mark.whole
def test_facts_give_the_oracles_days_however_they_are_spread(
    engine: Engine, writer: Writer, examples: settings
) -> None:
    @examples
    @given(spread=spread_facts, mirrored=st.booleans())
    def check(spread: list[tuple[Fact, list[int]]], mirrored: bool) -> None:
        files: dict[type[Fact], Sequence[Path]] = {}
        for kind in KINDS:
            numbers = {number for fact, into in spread if isinstance(fact, kind) for number in into}
            paths = [
                writer.file(
                    kind, [fact for fact, into in spread if isinstance(fact, kind) for n in into if n == number]
                )
                for number in sorted(numbers)
            ]
            files[kind] = paths[::-1] if mirrored else paths
        expected = days_of([fact for fact, _ in spread], ZONES)
        assert measured(engine, files) == expected
        assert measured(engine, {kind: [*paths, *paths] for kind, paths in files.items()}) == expected

    check()


@pytest.mark.whole
def test_days_are_computed_alike_alone_and_together(engine: Engine, writer: Writer, examples: settings) -> None:
    @examples
    @given(found=st.lists(facts, max_size=30), chosen=st.sets(st.integers(0, 3)))
    def check(found: list[Fact], chosen: set[int]) -> None:
        by_day: dict[str, list[Fact]] = {}
        for fact in found:
            by_day.setdefault(f"{fact.at.astimezone(ZONES[fact.corp_id]):%Y%m%d}", []).append(fact)
        days = [day for number, day in enumerate(sorted(by_day)) if number in chosen]
        files: dict[type[Fact], Sequence[Path]] = {
            kind: [writer.file(kind, [fact for fact in by_day[day] if isinstance(fact, kind)]) for day in days]
            for kind in (Sent, Commented)
        }
        files[Withdrawn] = [writer.file(Withdrawn, [fact for fact in found if isinstance(fact, Withdrawn)])]
        expected = {key: numbers for key, numbers in days_of(found, ZONES).items() if key[1] in days}
        assert measured(engine, files) == expected

    check()


@pytest.mark.whole
def test_facts_with_keys_of_their_own_are_counted_as_if_they_were_compared(
    engine: Engine, writer: Writer, examples: settings
) -> None:
    @examples
    @given(found=st.lists(facts, max_size=30), kinds=st.sampled_from([["sent"], ["sent", "commented"]]))
    def check(found: list[Fact], kinds: list[str]) -> None:
        by_key: dict[tuple[object, ...], Fact] = {}
        for fact in found:  # one of each key of a day
            day = f"{fact.at.astimezone(ZONES[fact.corp_id]):%Y%m%d}"
            of_key = fact.report_id if isinstance(fact, Sent) else fact
            by_key.setdefault((type(fact), day, of_key), fact)
        files: dict[type[Fact], Sequence[Path]] = {
            kind: [writer.file(kind, [fact for fact in by_key.values() if isinstance(fact, kind)])] for kind in KINDS
        }
        assert measured(engine, files, kinds) == days_of(by_key.values(), ZONES)

    check()


def test_the_days_of_withdrawn_reports_are_found(engine: Engine, writer: Writer, examples: settings) -> None:
    @examples
    @given(found=st.lists(facts, max_size=30))
    def check(found: list[Fact]) -> None:
        gone = {(fact.corp_id, fact.report_id) for fact in found if isinstance(fact, Withdrawn)}
        places = {
            (fact.corp_id, f"{fact.at.astimezone(ZONES[fact.corp_id]):%Y%m%d}")
            for fact in found
            if isinstance(fact, Sent) and (fact.corp_id, fact.report_id) in gone
        }
        halves = found[::2], found[1::2]
        withdrawn, sent = (
            [writer.file(kind, [fact for fact in half if isinstance(fact, kind)]) for half in halves]
            for kind in (Withdrawn, Sent)
        )
        assert found_once(engine.retracted(WITHDRAWN, SENT, withdrawn, sent)) == places
        assert found_once(engine.retracted(WITHDRAWN, SENT, withdrawn, [])) == set()
        assert found_once(engine.retracted(WITHDRAWN, SENT, [], sent)) == set()

    check()


@pytest.mark.whole
def test_some_organisations_are_computed_as_all_are(engine: Engine, writer: Writer, examples: settings) -> None:
    @examples
    @given(found=st.lists(facts, max_size=30), chosen=st.sets(corps))
    def check(found: list[Fact], chosen: set[str]) -> None:
        sent, commented, withdrawn = (
            [writer.file(kind, [fact for fact in half if isinstance(fact, kind)]) for half in (found[::2], found[1::2])]
            for kind in KINDS
        )
        rows = kpis(engine, sent, commented, withdrawn)
        assert kpis(engine, sent, commented, withdrawn, chosen) == [row for row in rows if row.corp_id in chosen]
        places = {
            (fact.corp_id, f"{fact.at.astimezone(ZONES[fact.corp_id]):%Y%m%d}")
            for fact in found
            if not isinstance(fact, Withdrawn)
        }
        assert found_once(engine.places({SENT: sent, COMMENTED: commented})) == places
        # These files are as older releases wrote them, and do not tell where their facts are from.
        assert {tuple(one) for one in engine.brought({SENT: sent, COMMENTED: commented})} == {(*p, "") for p in places}
        assert engine.sole_origins([*sent, *commented]) == {}

    check()


AT = datetime(2024, 3, 1, 12, tzinfo=UTC)


def test_no_files_give_no_days(engine: Engine, writer: Writer) -> None:
    gone = writer.file(Withdrawn, [Withdrawn("c1", "r1", AT)])
    assert kpis(engine, [], [], []) == kpis(engine, [], [], [gone]) == []
    assert list(engine.retracted(WITHDRAWN, SENT, [], [])) == []


def test_files_without_facts_give_no_days(engine: Engine, writer: Writer) -> None:
    files: dict[type[Fact], Sequence[Path]] = {kind: [writer.file(kind, [])] for kind in KINDS}
    assert measured(engine, files) == {}


def test_a_withdrawal_long_after_takes_the_report_out_of_its_own_day(engine: Engine, writer: Writer) -> None:
    sent = writer.file(Sent, [Sent("c1", "r1", "u1", AT), Sent("c1", "r2", "u1", AT), Sent("c2", "r1", "u1", AT)])
    commented = writer.file(Commented, [Commented("c1", "r1", "u2", AT)])
    gone = writer.file(Withdrawn, [Withdrawn("c1", "r1", AT + timedelta(days=400))])
    assert measured(engine, {Sent: [sent], Commented: [commented], Withdrawn: [gone]}) == {
        ("c1", "20240301"): (1, 1, 1),
        ("c2", "20240301"): (1, 1, 0),
    }
    assert found_once(engine.retracted(WITHDRAWN, SENT, [gone], [sent])) == {("c1", "20240301")}


@pytest.mark.whole
def test_many_facts_of_many_days_give_the_oracles_days(engine: Engine, writer: Writer) -> None:
    chance = random.Random(4100)
    corps, base = sorted(ZONES), datetime(2024, 2, 28, 15, 59, 59, tzinfo=UTC)
    found: list[Fact] = []
    for _ in range(3000):
        corp, report, user = chance.choice(corps), f"r{chance.randrange(900)}", f"u{chance.randrange(40)}"
        at = base + timedelta(minutes=chance.randrange(6000))
        match chance.randrange(10):
            case 0:
                found.append(Withdrawn(corp, report, at))
            case 1 | 2 | 3:
                found.append(Commented(corp, report, user, at))
            case _:
                found.append(Sent(corp, report, user, at))
    files = {
        kind: [writer.file(kind, [fact for fact in found[n::2] if isinstance(fact, kind)]) for n in (0, 1, 0)]
        for kind in KINDS
    }
    days = measured(engine, files)
    assert days == days_of(found, ZONES)
    assert len(days) > 10


def test_folders_may_be_called_anything(engine: Engine, tmp_path: Path) -> None:
    folder = tmp_path / "it's [1]* {a,b}?" / "stat_day=2020-01-01" / "corp_id=c9"
    folder.mkdir(parents=True)
    plain = Writer(tmp_path)
    sent = plain.file(Sent, [Sent("c1", "r1", "u1", AT)]).rename(folder / "a.parquet")
    gone = plain.file(Withdrawn, [Withdrawn("c1", "r1", AT)]).rename(folder / "b.parquet")
    plain.close()
    assert measured(engine, {Sent: [sent]}) == {("c1", "20240301"): (1, 1, 0)}
    assert found_once(engine.retracted(WITHDRAWN, SENT, [gone], [sent])) == {("c1", "20240301")}


@pytest.mark.whole
def test_many_files_are_no_obstacle(engine: Engine, writer: Writer) -> None:
    files = [writer.file(Sent, [Sent("c1", f"r{n}", f"u{n % 7}", AT)]) for n in range(100)]
    assert measured(engine, {Sent: files}) == {("c1", "20240301"): (100, 7, 0)}


def test_a_file_that_cannot_be_read_is_a_lake_error(engine: Engine, writer: Writer, tmp_path: Path) -> None:
    good = writer.file(Sent, [Sent("c1", "r1", "u1", AT)])
    damaged = tmp_path / "damaged.parquet"
    damaged.write_bytes(good.read_bytes()[:-20])
    for bad in (damaged, tmp_path / "absent.parquet"):
        with pytest.raises(LakeError, match="lake"):
            kpis(engine, [good, bad], [], [])
        with pytest.raises(LakeError, match="lake"):
            list(engine.retracted(WITHDRAWN, SENT, [bad], [good]))
        with pytest.raises(LakeError, match="lake"):
            engine.merge(SENT, {good: 0.0, bad: 0.0}, tmp_path / "merged.parquet")
        with pytest.raises(LakeError, match="lake"):
            engine.holding(SENT, [bad], Subject("c1"))
    assert measured(engine, {Sent: [good]}) == {("c1", "20240301"): (1, 1, 0)}
