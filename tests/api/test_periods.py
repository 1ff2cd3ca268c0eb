"""Weeks and months in the contract's envelope: their numbers, states and bytes, and who is refused what."""

from __future__ import annotations

import json
import select
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import date
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from reportdata.api.contract.entry import entry_of
from reportdata.audit import Audit
from reportdata.coverage import Observation
from reportdata.leases import FileLeases
from tests.support import periods
from tests.support.calling import CORP, NOW, OK, PATH, Answer, Call, add_sample
from tests.support.causes import APP_KEY, CAUSES, ERRORS, Cause
from tests.support.folders import Folder
from tests.support.periods import FIRST, LAST, PATHS, Organisation
from tests.support.serving import Serving, serving
from tests.support.waiting import SOON, until

INCLUDE = {"X-Reportdata-Partial": "include"}
DAYS = [date(2024, 12, 8), FIRST, date(2024, 12, 30), date(2025, 1, 1), date(2025, 1, 26), LAST, date(2025, 2, 3)]
WEEK = (
    '{"metaList":['
    '{"unit":"","period":"WEEK","kpiId":"4100","kpiCaliber":"发送钉钉日志数量","kpiName":"发送日志数"},'
    '{"unit":"人","period":"WEEK","kpiId":"4101","kpiCaliber":"发送钉钉日志用户数","kpiName":"发送日志用户数"},'
    '{"unit":"人","period":"WEEK","kpiId":"4102","kpiCaliber":"评论钉钉日志用户数","kpiName":"评论日志用户数"}],'
    '"dataList":[{"stat_date":"20210620","4100_WEEK":0,"corp_id":"ding32xxx","4101_WEEK":0,"4102_WEEK":0}]}'
)


class Server(NamedTuple):
    """A server of the organisation, and a good call."""

    served: Serving
    folder: Folder
    organisation: Organisation
    call: Call

    def ask(self, period: str, day: date, **headers: str) -> Answer:
        return self.call._replace(path=PATHS[period], stat_date=f"{day:%Y%m%d}", headers=headers).answer()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = Folder(tmp_path_factory.mktemp("periods"))
    organisation = Organisation()
    with closing(folder.store):
        organisation.imported(folder, folder.path / "files")
        token = folder.token(folder.add_app(periods.CORP)[0])
        with serving(folder) as served:
            yield Server(served, folder, organisation, Call(served.address, token))


@pytest.mark.parametrize("day", DAYS, ids=str)
@pytest.mark.parametrize("period", PATHS)
def test_numbers_are_those_of_the_whole_period(server: Server, period: str, day: date) -> None:
    for partial in (False, True):
        answer = server.ask(period, day, **(INCLUDE if partial else {}))
        expected = server.organisation.told(day, period, partial=partial)
        assert (answer.status, json.loads(answer.body)["dataList"]) == (OK, expected.rows)
        days = (expected.last - expected.first).days + 1
        state = "partial" if expected.covered < days else "final"
        assert answer.headers["x-reportdata-state"] == (state if expected.covered else "missing")
        if period != "DAY":
            assert answer.headers["x-reportdata-period"] == f"{expected.first}/{expected.last}"
            assert answer.headers["x-reportdata-covered"] == f"{expected.covered}/{days}"


def test_a_day_is_answered_as_by_the_contract_byte_for_byte(server: Server) -> None:
    for day in DAYS:
        one, other = (
            server.call._replace(path=path, stat_date=f"{day:%Y%m%d}").answer() for path in (PATH, PATHS["DAY"])
        )
        assert (one.status, one.body) == (other.status, other.body)
        kept = ("x-reportdata-state", "x-reportdata-as-of")
        assert [one.headers.get(name) for name in kept] == [other.headers.get(name) for name in kept]


def test_a_head_is_answered_like_a_get_without_the_body(server: Server) -> None:
    got, head = (
        server.call._replace(path=PATHS["WEEK"], stat_date="20250101", method=m).answer() for m in ("GET", "HEAD")
    )
    assert head.body == b""
    assert head.headers["content-length"] == str(len(got.body))
    assert head.headers["x-reportdata-covered"] == "7/7"


@pytest.mark.whole
def test_the_bytes_of_a_week_and_what_else_is_told(folder: Folder) -> None:
    add_sample(folder)
    app, _ = folder.add_app(CORP)
    zero, _ = folder.add_app(CORP, zero_unknown=True)
    at = int(NOW * 1000) - 1000
    folder.lake.observe([Observation(CORP, "20210628", "20210704", at, "sent")])
    folder.lake.observe([Observation(CORP, "20210628", "20210702", at, "commented")])
    folder.refresh()
    with serving(folder, clock=lambda: NOW) as served:
        call = Call(served.address, folder.token(app, NOW), path=PATHS["WEEK"])
        answer = call.answer()
        assert answer.body.decode() == WEEK
        assert answer.headers["x-reportdata-period"] == "2021-06-14/2021-06-20"
        # A week of which comments were not observed on each day has no number of them, unless it is asked for.
        row = {"stat_date": "20210630", "4100_WEEK": 0, "corp_id": CORP, "4101_WEEK": 0}
        call = call._replace(stat_date="20210630")
        for own, headers, expected in (
            (app, {}, row),
            (app, INCLUDE, row | {"4102_WEEK": 0}),
            (app, {"x-reportdata-partial": "no"}, row),
            (zero, {}, row | {"4102_WEEK": 0}),
        ):
            answer = call._replace(token=folder.token(own, NOW), headers=headers).answer()
            assert json.loads(answer.body)["dataList"] == [expected]
            assert answer.headers["x-reportdata-state"] == "partial"
            assert answer.headers["x-reportdata-states"] == "4100=final,4101=final,4102=partial"
            assert answer.headers["x-reportdata-covered"] == "5/7"
        # No calendar goes on.
        for day, period in (("00010101", "0001-01-01/0001-01-07"), ("99991231", "9999-12-27/9999-12-31")):
            answer = call._replace(stat_date=day).answer()
            assert json.loads(answer.body)["dataList"] == []
            assert answer.headers["x-reportdata-state"] == "missing"
            assert answer.headers["x-reportdata-period"] == period


@pytest.mark.whole
def test_a_damaged_day_keeps_its_week_from_having_a_row(folder: Folder, tmp_path: Path) -> None:
    organisation = Organisation()
    organisation.imported(folder, tmp_path / "files")
    token = folder.token(folder.add_app(periods.CORP, scopes=periods.SCOPES)[0])
    with serving(folder) as served:
        call = Call(served.address, token, "20250108", path=PATHS["WEEK"])
        assert len(json.loads(call.answer().body)["dataList"]) == 1
        (lost,) = folder.lake.files("sent")["20250110"]
        content = lost.read_bytes()
        lost.unlink()
        # Who counts anew notices it, and what was counted before is remembered no more.
        for period, days in (("MONTH", 31), ("WEEK", 7)):
            answer = call._replace(path=PATHS[period]).answer()
            assert json.loads(answer.body)["dataList"] == []
            assert answer.headers["x-reportdata-state"] == "damaged"
            assert answer.headers["x-reportdata-covered"] == f"{days - 1}/{days}"
            (row,) = json.loads(call._replace(path=PATHS[period], headers=INCLUDE).answer().body)["dataList"]
            (whole,) = organisation.told(date(2025, 1, 8), period).rows
            assert row[f"4100_{period}"] < whole[f"4100_{period}"]
        by_department = call._replace(path=periods.DEPARTMENTS_PATH.format("20250110"), stat_date=None)
        answer = by_department._replace(more_query="nextToken=0&maxResults=9").answer()
        assert json.loads(answer.body) == {"data": [], "nextToken": 0, "hasMore": False}
        assert answer.headers["x-reportdata-state"] == "damaged"
        lost.write_bytes(content)
        folder.refresh("20250110", "20250110")
        for period in ("WEEK", "MONTH"):
            rows = json.loads(call._replace(path=PATHS[period]).answer().body)["dataList"]
            assert rows == organisation.told(date(2025, 1, 8), period).rows


@pytest.mark.whole
def test_what_is_new_in_the_store_is_in_the_next_answer(folder: Folder, tmp_path: Path) -> None:
    add_sample(folder)
    now = [NOW]
    token = folder.token(folder.add_app(CORP)[0], NOW)
    file = tmp_path / "reports.csv"
    with serving(folder, clock=lambda: now[0]) as served:
        call = Call(served.address, token, path=PATHS["MONTH"])
        for number in range(3):
            for _ in range(2):
                (row,) = json.loads(call.answer().body)["dataList"]
                assert (row["4100_MONTH"], row["4101_MONTH"]) == (number, min(number, 1))
                now[0] += 61
            file.write_text(f"report_id,user_id,sent_at\nr{number},u,2021-06-{number + 10} 09:00\n")
            folder.import_(file, corp_id=CORP)


def test_reads_are_audited_with_all_days_of_the_period(server: Server) -> None:
    server.ask("WEEK", date(2025, 1, 1))
    server.ask("MONTH", date(2025, 1, 1))
    wanted = {"20241230-20250105", "20250101-20250131"}
    audit = Audit(server.folder.settings.audit)
    until(lambda: wanted <= {read.stat_date for read in audit.read() if read.corp_id == periods.CORP})


REFUSED = [cause for cause in CAUSES if cause.row <= 12 and not {"prefix", "method", "entry"} & cause.wrong.keys()]


@pytest.fixture(scope="module")
def refusing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Folder, Serving]]:
    folder = Folder(tmp_path_factory.mktemp("refusing"))
    with closing(folder.store):
        add_sample(folder)
        with serving(folder, clock=lambda: NOW) as served:
            yield folder, served


@pytest.mark.parametrize("cause", REFUSED, ids=[cause.name for cause in REFUSED])
def test_every_check_is_the_contracts(refusing: tuple[Folder, Serving], cause: Cause) -> None:
    folder, served = refusing
    wrong = cause.wrong
    for period, path in PATHS.items():
        app, _ = folder.add_app(CORP, rate=1 if "used_up" in wrong else None)
        token = folder.token(app, NOW - wrong.get("token_age", 0))
        good = Call(served.address, token, path=path)
        if "used_up" in wrong:
            good.answer()
        if "claimed" in wrong:
            good._replace(stat_date="20210619", headers={"x-client-token": wrong["claimed"]}).answer()
        folder.store.change_app(app.app_key, lambda found: msgspec.structs.replace(found, **wrong.get("app", {})))
        fields = {name: wrong[name] for name in Call._fields if name in wrong}
        answer = good._replace(**fields).answer()
        assert answer.status.split()[1] == str(cause.error.status), period
        assert answer.body.decode() == cause.body(answer.request_id).decode().replace(APP_KEY, app.app_key), period


@pytest.mark.whole
@pytest.mark.parametrize("cause", [c for c in CAUSES if "entry" in c.wrong], ids=lambda cause: cause.name)
def test_an_entry_without_a_service_has_none_over_periods(folder: Folder, cause: Cause) -> None:
    add_sample(folder)
    token = folder.token(folder.add_app(CORP)[0], NOW)
    with serving(
        folder, clock=lambda: NOW, entry=lambda service: entry_of(service)._replace(**cause.wrong["entry"])
    ) as served:
        for path in PATHS.values():
            answer = Call(served.address, token, path=path).answer()
            assert answer.body == cause.body(answer.request_id)


@pytest.mark.whole
def test_beyond_those_that_may_wait_it_is_unavailable_for_a_while(folder: Folder) -> None:
    add_sample(folder)
    token = folder.token(folder.add_app(CORP)[0])
    months = [f"2020{month:02}01" for month in range(1, 13)]
    with serving(folder, answering=1) as served, ExitStack() as stack:
        calls = [Call(served.address, token, month, path=PATHS["MONTH"]) for month in months]
        sockets = [stack.enter_context(socket.create_connection(served.address, SOON)) for _ in calls]
        with FileLeases(folder.settings.lake).holding("reading.lock", wait=True):
            for connection, call in zip(sockets, calls, strict=True):
                connection.sendall(call.request)
            answered: list[socket.socket] = []
            end = time.monotonic() + SOON
            while len(answered) < 3:
                assert time.monotonic() < end
                ready, _, _ = select.select([s for s in sockets if s not in answered], [], [], 1)
                answered += ready
            assert len(answered) == 3
            for connection in answered:
                said = connection.recv(65_536).decode()
                assert said.startswith("HTTP/1.1 503")
                assert '"code":"ServiceUnavailable.TooManyQuestions"' in said
                assert "retry-after: 2\r\n" in said
        for connection in sockets:
            if connection not in answered:
                assert connection.recv(65_536).startswith(b"HTTP/1.1 200")


@pytest.mark.whole
def test_a_lake_that_cannot_be_read_is_a_system_error(folder: Folder) -> None:
    add_sample(folder)
    token = folder.token(folder.add_app(CORP)[0])
    with serving(folder) as served:
        for place in folder.settings.lake.glob("log/*"):
            place.write_bytes(b"no entry")
        answer = Call(served.address, token, path=PATHS["WEEK"]).answer()
        assert answer.status.split()[1] == "500"
        error = ERRORS["systemError"]
        assert json.loads(answer.body) == {
            "requestid": answer.request_id,
            "code": "systemError",
            "message": error.message,
        }
