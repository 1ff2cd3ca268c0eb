"""Services whose KPIs no document tells: what was answered is kept whole, and answered again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from reportdata.identity import Organisation
from reportdata.pipeline.mirroring import Source, Wanted, mirror_all
from reportdata.services import REPORTS, Relayed, read_services
from reportdata.services.relayed import EMPTY, RelayedAnswer, read_relayed
from reportdata.twin import BEIJING, Request, Twin
from tests.support.calling import Call
from tests.support.catalogue import sdk_calls
from tests.support.causes import ERRORS
from tests.support.folders import Folder, run
from tests.support.serving import Serving, serving
from tests.support.stores import OPENERS, STORES
from tests.support.twins import token

SERVICES = read_services()
RELAYED = {one.id: one for one in SERVICES.relayed}
FIRST, LAST = "20260901", "20260910"
NOW = datetime(2026, 10, 1, 9, tzinfo=BEIJING).timestamp()
SHOWN = ("yydActiveDayDatas", "yydToatlMsgWeekDatas", "yydTodoMonthDatas", "yydAppStdDatas")


def answered(twin: Twin, relayed: Relayed, day: str) -> bytes:
    """What the twin answers."""
    headers = {"x-acs-dingtalk-access-token": token(twin)}
    return twin.answer(Request("GET", relayed.path, f"statDate={day}", headers)).body


def asking(twin: Twin, relayed: Relayed) -> Source:
    def ask(_corp: str, day: str) -> RelayedAnswer | None:
        return next(iter(read_relayed(answered(twin, relayed, day))), None)

    return Source(relayed, ask)


class Mirror(NamedTuple):
    twin: Twin
    folder: Folder
    served: Serving
    token: str

    def call(self, name: str, day: str | None) -> Call:
        return Call(self.served.address, self.token, day, path=RELAYED[name].path)


@pytest.fixture(scope="module")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mirror]:
    twin = Twin(people=7, first_day="20260801", now=NOW, rate=0, budget=0)
    folder = Folder(tmp_path_factory.mktemp("relayed") / "data")
    with closing(folder.store):
        folder.add_organisation(twin.corp_id)
        wanted = Wanted(Organisation(twin.corp_id, "Asia/Shanghai"), FIRST, LAST)
        sources = [asking(twin, RELAYED[name]) for name in SHOWN[:3]]
        done = mirror_all(folder.store, sources, wanted, now=lambda: NOW)
        assert {name: len(found.fetched) for name, found in done.items()} == dict(zip(SHOWN, (10, 1, 0), strict=False))
        month = Wanted(wanted.organisation, FIRST, "20260930")
        assert mirror_all(folder.store, sources[2:], month, now=lambda: NOW)[SHOWN[2]].fetched == ["20260930"]
        scopes = tuple({RELAYED[name].scope for name in SHOWN})
        app = folder.token(folder.add_app(twin.corp_id, scopes=scopes)[0], NOW)
        with serving(folder, clock=lambda: NOW) as served:
            yield Mirror(twin, folder, served, app)


def test_they_are_those_of_the_official_sdk() -> None:
    paths = {path for path in sdk_calls() if "/yyd" in path}
    counted = {path for path in SERVICES.service(REPORTS).paths if "/yyd" in path}
    assert {one.path for one in SERVICES.relayed} == paths - counted
    assert (len(SERVICES.relayed), len(paths)) == (35, 38)


def test_what_was_answered_is_answered_byte_for_byte(mirror: Mirror) -> None:
    days = [(SHOWN[0], "20260901"), (SHOWN[0], "20260910"), (SHOWN[1], "20260906"), (SHOWN[2], "20260930")]
    for name, day in days:
        answer = mirror.call(name, day).answer()
        assert answer.body == answered(mirror.twin, RELAYED[name], day)
        assert b'"dataList":[{"stat_date":"%s",' % day.encode() in answer.body
        assert (answer.headers["x-reportdata-state"], answer.headers["x-reportdata-origin"]) == ("final", "official")


def test_a_day_without_an_answer_has_the_newest_kpis_and_no_row(mirror: Mirror) -> None:
    for name, day in ((SHOWN[0], "20260911"), (SHOWN[1], "20260907")):
        answer = mirror.call(name, day).answer()
        meta = json.loads(answered(mirror.twin, RELAYED[name], "20260906"))["metaList"]
        assert json.loads(answer.body) == {"metaList": meta, "dataList": []}
        assert answer.headers["x-reportdata-state"] == "missing"
    assert mirror.call(SHOWN[3], LAST).answer().body == EMPTY, "no answer was ever brought"


def test_their_errors_are_those_of_the_contract(mirror: Mirror) -> None:
    call = mirror.call(SHOWN[0], FIRST)
    reports = mirror.folder.token(mirror.folder.add_app(mirror.twin.corp_id)[0], NOW)
    homeless = mirror.folder.token(mirror.folder.add_app(None, scopes=(RELAYED[SHOWN[0]].scope,))[0], NOW)
    for wrong, code in (
        (call._replace(token=None), "AuthenticationFailed.MissingParameter"),
        (call._replace(token="0" * 32), "InvalidAuthentication"),
        (call._replace(token=reports), "Forbidden.AccessDenied.AccessTokenPermissionDenied"),
        (call._replace(token=homeless), "orgId.is.null"),
        (call._replace(stat_date=None), "statDate.is.null"),
        (call._replace(stat_date="20260931"), "statDate.format.iserror"),
    ):
        answer = wrong.answer()
        assert json.loads(answer.body)["code"] == code
        assert answer.status.split()[1] == str(ERRORS[code].status)


@pytest.mark.parametrize("kind", STORES)
def test_a_period_that_goes_on_is_provisional_and_asked_for_again(tmp_path: Path, kind: str) -> None:
    relayed = RELAYED["yydTodoDayDatas"]
    body = f'{{"metaList":[],"dataList":[{{"stat_date":"{FIRST}","corp_id":"c","1_DAY":1.50}}]}}'
    wanted = Wanted(Organisation("c", "Asia/Shanghai"), FIRST, FIRST)
    with closing(OPENERS[kind](tmp_path)()) as store:
        store.add_organisations([wanted.organisation])
        source = Source(relayed, lambda *_: read_relayed(body)[0])
        for day, fetched in ((1, 0), (2, 1), (3, 0)):
            now = datetime(2026, 9, day, 12, tzinfo=BEIJING).timestamp()
            done = mirror_all(store, [source], wanted, now=lambda now=now: now)[relayed.id]  # type: ignore[misc]
            assert len(done.fetched) == fetched
        found = store.newest_official(relayed.id, "c")
        assert found is not None
        assert found.answer == body


def test_saved_answers_are_brought_from_files(folder: Folder, tmp_path: Path) -> None:
    folder.add_organisation("c")
    one = '{"dataList": [{"corp_id": "c", "7_WEEK": 0.250, "stat_date": "20260906"}], "metaList": [{"kpiId": "7"}]}'
    path = tmp_path / "answers.jsonl"
    path.write_text(f"{one}\n{one.replace('20260906', '20260913')}\n")
    done = run(folder, "figures", "import", path, "--service", "yydNoticeWeekDatas")
    assert done.exit_code == 0, done.output
    service = "yydNoticeWeekDatas"
    found = folder.store.official(service, "c", "20260101", "20261231")
    row = '{"corp_id":"c","7_WEEK":0.250,"stat_date":"20260906"}'
    assert [one.stat_day for one in found] == ["20260906", "20260913"]
    assert found[0].answer == f'{{"metaList":[{{"kpiId":"7"}}],"dataList":[{row}]}}'
    for text, words in {
        "{}": "is none",
        '{"metaList":[],"dataList":[]}': "has no figures",
        '{"metaList":[],"dataList":[{"corp_id":"c","stat_date":"20260931","7_WEEK":1}]}': "is not a day",
        '{"metaList":[],"dataList":[{"corp_id":"d","stat_date":"20260906","7_WEEK":1}]}': "not known",
        '{"metaList":[],"dataList":[{"corp_id":"c","stat_date":"20260906"}]}': "no number",
        "stat_date,7_WEEK\n20260906,1\n": "holds no answers",
        one.replace("0.250", "1e999999999"): "is no number of a day",
        one.replace("0.250", "1e99999999999999999999"): "is no number of a day",
        f"{one}\n{one.replace('0.250', '0.251')}": "other numbers",
        one.replace(
            "}],", '}, {"corp_id": "c", "7_WEEK": 1, "stat_date": "20260906"}],', 1
        ): "several rows of 20260906",
    }.items():
        path.write_text(text)
        refused = run(folder, "figures", "import", path, "--service", service)
        assert (refused.exit_code, words in refused.output) == (1, True), refused.output
