"""Clients that were written for the real DingTalk read from the offline one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reportdata.twin import Habits, Server, Twin, running
from tests.support.calling import Call
from tests.support.folders import Folder
from tests.support.python_sdk import query, token
from tests.support.twins import Caller

FIRST, LAST = "20260914", "20260918"
START, END = 1_789_315_200_000, 1_789_833_600_000
"""The milliseconds of these days."""
STYLES = ("sync", "async")


def community(server: Server) -> Any:
    """The community client, with the endpoint changed: its report calls go to the paths that DingTalk documents, where
    the client's own way is an older gateway under another name."""
    from dingtalk import AppKeyClient  # takes long; most processes of the tests do not need it

    class Community(AppKeyClient):  # type: ignore[misc]
        API_BASE_URL = f"{server.url}/"

        def top_request(self, method: str, params: dict[str, Any] | None = None, *_: Any, **more: Any) -> Any:
            path = method.removeprefix("dingtalk.oapi.").replace(".", "/")
            return self.post(f"/topapi/{path}", params, **more)["result"]

    return Community(server.twin.corp_id, server.twin.app_key, server.twin.app_secret)


def a_week() -> Twin:
    """An organisation with a week of reports, a year later."""
    return Twin(
        people=30, first_day=FIRST, last_day=LAST, now=1_820_000_000, rate=0, budget=0, habits=Habits(popular=0.05)
    )


@pytest.mark.whole
def test_the_community_client_reads_lists_and_comments() -> None:
    with running(a_week()) as server:
        client, twin = community(server), server.twin
        reports: dict[str, dict[str, Any]] = {}
        cursor, going_on = 0, True
        while going_on:
            page = client.report.list(START, END, cursor, 20)
            reports |= {report["report_id"]: report for report in page["data_list"]}
            cursor, going_on = page["next_cursor"], page["has_more"]
        truth = twin.truth(FIRST, LAST)
        assert len(reports) == sum(kpis["4100"] for kpis in truth.values())
        for report_id, report in reports.items():
            comments: list[dict[str, Any]] = []
            offset: int | None = 0
            while offset is not None:
                page = client.report.comment_list(report_id, offset)
                comments += page["comments"]
                offset = page.get("next_cursor")
            known = twin.activity.find(report_id)
            assert known is not None
            assert report["creator_id"] == twin.organisation.people[known.person].user_id
            assert [comment["userid"] for comment in comments] == [
                twin.organisation.people[comment.person].user_id for comment in known.comments
            ]
        commented = max(reports, key=lambda report_id: len(getattr(twin.activity.find(report_id), "comments", ())))
        numbers = client.report.statistics(commented)
        assert numbers["comment_user_num"] == len(client.report.statistics_listbytype(commented, 1)["userid_list"]) > 0
        assert client.report.template_listbyuserid("manager0000")["template_list"][0]["name"] == "日报"


def test_the_community_client_renews_an_ended_token_and_understands_errors() -> None:
    from dingtalk.core.exceptions import DingTalkClientException

    with running(a_week()) as server:
        client, twin = community(server), server.twin
        number = twin.calls.total
        twin.trouble(f"expired-plain-40014={number + 2}")
        assert client.report.list(START, END)["data_list"]
        assert twin.calls.by_outcome == {"ok": 3, "40014": 1}
        twin.trouble("busy-1")
        with pytest.raises(DingTalkClientException) as caught:
            client.report.list(START, END)
        assert (caught.value.errcode, caught.value.errmsg) == (-1, "系统繁忙")


@pytest.mark.parametrize("style", STYLES)
def test_the_official_sdk_reads_its_own_numbers(style: str) -> None:
    with running(a_week()) as server:
        twin = server.twin
        found = Call(server.address, token(server.endpoint, twin.app_key, twin.app_secret, style))
        for day, kpis in twin.truth(FIRST, LAST).items():
            (row,) = query(found._replace(stat_date=day), style)["dataList"]
            assert [row[f"{kpi}_DAY"] for kpi in kpis] == list(kpis.values())
        twin.trouble("qps")
        with pytest.raises(Exception, match="QpsLimitForAppkeyAndApi"):
            query(found._replace(stat_date=FIRST), style)


@pytest.mark.whole
def test_saved_exchanges_are_imported_to_the_truth(folder: Folder, tmp_path: Path) -> None:
    saved = tmp_path / "exchanges.jsonl"
    with running(a_week()) as server, Caller(server) as caller, saved.open("w") as file:
        twin = server.twin

        def exchange(name: str, **request: int | str) -> dict[str, Any]:
            response = caller.post(name, **request).json()
            file.write(json.dumps({"api": f"topapi/{name}", "request": request, "response": response}) + "\n")
            return dict(response["result"])

        cursor, going_on = 0, True
        while going_on:
            window = {"start_time": START, "end_time": END, "cursor": cursor, "size": 20}
            page = exchange("report/list", **window)
            cursor, going_on = page["next_cursor"], page["has_more"]
            for report in page["data_list"]:
                offset: int | None = 0
                while offset is not None:
                    comments = exchange("report/comment/list", report_id=report["report_id"], offset=offset, size=20)
                    offset = comments.get("next_cursor")
    folder.add_organisation(twin.corp_id)
    folder.import_(saved, corp_id=twin.corp_id)
    assert folder.days() == {
        (twin.corp_id, day): tuple(kpis.values())
        for day, kpis in twin.truth(FIRST, "20261130").items()
        if any(kpis.values())
    }
    for path in folder.path.rglob("*"):
        kept = path.read_bytes() if path.is_file() else b""
        assert not [mark for mark in twin.marks if mark.encode() in kept], path
