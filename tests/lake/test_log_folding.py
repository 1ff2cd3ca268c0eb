"""The log of a folder, folded again and again by several writers, in whole and in part: nothing that was acknowledged
is lost, and nothing that was replaced comes back."""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reportdata.lake import log as module
from reportdata.lake.folding import HOUR, KEPT, SLOWEST
from reportdata.lake.local import FolderPlace
from reportdata.lake.log import Log
from reportdata.lake.membership import Added, Entry
from tests.support.effort import examples


@pytest.fixture
def place(tmp_path: Path) -> FolderPlace:
    """A folder with a log of its own."""
    made = FolderPlace(tmp_path)
    made.take_over()
    return made


steps = st.one_of(
    st.tuples(st.just("add"), st.integers(1, 6)),
    st.tuples(st.just("replace"), st.integers(0, 30)),
    st.tuples(st.just("gone"), st.integers(0, 30)),
    st.tuples(st.just("tidy"), st.just(0)),
    st.tuples(st.just("wait"), st.sampled_from([1, 61, 181])),
)


@settings(deadline=None, max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(done=st.lists(st.tuples(st.integers(0, 2), steps), max_size=60))
def test_however_the_log_is_folded_it_says_the_same(
    done: list[tuple[int, tuple[str, int]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MANY", 4)
    ahead = [0.0]
    with TemporaryDirectory() as folder:
        place = FolderPlace(Path(folder))
        place.take_over()
        logs = [Log(place, lambda: time.time() + ahead[0]) for _ in range(3)]
        added: list[str] = []
        replaced: set[str] = set()
        for writer, (what, number) in done:
            log = logs[writer]
            if what == "add":
                new = [f"sent/stat_day=2024-01-{len(added) % 28 + 1:02}/{len(added) + n}" for n in range(number)]
                log.append(Entry(adds={key: Added(number, "d", 0.0) for key in new}))
                added += new
            elif what == "replace" and number < len(added):
                log.append(Entry(replaces={added[number]: time.time() + ahead[0]}))
                replaced.add(added[number])
            elif what == "gone" and number < len(added) and added[number] in replaced:
                log.append(Entry(gone=(added[number],)))
            elif what == "tidy":
                log.state()
                log.tidy()
            elif what == "wait":
                ahead[0] += number * 60
            state = log.state()
            assert state.live.keys() == set(added) - replaced
            assert {key.rpartition("/")[0] for key in added} <= state.folders.keys()
        states = [log.state() for log in (*logs, Log(place, time.time))]
        assert all(state.live == states[0].live for state in states)
        ahead[0] += 3 * HOUR


def test_a_large_entry_is_not_written_anew_for_a_few_small_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MANY", 4)
    place = FolderPlace(tmp_path)
    log = Log(place, time.time)
    log.append(Entry(adds={f"sent/stat_day=2024-01-01/{number}": Added(1, "d", 0.0) for number in range(1000)}))
    for number in range(60):
        log.append(Entry(adds={f"sent/stat_day=2024-01-02/{number}": Added(1, "d", 0.0)}))
        log.state()
        log.tidy()
    sizes = [path.stat().st_size for path in (tmp_path / "log").glob("*.json")]
    assert len([size for size in sizes if size > max(sizes) / 4]) == 1
    assert len(sizes) > 70
    assert len(Log(place, time.time).state().live) == 1060


def test_what_was_replaced_stays_so_when_only_the_small_entries_are_folded(
    tmp_path: Path, place: FolderPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MANY", 4)
    ahead = [0.0]
    log = Log(place, lambda: time.time() + ahead[0])
    keys = [f"sent/stat_day=2024-01-01/{number}" for number in range(200)]
    log.append(Entry(adds={key: Added(1, "d", 0.0) for key in keys}))
    for key in keys[:4]:
        log.append(Entry(replaces={key: time.time()}))
    log.state()
    log.tidy()
    ahead[0] = 2 * HOUR
    log.state()
    log.tidy()
    assert len(list((tmp_path / "log").glob("*.json"))) <= 3, "the small ones were folded, and removed"
    assert Log(place, time.time).state().live.keys() == set(keys[4:])


def test_tombstones_go_once_no_writer_can_bring_their_files_back(
    place: FolderPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MANY", 16)
    now, step = [time.time()], 900.0
    log = Log(place, lambda: now[0])
    log.append(Entry(adds={f"sent/stat_day=2024-01-01/kept-{number}": Added(1, "d", 0.0) for number in range(20)}))
    most, last = 0, ""
    for number in range(int(2 * 24 * HOUR / step)):  # a file is added and merged each time
        key = f"sent/stat_day=2024-01-02/{number}"
        log.append(Entry(adds={key: Added(1, "d", now[0])}, replaces={last: now[0]} if last else {}))
        log.append(Entry(gone=(last,)) if last else Entry())
        last, now[0] = key, now[0] + step
        state = log.state()
        log.tidy()
        most = max(most, len(state.replaced))
    assert most < 2 * (KEPT + HOUR) / step, "those of the last hours, not of two days"
    assert log.state().live.keys() == Log(place, lambda: now[0]).state().live.keys()
    assert len(log.state().live) == 21


@pytest.mark.parametrize("late", [SLOWEST - 1, SLOWEST + 1])
def test_who_folds_slowly_brings_nothing_back(place: FolderPlace, monkeypatch: pytest.MonkeyPatch, late: float) -> None:
    """A fold that was begun before files were replaced is written as late as may be, or not at all."""
    monkeypatch.setattr(module, "MANY", 2)
    now = [time.time()]
    readings = [0]

    def slow_clock() -> float:
        readings[0] += 1
        if readings[0] == 2:  # what is folded was read, and it is asked whether there is still time
            quick.append(Entry(replaces=dict.fromkeys(keys[:3], now[0])))
            quick.append(Entry(gone=tuple(keys[:3]), adds={key: Added(1, "d", now[0]) for key in more}))
            now[0] += late
            quick.state()
            quick.tidy()  # of all entries
        return now[0]

    quick, slow = Log(place, lambda: now[0]), Log(place, slow_clock)
    keys = [f"sent/stat_day=2024-01-01/{number}" for number in range(6)]
    more = [f"sent/stat_day=2024-01-03/{number}" for number in range(20)]
    for key in keys:
        quick.append(Entry(adds={key: Added(1, "d", now[0])}))
    slow.state()
    readings[0] = 0
    slow.tidy()
    assert readings[0] > 1
    live = {*keys[3:], *more}
    for turn in range(8):
        for log in (quick, Log(place, lambda: now[0])):
            assert log.state().live.keys() == live
            new = [f"sent/stat_day=2024-01-02/{turn}-{len(live)}-{number}" for number in range(20)]
            log.append(Entry(adds={key: Added(1, "d", now[0]) for key in new}))
            live.update(new)
            log.state()
            log.tidy()
        now[0] += HOUR / 2
    assert not quick.state().replaced, "the tombstones are gone, and their files stay so"
