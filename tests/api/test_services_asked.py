"""Statistics, coverage, changes and explanations of any service, over HTTP, by the client, the tools and commands: of
figures that were brought, and of facts that are counted."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest

from reportdata.assistants.server import called
from reportdata.assistants.sources import ServerSource
from reportdata.assistants.tools import TOOLS
from reportdata.client import Client
from reportdata.identity import App
from reportdata.measures import Digits, Number
from reportdata.pipeline.mirroring import keep_export
from reportdata.services import Service, read_services
from reportdata.store import Official
from tests.support.browsing import Browser, add_link
from tests.support.folders import Folder, run
from tests.support.serving import Serving, serving
from tests.support.waiting import SOON

COUNTED = Path("counted")
SERVICES = read_services(COUNTED)
CORP, FIRST, SECOND = "c", "20260901", "20260902"
ONLINE: dict[str, dict[str, Number]] = {
    FIRST: {"19001": 5, "4001": 13, "4002": 5, "4003": Digits("0.38461538461538464"), "4004": 3, "4005": 5, "4006": 5},
    SECOND: {"4001": 14, "4002": 7, "4003": 0.5, "4004": 4},
}
ACTIVE: dict[str, dict[str, Number]] = {FIRST: {"4007": 12, "4008": 0.9230769}, SECOND: {"4007": 13}}
CHECKINS = "user_id,checked_in_at\nu1,2026-09-01 08:00\nu1,2026-09-01 18:00\nu2,2026-09-01 08:30\nu1,2026-09-02 08:00\n"
REPORTS = "report_id,user_id,sent_at,departments\nr1,u1,2026-08-31 09:00,研发部\nr2,u2,2026-08-31 09:00,市场部\n"
FORMS = "forms,custom_forms,forms_stated_at\n113,96,2026-09-01 23:00\n115,,2026-09-02 23:00\n"
READ, RECORDS = "Statistics.Checkin.Read", "Statistics.Checkin.Records"


class Asked(NamedTuple):
    """A server of an organisation that has some of all, and its apps by scope."""

    served: Serving
    folder: Folder
    apps: dict[str, tuple[App, str]]

    def get(self, scope: str, path: str = "", **parameters: str) -> tuple[int, Any]:
        token = self.folder.token(self.apps[scope][0])
        with closing(HTTPConnection(*self.served.address, timeout=SOON)) as connection:
            headers = {"x-acs-dingtalk-access-token": token}
            connection.request("GET", f"/v1/statistics{path}?{urlencode(parameters)}", headers=headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())

    def data(self, service: Service, path: str = "", **parameters: str) -> Any:
        status, body = self.get(service.scopes_to_ask[0], path, service=service.id, **parameters)
        assert status == 200, body
        return body["data"]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    path = tmp_path_factory.mktemp("services")
    folder = Folder(path / "data", services=(COUNTED,))
    with closing(folder.store):
        folder.add_organisation(CORP)
        files = {"checkins": CHECKINS, "reports": REPORTS, "forms": FORMS}
        for name, text in files.items():
            (path / f"{name}.csv").write_text(text)
        assert folder.import_(*(path / f"{name}.csv" for name in files), corp_id=CORP).added == 8
        at = int(time.time() * 1000) - 1
        for service_id, figures in (("onlineUserData", ONLINE), ("activeUserData", ACTIVE)):
            days = [Official(CORP, day, numbers, at) for day, numbers in figures.items()]
            keep_export(folder.store, SERVICES.service(service_id), days)
        scopes = {scope for service in SERVICES for scope in service.scopes_to_ask}
        apps = {scope: folder.add_app(CORP, scopes=(scope,)) for scope in sorted(scopes)}
        with serving(folder, answering=1) as served:
            yield Asked(served, folder, apps)


SPAN = {"from": FIRST, "to": SECOND}


@pytest.mark.whole
def test_every_service_is_asked_everything(asked: Asked) -> None:
    for service in SERVICES:
        rows = asked.data(service, by="day", **SPAN)
        covered = asked.data(service, "/coverage")
        assert bool(rows) == (service.id in ("onlineUserData", "activeUserData", "checkinData", "approvalData"))
        assert service.id == "reportData" or bool(covered) == bool(rows)
        changed = asked.data(service, "/changes", since="20000101")
        assert service.id == "reportData" or bool(changed) == bool(rows)
        kpi = next(kpi.name_of_column for kpi in service.kpis if not (kpi.ratio and service.has_facts))
        asked.data(service, "/explain", metric=kpi, day=FIRST)


@pytest.mark.whole
def test_figures_that_were_brought_are_what_they_are_on_days_and_made_of_these_over_several(asked: Asked) -> None:
    online, active = (SERVICES.service(name) for name in ("onlineUserData", "activeUserData"))
    rows = asked.data(online, by="day", **SPAN)
    assert [{kpi.id: row[kpi.id] for kpi in online.kpis if row[kpi.id] is not None} for row in rows] == [
        *ONLINE.values()
    ]
    assert rows[1]["states"].startswith("19001=missing,4001=final")
    (both,) = asked.data(online, **SPAN)
    known = {kpi.id: both[kpi.id] for kpi in online.kpis if both[kpi.id] is not None}
    assert known == {"4001": 14}, "nobody knows how many of both days there are"
    (both,) = asked.data(active, **SPAN)
    assert (both["4007"], both["4008"]) == (13, 13 / 14), "the parts of both services as of the last day"
    status, body = asked.get("DataCenter.Contact.Read", service="onlineUserData", by="department", **SPAN)
    assert (status, "department cannot be told apart" in body["message"]) == (400, True)
    status, body = asked.get("DataCenter.Contact.Read", service="onlineUserData", by="user", **SPAN)
    assert (status, "tells of no single people" in body["message"]) == (400, True)
    _, found = asked.get("DataCenter.Contact.Read", service="onlineUserData", metrics="4002", **SPAN)
    assert found["data"] == []
    assert "4002: not known of several days" in found["meta"]["notes"][1]


def test_what_is_counted_is_grouped_as_its_facts_can_be(asked: Asked) -> None:
    checkins = SERVICES.service("checkinData")
    (both,) = asked.data(checkins, **SPAN)
    assert (both["4090"], both["4091"], both["state"]) == (
        4,
        2,
        "partial" if both["coveredDays"] < 2 else "provisional",
    )
    rows = asked.data(checkins, by="department", order="department", **SPAN)
    assert [(row["department"], row["4090"], row["4091"]) for row in rows] == [("市场部", 1, 1), ("研发部", 3, 1)]
    rows = asked.data(checkins, by="weekday", **SPAN)
    assert [(row["weekday"], row["4090"]) for row in rows] == [(2, 3), (3, 1)]
    assert asked.get(READ, service="checkinData", by="user", **SPAN)[0] == 403
    status, found = asked.get(RECORDS, service="checkinData", by="user", **SPAN)
    assert (status, [(row["user"], row["4090"]) for row in found["data"]]) == (200, [("u1", 3), ("u2", 1)])
    status, body = asked.get(READ, service="checkinData", by="template", **SPAN)
    assert (status, "cannot be grouped by template" in body["message"]) == (400, True)
    _, found = asked.get(RECORDS, "/explain", service="checkinData", metric="4090", day=FIRST)
    assert (found["meta"]["value"], [row["user"] for row in found["data"]]) == (3, ["u1", "u1", "u2"])


@pytest.mark.whole
def test_who_may_ask_for_totals_alone_gets_no_id_of_anybody(asked: Asked) -> None:
    told = []
    for service in SERVICES:
        if service.records_scope is None:
            assert not service.has_facts, "what is counted has records, and a scope for them"
            continue
        for kpi in service.kpis:
            if kpi.measure is None:
                continue
            explained = {"service": service.id, "metric": kpi.id, "day": FIRST}
            status, found = asked.get(service.statistics_scope or "", "/explain", **explained)
            assert (status, found["data"], found["meta"]["totalRows"]) == (200, [], 0)
            assert found["meta"]["emptyReason"] == f"records need the scope {service.records_scope}"
            assert not {"u1", "u2"} & set(re.findall(r"\w+", json.dumps(found)))
            for more in ({"names": "true"}, {"user": "u1"}):
                assert asked.get(service.statistics_scope or "", "/explain", **explained, **more)[0] == 403
            status, found = asked.get(service.records_scope, "/explain", **explained)
            assert status == 200
            told += [kpi.id for row in found["data"] if row.get("user")]
            others = [one.records_scope for one in SERVICES if one.records_scope not in (None, service.records_scope)]
            assert asked.get(others[0] or "", "/explain", **explained)[0] == 403
    assert set(told) == {"4090", "4091"}


def test_what_is_stated_is_that_of_the_last_day(asked: Asked) -> None:
    approvals = SERVICES.service("approvalData")
    (both,) = asked.data(approvals, metrics="4092,4093", **SPAN)
    assert (both["4092"], both["4093"]) == (115, None)
    assert both["states"] == f"4092={both['states'].split(',')[0].partition('=')[2]},4093=missing"
    rows = asked.data(approvals, metrics="4092,4093", by="day", **SPAN)
    assert [(row["4092"], row["4093"]) for row in rows] == [(113, 96), (115, None)]
    status, body = asked.get("Statistics.Approval.Read", service="approvalData", metrics="4092", by="hour", **SPAN)
    assert (status, "have no hours" in body["message"]) == (400, True)
    _, found = asked.get("Statistics.Approval.Records", "/explain", service="approvalData", metric="4092", **SPAN)
    assert (found["meta"]["value"], [row["forms"] for row in found["data"]]) == (115, [115]), "of the last day alone"
    assert "what forms was at last" in found["meta"]["notes"][0]


def test_a_service_is_asked_with_its_own_scopes(asked: Asked) -> None:
    for service in SERVICES:
        for scope in ("Statistics.Todo.Records", "DataCenter.Drive.Read"):
            for path, parameters in (("", SPAN), ("/coverage", {}), ("/changes", {"since": FIRST})):
                status, body = asked.get(scope, path, service=service.id, **parameters)
                assert (status == 200) == (scope in service.scopes_to_ask), (service.id, scope)
                if status != 200:
                    assert body["accessdenieddetail"] == {"requiredScopes": list(service.scopes_to_ask)}
    status, body = asked.get("Statistics.Report.Read", service="nobodyData", **SPAN)
    assert (status, "there are reportData" in body["message"]) == (400, True)
    status, body = asked.get("Statistics.Report.Read", service="yydAppDayDatas", **SPAN)
    assert (status, "no document tells" in body["message"]) == (400, True)


def test_a_link_of_some_departments_is_told_of_these_alone(asked: Asked) -> None:
    scopes = (
        "Statistics.Report.Read",
        "Statistics.Checkin.Read",
        "Statistics.Approval.Read",
        "DataCenter.Contact.Read",
    )
    _, secret = add_link(asked.folder, CORP, scopes=scopes, departments=("研发部",))
    browser = Browser(asked.served.address)
    assert browser.sign_in(link=secret).status == 200
    days = urlencode(SPAN)
    (row,) = browser.get(f"/v1/statistics?service=checkinData&{days}").json["data"]
    assert (row["4090"], row["4091"]) == (3, 1)
    for path in (f"?service=onlineUserData&{days}", "/coverage?service=onlineUserData"):
        assert browser.get(f"/v1/statistics{path}").json["code"] == "Forbidden.AccessDenied.SomeDepartments"
    refused = browser.get(f"/v1/statistics?service=approvalData&metrics=4092&{days}")
    assert (refused.status, "cannot be grouped by department" in refused.json["message"]) == (400, True)


@pytest.mark.whole
def test_pages_of_a_service_go_on_with_it(asked: Asked) -> None:
    app, secret = asked.apps["DataCenter.Contact.Read"]
    with Client(asked.served.url, app.app_key, secret) as client:
        found = client.statistics(FIRST, SECOND, by="day", page_size=1, service="onlineUserData")
        assert [row.numbers["4002"] for row in found] == [5, 7]
        assert client.coverage(service="onlineUserData").covered_days == 2
        changes = client.changes(FIRST, service="activeUserData", page_size=1)
        assert sorted((change.metric, change.became) for change in changes) == [
            ("4007", 12), ("4007", 13), ("4008", 0.9230769),
        ]  # fmt: skip
        assert client.explain("4003", FIRST, service="onlineUserData").value.number == 0.38461538461538464
        arguments = {"service": "onlineUserData", "from": FIRST, "to": SECOND, "by": "day", "pageSize": 1}
        first = called(TOOLS["statistics"], arguments, ServerSource(client))
        second = called(TOOLS["statistics"], first["nextPage"], ServerSource(client))
        assert [reply["rows"][0]["4002"] for reply in (first, second)] == [5, 7]
        assert called(TOOLS["coverage"], {"service": "onlineUserData"}, ServerSource(client))["totalRows"] == 2
    app, secret = asked.apps["Statistics.Approval.Records"]
    with Client(asked.served.url, app.app_key, secret) as client:
        (record,) = client.explain("4092", FIRST, service="approvalData")
        assert (record.more, record.user) == ({"forms": 113, "custom_forms": 96}, None)


@pytest.mark.whole
def test_commands_answer_the_same(asked: Asked, tmp_path: Path) -> None:
    folder = asked.folder
    query = ("query", FIRST, "--to", SECOND, "--service", "onlineUserData", "--by", "day")
    found = json.loads(run(folder, *query, "--format", "json").stdout)
    assert [row["4003"] for row in found["data"]] == [0.38461538461538464, 0.5]
    for format_ in ("csv", "xlsx", "parquet"):
        done = run(folder, *query, "--format", format_, "--output", tmp_path / f"a.{format_}")
        assert done.exit_code == 0, done.output
    assert "0.38461538461538464" in (tmp_path / "a.csv").read_text("utf-8-sig")
    assert "组织在线率" not in run(folder, *query).output
    explained = run(folder, "explain", "4003", FIRST, "--service", "onlineUserData").output
    assert "组织在线率" in explained
    assert "0.385" in explained or "0.38461538461538464" in explained
    assert "activeUserData" not in run(folder, "changes", "--since", FIRST, "--service", "activeUserData").output
    unknown = run(folder, "query", "20200101", "--service", "driveData").output
    assert "reportdata figures import" in unknown
    assert "reportdata mirror" in unknown
