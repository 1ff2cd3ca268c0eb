"""How certain numbers are: what was noted, what follows from looks, and what people and programs are told."""

from __future__ import annotations

import csv
import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportdata.coverage import Coverage, Observation, latest, told_by
from reportdata.days import days_between
from reportdata.services import REPORTS as REPORT_DATA
from reportdata.services import read_services
from reportdata.states import DayState, State, least_certain
from reportdata.store import DayKpis
from reportdata.store.standing import standing
from tests.support.calling import EMPTY, PATH, Answer, Call, connected
from tests.support.folders import Folder, run
from tests.support.services import fact, lines_of, working
from tests.support.serving import serving

SERVICE = read_services().service(REPORT_DATA)
CORP = "c1"
NOON, NIGHT = datetime(2026, 9, 21, 4, tzinfo=UTC), datetime(2026, 9, 21, 16, tzinfo=UTC)
"""Noon and midnight of 2026-09-21 in Asia/Shanghai."""


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


@pytest.fixture
def known(folder: Folder) -> Folder:
    folder.add_organisation(CORP)
    return folder


def observe(folder: Folder, first: str, last: str, at: datetime | None, corp: str = CORP) -> None:
    folder.lake.observe([Coverage(corp, first, last)], ms(at) if at else 0)
    folder.refresh()


def states(folder: Folder, first: str, last: str, corp: str = CORP) -> list[tuple[str, str, int]]:
    return [
        (d.stat_day, d.state.value, d.as_of) for d in standing(folder.store, SERVICE, corp, first, last, time.time())
    ]


def states_of_reports(folder: Folder, first: str, last: str) -> list[tuple[str, str, int]]:
    """Those of 4100: where reports were observed and comments were not, 4102 is missing."""
    days = [*standing(folder.store, SERVICE, CORP, first, last, time.time())]
    assert {day.kpis[2].state for day in days} == {State.MISSING}
    return [(day.stat_day, day.kpis[0].state.value, day.kpis[0].as_of) for day in days]


def test_the_least_certain_state_counts() -> None:
    assert least_certain([State.FINAL, State.PARTIAL, State.PROVISIONAL]) is State.PARTIAL
    assert least_certain([State.FINAL]) is State.FINAL
    assert least_certain([]) is State.MISSING


def test_a_day_is_final_when_it_was_looked_at_after_its_end(known: Folder) -> None:
    observe(known, "20260920", "20260921", NOON)
    noon, night = ms(NOON), ms(NIGHT)
    assert states(known, "20260919", "20260922") == [
        ("20260919", "missing", 0),
        ("20260920", "final", noon),
        ("20260921", "provisional", noon),
        ("20260922", "missing", 0),
    ]
    observe(known, "20260921", "20260921", NIGHT.replace(minute=0))
    assert states(known, "20260920", "20260921") == [("20260920", "final", noon), ("20260921", "final", night)]
    observe(known, "20260921", "20260921", NOON)
    assert states(known, "20260921", "20260921") == [("20260921", "final", night)], "an older look says no less"


def test_the_end_of_a_day_is_that_of_the_organisations_zone(folder: Folder) -> None:
    folder.add_organisation("ny", "America/New_York")
    observe(folder, "20260921", "20260921", NIGHT, "ny")
    assert states(folder, "20260921", "20260921", "ny") == [("20260921", "provisional", ms(NIGHT))]


def test_a_look_of_unknown_time_was_when_the_numbers_were_last_new(known: Folder) -> None:
    observe(known, "20260920", "20260921", None)
    assert states(known, "20260920", "20260920") == [("20260920", "provisional", 0)]
    rows = [DayKpis(CORP, "20260920", {"4100": 1})]
    known.store.put_days(REPORT_DATA, {"20260920": "f"}, rows, NIGHT.timestamp())
    assert states(known, "20260920", "20260921") == [("20260920", "final", ms(NIGHT)), ("20260921", "provisional", 0)]


def test_what_was_noted_holds_kpi_by_kpi(known: Folder) -> None:
    observe(known, "20260920", "20260921", NIGHT)
    known.store.put_states(REPORT_DATA, [DayState(CORP, "20260920", "4102", State.PARTIAL, 5)])
    (day,) = standing(known.store, SERVICE, CORP, "20260920", "20260920", time.time())
    assert [(kpi.kpi_id, kpi.state.value, kpi.as_of) for kpi in day.kpis] == [
        ("4100", "final", ms(NIGHT)),
        ("4101", "final", ms(NIGHT)),
        ("4102", "partial", 5),
    ]
    assert (day.state, day.as_of) == (State.PARTIAL, 5)


def test_an_organisation_that_is_not_known_has_no_certain_day(folder: Folder) -> None:
    assert states(folder, "99991231", "99991231", "nobody") == [("99991231", "missing", 0)]


def test_the_latest_looks_are_as_few_pieces_as_can_be() -> None:
    looks = [
        Observation("a", "20240101", "20240110", 1),
        Observation("a", "20240103", "20240104", 3),
        Observation("a", "20240104", "20240106", 2),
        Observation("a", "20240111", "20240112", 1),
        Observation("b", "99991230", "99991231", 1),
        Observation("b", "00010101", "00010101", 1),
    ]
    assert [look[:5] for look in latest(looks)] == [
        ("a", "20240101", "20240102", 1, ""),
        ("a", "20240103", "20240104", 3, ""),
        ("a", "20240105", "20240106", 2, ""),
        ("a", "20240107", "20240112", 1, ""),
        ("b", "00010101", "00010101", 1, ""),
        ("b", "99991230", "99991231", 1, ""),
    ]
    other = Observation("a", "20240101", "20240131", 9, "other")
    assert latest([*looks, other]) == [*latest(looks)[:4], other, *latest(looks)[4:]], "kinds are apart"
    assert latest(reversed(latest(looks))) == latest(looks)
    assert latest([]) == []


@given(
    known=st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(0, 2)), max_size=5),
    asked=st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(0, 2)),
)
def test_a_look_is_told_by_pieces_that_say_as_much_of_each_of_its_days(
    known: list[tuple[int, int, int]], asked: tuple[int, int, int]
) -> None:
    pieces, look = latest(_observed(*one) for one in known), _observed(*asked)
    told = {day: piece.at for piece in pieces for day in days_between(piece.first_day, piece.last_day)}
    days = days_between(look.first_day, look.last_day)
    assert told_by(pieces, look) == all(told.get(day, -1) >= look.at for day in days)


def _observed(one: int, other: int, at: int) -> Observation:
    return Observation("a", f"2024010{min(one, other)}", f"2024010{max(one, other)}", at)


def test_a_file_is_a_look_at_the_time_when_it_was_last_written(known: Folder, tmp_path: Path) -> None:
    path = tmp_path / "reports.csv"
    path.write_text("report_id,user_id,sent_at\nr1,u1,2026-09-20 09:00:00\nr2,u2,2026-09-21 09:00:00\n")
    os.utime(path, (NOON.timestamp(), NOON.timestamp()))
    known.import_(path, corp_id=CORP)
    assert states_of_reports(known, "20260920", "20260921") == [
        ("20260920", "final", ms(NOON)),
        ("20260921", "provisional", ms(NOON)),
    ]
    os.utime(path, (NIGHT.timestamp() + 3600, NIGHT.timestamp() + 3600))
    known.import_(path, corp_id=CORP, now=NIGHT.timestamp())
    found = states_of_reports(known, "20260921", "20260921")
    assert found == [("20260921", "final", ms(NIGHT))], "no file is of the future"
    known.import_(path, corp_id=CORP)
    assert len(known.days()) == 2


def test_what_the_store_was_told_is_not_told_again(known: Folder) -> None:
    observe(known, "20260901", "20260930", NOON)
    observe(known, "20260915", "20260915", NIGHT)
    reader = Folder(known.path)
    before = reader.store.version()
    known.refresh()
    assert reader.store.version() == before
    reader.store.close()


def test_the_lake_tells_the_looks_to_a_new_store(known: Folder) -> None:
    observe(known, "20260920", "20260921", NOON)
    observe(known, "20260921", "20260921", NIGHT)
    before = states(known, "20260920", "20260921")
    assert run(known, "compact").exit_code == 0
    known.settings.store.rename(known.path / "old.db")
    fresh = Folder(known.path)
    fresh.add_organisation(CORP)
    fresh.refresh()
    assert states(fresh, "20260920", "20260921") == before
    fresh.store.close()


def push(folder: Folder, when: datetime, *days: str) -> None:
    """Take up reports of these days that were pushed at a time."""
    from reportdata.inbox.folder import FolderWriter
    from reportdata.pipeline.working import Worker

    at = int(when.timestamp() * 1e6)
    facts = [fact("sent", CORP, at, day, report_id=f"{at}", user_id="u") for day in days]
    writer = FolderWriter(folder.settings.inbox, when.timestamp)
    writer.append(lines_of(facts)).result()
    writer.close()
    with working(folder) as work:
        worker = Worker(work)
        while worker.step(when.timestamp() + 7200):
            pass


def test_pushed_facts_were_looked_at_when_they_came(known: Folder) -> None:
    push(known, NOON, "20260921")
    assert states_of_reports(known, "20260921", "20260922") == [
        ("20260921", "provisional", ms(NOON)),
        ("20260922", "missing", 0),
    ]
    later = NOON.replace(hour=10)
    push(known, later, "20260921")
    assert states_of_reports(known, "20260921", "20260921") == [("20260921", "provisional", ms(later))]
    push(known, NIGHT.replace(minute=1), "20260921", "20260922")
    found = states_of_reports(known, "20260921", "20260922")
    assert [state for _, state, _ in found] == ["final", "provisional"]


@pytest.fixture
def answering(known: Folder) -> Iterator[Call]:
    observe(known, "20260920", "20260921", NOON)
    token = known.token(known.add_app(CORP)[0])
    with serving(known) as server:
        yield Call(server.address, token, "20260920")


def told(answer: Answer) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.startswith("x-reportdata")}


def test_answers_tell_the_state_in_their_headers_and_nowhere_else(answering: Call, known: Folder) -> None:
    final = answering.answer()
    noon = "2026-09-21T12:00:00+08:00"
    assert told(final) == {"x-reportdata-state": "final", "x-reportdata-as-of": noon}
    assert b"state" not in final.body
    assert told(answering._replace(stat_date="20260921").answer()) == {
        "x-reportdata-state": "provisional",
        "x-reportdata-as-of": noon,
    }
    missing = answering._replace(stat_date="20260922").answer()
    assert (told(missing), missing.body) == ({"x-reportdata-state": "missing"}, EMPTY)
    known.store.put_states(REPORT_DATA, [DayState(CORP, "20260920", "4102", State.PROVISIONAL, ms(NOON) - 1)])
    changed = answering.answer()
    assert told(changed) == {
        "x-reportdata-state": "provisional",
        "x-reportdata-states": "4100=final,4101=final,4102=provisional",
        "x-reportdata-as-of": "2026-09-21T11:59:59+08:00",
    }
    assert changed.body == final.body
    assert told(answering._replace(stat_date="").answer()) == {}


def test_a_number_that_is_not_known_is_left_out_of_its_row_or_0_for_who_cannot_bear_that(
    known: Folder, tmp_path: Path
) -> None:
    known.lake.observe([Coverage(CORP, "20260920", "20260921", "sent")], ms(NIGHT))
    known.lake.observe([Coverage(CORP, "20260921", "20260922", "commented")], ms(NIGHT))
    known.refresh()
    tokens = [known.token(known.add_app(CORP, zero_unknown=zero)[0]) for zero in (False, True)]
    start = EMPTY.removesuffix(b"]}")
    rows = {
        "20260920": (
            b'{"stat_date":"20260920","4100_DAY":0,"corp_id":"%s","4101_DAY":0}',
            "4100=final,4101=final,4102=missing",
        ),
        "20260921": (b'{"stat_date":"20260921","4100_DAY":0,"corp_id":"%s","4101_DAY":0,"4102_DAY":0}', None),
        "20260922": (
            b'{"stat_date":"20260922","corp_id":"%s","4102_DAY":0}',
            "4100=missing,4101=missing,4102=provisional",
        ),
    }
    whole = b'{"stat_date":"%s","4100_DAY":0,"corp_id":"%s","4101_DAY":0,"4102_DAY":0}'
    with serving(known) as server:
        for day, (row, told_of) in rows.items():
            exact, zeros = (Call(server.address, token, day).answer() for token in tokens)
            assert exact.body == start + row % CORP.encode() + b"]}"
            assert zeros.body == start + whole % (day.encode(), CORP.encode()) + b"]}"
            assert told(exact).get("x-reportdata-states") == told(zeros).get("x-reportdata-states") == told_of
            assert told(exact)["x-reportdata-state"] == ("missing" if told_of else "final")
        for token in tokens:
            assert Call(server.address, token, "20260923").answer().body == EMPTY
    period = ("query", "20260920", "--to", "20260923")
    table = run(known, *period).output.splitlines()
    assert [line.split()[2:5] for line in table if line.lstrip().startswith("2026")] == [
        ["0", "0", "–"],
        ["0", "0", "0"],
        ["–", "–", "0"],
        ["–", "–", "–"],
    ]
    found = json.loads(run(known, *period, "--format", "json").output)
    assert [[key for key in row if key.endswith("_DAY")] for row in found] == [
        ["4100_DAY", "4101_DAY"],
        ["4100_DAY", "4101_DAY", "4102_DAY"],
        ["4102_DAY"],
    ]
    lines = run(known, *period, "--format", "csv").output.splitlines()
    assert [line.split(",")[2:5] for line in lines[1:]] == [["0", "0", ""], ["0", "0", "0"], ["", "", "0"]]


def test_app_set_changes_what_is_answered(known: Folder) -> None:
    app, _ = known.add_app(CORP)
    for unknown, text in (("zero", "answered as 0"), ("left-out", "left out")):
        assert text in run(known, "app", "set", app.app_key, "--unknown", unknown).output
        assert json.loads(run(known, "app", "show", app.app_key, "--json").output)["unknown"] == unknown
    run(known, "app", "set", app.app_key, "--unknown", "zero")
    assert f"{app.app_key} has 50 calls a second" in run(known, "app", "set", app.app_key, "--rate", "50").output
    shown = json.loads(run(known, "app", "show", app.app_key, "--json").output)
    assert (shown["rate"], shown["unknown"]) == (50, "zero"), "what is not named stays"
    assert "no limit of calls" in run(known, "app", "set", app.app_key, "--rate", "0").output
    assert "--unknown or --rate" in run(known, "app", "set", app.app_key).output
    added = json.loads(run(known, "app", "add", "--name", "n", "--unknown", "zero", "--json").output)
    found = known.store.app(added["appKey"])
    assert found is not None
    assert found.zero_unknown


def test_the_state_is_told_whichever_way_an_answer_goes(answering: Call) -> None:
    directly = answering.answer()
    head = f"{PATH}?statDate=20260920 HTTP/1.1\r\nHost: h\r\nx-acs-dingtalk-access-token: {answering.token}\r\n"
    with connected(answering.address) as ask:
        for request in (f"HEAD {head}\r\n", f"GET {head}x-client-token: t\r\n\r\n"):
            answer = ask(request.encode())
            assert told(answer) == told(directly)
            assert list(answer.headers) == [*(name for name in directly.headers if name != "connection")]


def test_query_shows_the_state_of_each_day(known: Folder) -> None:
    observe(known, "20260920", "20260921", NOON)
    known.store.put_states(REPORT_DATA, [DayState(CORP, "20260920", "4102", State.PARTIAL, ms(NOON))])
    period = ("query", "20260920", "--to", "20260922")
    table = run(known, *period).output
    assert "final, 4102 partial" in table  # what most KPIs are comes first
    assert "missing" in table
    assert "2026-09-21 12:00" in table
    first, second = json.loads(run(known, *period, "--format", "json").output)
    assert (first["state"], first["as_of"]) == ("partial", "2026-09-21T12:00:00+08:00")
    assert first["states"] == {"4100": "final", "4101": "final", "4102": "partial"}
    assert second["state"] == "provisional"
    rows = list(csv.DictReader(StringIO(run(known, *period, "--format", "csv").output)))
    assert [(row["state"], row["as_of"]) for row in rows] == [
        ("partial", "2026-09-21T12:00:00+08:00"),
        ("provisional", "2026-09-21T12:00:00+08:00"),
    ]


def test_status_shows_the_newest_day_and_the_newest_final_one(known: Folder) -> None:
    known.add_organisation("empty")
    observe(known, "20260919", "20260921", NOON)
    assert [line.split() for line in run(known, "status").output.splitlines() if line.lstrip().startswith(CORP)] == [
        [CORP, "20260919–20260921", "20260921", "provisional", "20260920"]
    ]
    found = {o["corpId"]: o for o in json.loads(run(known, "status", "--json").output)["organisations"]}
    assert (found[CORP]["newestState"], found[CORP]["newestFinalDay"]) == ("provisional", "20260920")
    assert (found["empty"]["newestState"], found["empty"]["newestFinalDay"]) == (None, None)
