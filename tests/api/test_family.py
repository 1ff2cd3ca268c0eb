"""The list of services and their newest numbers: who sees which, and that nobody is told of anybody else's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reportdata.api.observed_days import by_kind, first_of, newest_of
from reportdata.coverage import Observation, partly
from reportdata.days import days_between
from reportdata.measures import Kpi
from reportdata.pipeline.mirroring import keep_export
from reportdata.services import Service, read_services
from reportdata.store import Damage, Official
from tests.support.browsing import Browser, add_link
from tests.support.examples import tried_with
from tests.support.folders import Folder, run
from tests.support.serving import serving

COUNTED = Path("counted/checkins"), Path("counted/approvals")
SERVICES = read_services(*COUNTED)
NOW = datetime(2026, 9, 4, 12, tzinfo=UTC).timestamp()
DAYS = ("20260901", "20260902")
ORGANISATIONS = ("a", "b")
BROUGHT = ("onlineUserData", "activeUserData", "healtheUserData")
"""Services with figures; the first two share a scope."""
SCOPES = tuple(dict.fromkeys(scope for service in SERVICES for scope in service.scopes_to_ask))
PATHS = ("/v1/services", "/v1/services/overview")


def figure(corp_id: str, service: Service, kpi_id: str, day: str) -> int:
    """A number that no other organisation, service or KPI has on any day."""
    place = list(SERVICES).index(service) * 100 + [kpi.id for kpi in service.kpis].index(kpi_id)
    return 1_000_000 * (1 + ORGANISATIONS.index(corp_id)) + 100 * place + DAYS.index(day)


class House(NamedTuple):
    """A server of two organisations, whose facts differ in their number."""

    folder: Folder
    address: tuple[str, int]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with ExitStack() as opened:
        path = tmp_path_factory.mktemp("family")
        folder = Folder(path / "data", services=COUNTED)
        opened.callback(folder.store.close)
        for corp_id, times in (("a", 1), ("b", 3)):
            folder.add_organisation(corp_id)
            files = {
                "sent": ["report_id,user_id,sent_at,departments"],
                "checked": ["user_id,checked_in_at"],
                "stated": ["forms,custom_forms,forms_stated_at"],
            }
            for number in range(10 * times):
                unit = ("研发", "市场")[number % 2]
                files["sent"].append(f"{corp_id}{number},{corp_id}u{number},2026-09-01 08:00,{unit}")
                files["checked"].append(f"{corp_id}u{number},2026-09-02 09:{number:02}")
            files["stated"].append(f"{700 * times},{40 * times},2026-09-02 20:00")
            for name, lines in files.items():
                (path / f"{corp_id}{name}.csv").write_text("\n".join(lines) + "\n")
            folder.import_(*(path / f"{corp_id}{name}.csv" for name in files), corp_id=corp_id)
            for service in map(SERVICES.service, BROUGHT):
                days = [
                    Official(corp_id, day, {kpi.id: figure(corp_id, service, kpi.id, day) for kpi in service.kpis}, 0)
                    for day in DAYS
                ]
                keep_export(folder.store, service, days)
        served = opened.enter_context(serving(folder, clock=lambda: NOW, answering=1))
        yield House(folder, served.address)


def signed_in(house: House, corp_id: str, scopes: Sequence[str], departments: Sequence[str] = ()) -> Browser:
    _, secret = add_link(house.folder, corp_id, scopes=tuple(scopes), departments=tuple(departments))
    browser = Browser(house.address)
    browser.sign_in(link=secret)
    return browser


def allowed(scopes: Sequence[str], departments: Sequence[str]) -> dict[str, list[str]]:
    """The KPIs by service that these scopes show, by the rule as it is written down."""
    found = {}
    for service in SERVICES:
        kpis = [kpi.id for kpi in service.kpis if not departments or of_people(service, kpi)]
        if kpis and set(scopes) & set(service.scopes_to_ask):
            found[service.id] = kpis
    return found


def of_people(service: Service, kpi: Kpi) -> bool:
    """Whether a KPI is counted from facts that have departments, or somebody who belongs to some."""
    if not service.has_facts:
        return False
    columns = SERVICES.kinds[service.relations[kpi.relation].rows].columns
    return "departments" in columns or "user_id" in columns


def numbers_in(value: Any) -> list[float]:
    """All large numbers that JSON has: those that tell whose they are."""
    if isinstance(value, dict):
        return [number for part in value.values() for number in numbers_in(part)]
    if isinstance(value, list):
        return [number for part in value for number in numbers_in(part)]
    return [value] if isinstance(value, int | float) and not isinstance(value, bool) and value >= 1_000_000 else []


@pytest.mark.whole
def test_every_service_is_listed_with_what_its_pages_need(house: House) -> None:
    browser = signed_in(house, "a", SCOPES)
    answer = browser.get("/v1/services")
    listed = {one["service"]: one for one in answer.json["data"]}
    assert list(listed) == [service.id for service in SERVICES]
    assert {name: (one["firstDay"], one["newestDay"]) for name, one in listed.items() if one["newestDay"]} == {
        "reportData": ("2026-09-01", "2026-09-01"),
        "checkinData": ("2026-09-02", "2026-09-02"),
        "approvalData": ("2026-09-02", "2026-09-02"),
        **dict.fromkeys(BROUGHT, ("2026-09-01", "2026-09-02")),
    }
    online = {kpi["metric"]: kpi for kpi in listed["onlineUserData"]["kpis"]}
    assert (online["4003"]["isRatio"], online["4003"]["several"], online["4003"]["type"]) == (True, None, "number")
    assert [online[kpi]["several"] for kpi in ("4001", "4002")] == ["last", None]
    assert (listed["onlineUserData"]["origin"], listed["onlineUserData"]["main"]) == ("official", "4002")
    forms = {kpi["metric"]: kpi for kpi in listed["approvalData"]["kpis"]}
    assert (forms["4092"]["groupings"], forms["4092"]["several"]) == ([], "last")
    assert (forms["4095"]["groupings"], forms["4095"]["several"]) == (["department", "hour"], "counted")
    assert [kpi["groupings"] for kpi in listed["reportData"]["kpis"]] == [["department", "template", "hour"]] * 3
    assert {name: one["name"] for name, one in listed.items()}["checkinData"] == "签到"
    assert all(kpi["kpiNameEn"].isascii() for one in listed.values() for kpi in one["kpis"])
    again = browser.get("/v1/services", if_none_match=answer.headers["etag"])
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", answer.headers["etag"])
    refused = browser.get("/v1/services?service=checkinData")
    assert (refused.status, refused.json["message"]) == (400, "the parameter 'service' is not known; there are none")
    fewer = signed_in(house, "a", ("DataCenter.Health.Read",))
    assert fewer.get("/v1/services", if_none_match=answer.headers["etag"]).status == 200


@pytest.mark.whole
def test_newest_numbers_are_those_of_statistics(house: House) -> None:
    browser = signed_in(house, "b", SCOPES)
    newest = {one["service"]: one for one in browser.get("/v1/services/overview").json["data"]}
    assert set(newest) == {"reportData", "checkinData", "approvalData", *BROUGHT}
    for name, one in newest.items():
        path = f"/v1/statistics?service={name}&from=2026-08-04&to=2026-09-03&by=day&metrics={one['metric']}"
        rows = [row for row in browser.get(path).json["data"] if row[one["metric"]] is not None]
        assert one["days"] == [
            {"day": row["periodStart"], "value": row[one["metric"]], "state": row["state"]} for row in rows
        ]
        assert (one["day"], one["value"], one["state"], one["asOf"]) == (
            rows[-1]["periodStart"], rows[-1][one["metric"]], rows[-1]["state"], rows[-1]["asOf"],
        )  # fmt: skip
    assert newest["approvalData"]["metric"] == "4092", "nothing is known of the main one"
    assert (newest["checkinData"]["value"], newest["checkinData"]["origin"]) == (30, "computed")


@pytest.mark.whole
def test_a_link_of_some_departments_is_told_of_what_has_departments(house: House) -> None:
    browser = signed_in(house, "a", SCOPES, ("研发",))
    listed = {one["service"]: [kpi["kpiId"] for kpi in one["kpis"]] for one in browser.get("/v1/services").json["data"]}
    assert listed == allowed(SCOPES, ("研发",))
    assert set(listed) == {"reportData", "checkinData", "approvalData"}
    assert "4092" not in listed["approvalData"]
    newest = {one["service"]: one["value"] for one in browser.get("/v1/services/overview").json["data"]}
    assert newest == {"reportData": 5, "checkinData": 5}
    _, secret = add_link(house.folder, "a", scopes=("DataCenter.Health.Read",), departments=("研发",))
    refused = Browser(house.address).sign_in(link=secret)
    assert (refused.status, refused.json["code"]) == (403, "Forbidden.AccessDenied.SomeDepartments")


@pytest.mark.whole
def test_damaged_files_of_a_service_leave_the_others_in_the_overview(house: House) -> None:
    browser = signed_in(house, "a", SCOPES, ("研发",))

    def asked() -> tuple[int, dict[str, int], list[str]]:
        """The numbers by service, and those that are damaged."""
        answer = browser.get("/v1/services/overview")
        numbers = {one["service"]: one["value"] for one in answer.json.get("data", ())}
        return answer.status, numbers, answer.json.get("meta", {}).get("damaged")

    wanted = (("sent", DAYS[0]), ("checked_in", DAYS[1]))
    files = {kind: [*house.folder.lake.files(kind)[day]] for kind, day in wanted}
    whole = {path: path.read_bytes() for paths in files.values() for path in paths}
    for path in files["checked_in"]:
        path.write_bytes(whole[path][:-50])
    other = Damage("reportData", "20000101", "file")
    house.folder.store.put_damage([other], ())  # nothing is kept of what was asked before
    house.folder.store.put_damage((), [other])
    for _ in range(2):  # it is not kept, but met again
        assert asked() == (200, {"reportData": 5}, ["checkinData"])
    assert {one.service for one in house.folder.store.damage() if one.stat_day} == {"checkinData"}
    for path in files["sent"]:  # of departments, check-ins need it, too
        path.unlink()
    answer = browser.get("/v1/services/overview")
    assert (answer.status, answer.json["code"]) == (500, "DataDamaged")
    for path, content in whole.items():
        path.write_bytes(content)
    assert asked() == (200, {"reportData": 5, "checkinData": 5}, [])
    assert run(house.folder, "repair").exit_code == 0


@pytest.mark.whole
@tried_with(10, 300)
def test_nobody_gets_a_number_of_another_organisation_or_service(house: House, examples: int) -> None:
    scopes = st.lists(st.sampled_from((*SCOPES, "DataCenter.Report.Read")), max_size=3, unique=True)
    services = st.sampled_from([service.id for service in SERVICES])

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(ORGANISATIONS), scopes, st.sampled_from(((), ("研发",))), services)
    def check(corp_id: str, held: list[str], departments: tuple[str, ...], asked: str) -> None:
        browser, shown = signed_in(house, corp_id, held, departments), allowed(held, departments)
        own = {
            name: {figure(corp_id, SERVICES.service(name), kpi, day) for kpi in kpis for day in DAYS}
            for name, kpis in shown.items()
            if name in BROUGHT
        }
        answers = [browser.get(path) for path in PATHS]
        assert [answer.status == 200 for answer in answers] == [bool(shown)] * 2
        if shown:
            assert {one["service"]: [kpi["kpiId"] for kpi in one["kpis"]] for one in answers[0].json["data"]} == shown
            assert {one["service"] for one in answers[1].json["data"]} <= set(shown)
        everything = set().union(*own.values())
        assert set(numbers_in([answer.json for answer in answers])) <= everything
        found = browser.get(f"/v1/statistics?service={asked}&from=2026-09-01&to=2026-09-02&by=day")
        assert found.status != 200 or asked in shown
        if asked in shown and (not departments or asked != "approvalData"):  # whose totals have to be left out
            assert found.status == 200, found.json
        assert set(numbers_in(found.json)) <= own.get(asked, set())
        assert (browser.get("/v1/session").status == 200) == bool(shown)

    check()


@given(
    st.lists(
        st.tuples(
            st.sampled_from(("event_created", "event_received", partly("event_received"))),
            st.integers(0, 40),
            st.integers(0, 6),
        )
    )
)
def test_the_newest_observed_day_is_that_of_sets(pieces: list[tuple[str, int, int]]) -> None:
    def day(number: int) -> str:
        return f"{date(2026, 9, 1) + timedelta(days=number):%Y%m%d}"

    days: dict[str, set[str]] = {}
    for kind, first, more in pieces:
        days.setdefault(kind, set()).update(days_between(day(first), day(first + more)))
    observed = by_kind(
        Observation("c", piece, piece, 0, kind) for kind, own in sorted(days.items()) for piece in sorted(own)
    )
    seen = days.get("event_received", set()) | days.get(partly("event_received"), set())
    service = read_services(Path("counted/calendar")).service("calendarData")
    for until in (day(20), day(60)):
        both = {one for one in days.get("event_created", set()) & seen if one <= until}
        assert newest_of(service, ["4125"], observed, until) == max(both, default=None)
        either = both | {one for one in seen if one <= until}
        assert newest_of(service, ["4125", "4127"], observed, until) == max(either, default=None)
        every = {one for own in days.values() for one in own if one <= until}
        assert first_of(service, ["4125", "4127"], observed, until) == min(every, default=None)
