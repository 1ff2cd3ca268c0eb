"""Names of people are told to who may see records, beside the ids that they may see, and to nobody else: in no answer,
in no header, and in no file but their own."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from reportdata.cli.places import names_of
from reportdata.statistics.changes import CHANGES_PARAMETERS
from reportdata.statistics.explained import EXPLAIN_PARAMETERS
from reportdata.statistics.question import FORMATS
from reportdata.statistics.words import PARAMETERS
from tests.support.browsing import RECORDS, TOTALS, Browser, add_link
from tests.support.examples import tried_with
from tests.support.folders import Folder
from tests.support.serving import serving

CORP = "dingnames"
DAY = "2026-09-21"
PEOPLE = {"u1": ("研发", "司马相如甲"), "u2": ("研发/平台", "慕容复乙"), "u3": ("秘密", "独孤求败丙")}
NAMES = {user_id: name for user_id, (_, name) in PEOPLE.items()}


class Callers(NamedTuple):
    """Who asks: by a session of totals only, by one of records of some departments, and by one of all records."""

    folder: Folder
    totals: Browser
    some: Browser
    records: Browser


@pytest.fixture(scope="module")
def callers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callers]:
    place = tmp_path_factory.mktemp("names")
    folder = Folder(place / "data")
    folder.add_organisation(CORP)
    rows = "".join(f"r{number},{who},{DAY} 09:00:00,{of}\n" for number, (who, (of, _)) in enumerate(PEOPLE.items()))
    (place / "a.csv").write_text(f"report_id,user_id,sent_at,departments\n{rows}", "utf-8")
    folder.import_(place / "a.csv", corp_id=CORP)
    with closing(names_of(folder.settings)) as names:
        names.turn_on(CORP)
        names.put(CORP, NAMES, frozenset)
    with closing(folder.store), serving(folder, answering=1) as served:
        found = []
        for departments, scopes in (((), (TOTALS,)), (("研发",), (TOTALS, RECORDS)), ((), (TOTALS, RECORDS))):
            _, secret = add_link(folder, CORP, departments=departments, scopes=scopes)
            found.append(Browser(served.address))
            assert found[-1].sign_in(link=secret).status == 200
        yield Callers(folder, *found)


def forms(name: str) -> list[bytes]:
    return [name.encode(), name.encode("utf-16-le"), name.encode("gb18030"), name.encode("unicode_escape")]


def names_in(content: bytes) -> set[str]:
    return {user_id for user_id, name in NAMES.items() if any(form in content for form in forms(name))}


_VALUES = {
    "from": (DAY, "20260920"),
    "to": (DAY,),
    "day": (DAY,),
    "range": ("7d", "year"),
    "since": ("2026-01-01",),
    "by": ("user", "day,user", "department,user", "template", ""),
    "metric": ("reports", "senders"),
    "metrics": ("reports", ""),
    "user": ("u1", "u3"),
    "department": ("研发", "秘密"),
    "format": FORMATS,
    "names": ("true", "true", "1", "false"),
    "than": (f"day={DAY}", f"day={DAY}&user=u3", "names=true"),
    "order": ("userName", "-reports", "user"),
    "asOf": ("2026-10-01",),
}
_USUAL = {"/v1/statistics": {"from": DAY}, "/v1/statistics/explain": {"day": DAY, "metric": "reports"}}


@st.composite
def calls(draw: st.DrawFn) -> str:
    """An address of any call, most of which are answered."""
    path = draw(st.sampled_from(_PATHS))
    parameters = dict(_USUAL.get(path, {}))
    known = {"/v1/statistics": PARAMETERS, "/v1/statistics/explain": EXPLAIN_PARAMETERS}.get(path, CHANGES_PARAMETERS)
    for name in draw(st.lists(st.sampled_from([name for name in _VALUES if name in known]), unique=True, max_size=5)):
        parameters[name] = draw(st.sampled_from(_VALUES[name]))
    if draw(st.booleans()):
        parameters |= {"names": "true"} | ({"by": "user"} if path == "/v1/statistics" else {})
    return f"{path}?{urlencode(parameters)}"


_PATHS = (
    "/v1/statistics",
    "/v1/statistics",
    "/v1/statistics/explain",
    "/v1/statistics/explain",
    "/v1/statistics/changes",
    "/v1/statistics/coverage",
    "/v1/session",
    "/v1.0/datacenter/reportData",
)


@pytest.mark.whole
@tried_with(10, 800)
def test_only_records_have_names(callers: Callers, examples: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    told: set[str] = set()

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(calls())
    @example(f"/v1/statistics?from={DAY}&by=user&names=true")
    def check(address: str) -> None:
        for browser, may in ((callers.totals, set()), (callers.some, {"u1", "u2"}), (callers.records, set(NAMES))):
            answer = browser.get(address)
            found = names_in(answer.body) | names_in(str(answer.headers).encode())
            assert found <= may, address
            assert not found or "names=true" in address or "names=1" in address, address
            told.update(found)

    check()
    assert told == set(NAMES)
    assert names_in(caplog.text.encode()) == set()


@pytest.mark.whole
def test_names_stand_beside_ids(callers: Callers) -> None:
    for browser, who in ((callers.some, {"u1", "u2"}), (callers.records, set(NAMES))):
        expected = {user_id: NAMES[user_id] for user_id in who}
        rows = browser.get(f"/v1/statistics?from={DAY}&by=user&names=true").json
        assert {row["user"]: row["userName"] for row in rows["data"]} == expected
        assert [column["name"] for column in rows["meta"]["columns"]][3:5] == ["user", "userName"]
        records = browser.get(f"/v1/statistics/explain?day={DAY}&metric=reports&names=true").json
        assert {row["user"]: row["userName"] for row in records["data"]} == expected
        table = browser.get(f"/v1/statistics?from={DAY}&by=user&names=true&format=csv").body
        assert names_in(table) == who
    page = callers.records.get(f"/v1/statistics?from={DAY}&by=user&names=true&pageSize=2").json
    assert "names=true" in page["meta"]["nextPage"]
    assert [row["userName"] for row in callers.records.get(page["meta"]["nextPage"]).json["data"]] == [NAMES["u3"]]
    for path in (
        f"/v1/statistics?from={DAY}&by=user&names=true",
        f"/v1/statistics/explain?day={DAY}&metric=reports&names=1",
    ):
        refused = callers.totals.get(path)
        assert (refused.status, refused.json["code"]) == (403, "Forbidden.AccessDenied.AccessTokenPermissionDenied")
    alone = callers.records.get(f"/v1/statistics?from={DAY}&by=day&names=true")
    assert (alone.status, "by=user" in alone.json["message"]) == (400, True)


@pytest.mark.whole
def test_no_other_file_has_a_name(callers: Callers) -> None:
    callers.records.get(f"/v1/statistics?from={DAY}&by=user&names=true&format=parquet")
    callers.records.get(f"/v1/statistics?from={DAY}&by=user&names=true&format=xlsx")
    places = {path.name.partition("-")[0] for path in _files(callers.folder.path) if names_in(path.read_bytes())}
    assert places == {"names.db"}


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
