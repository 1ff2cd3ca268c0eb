"""The tools on a data folder and on a server: what is listed, pages, limits and refusals; and that all ways to ask give
the same numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reportdata.assistants.replies import reply_of
from reportdata.assistants.server import called, open_server
from reportdata.assistants.sources import Problem, ServerSource, Source, told
from reportdata.assistants.tools import MOST_ROWS, TOOLS, USUAL_ROWS, read_arguments
from reportdata.cli.assisting import FolderSource
from reportdata.client import ApiError, Client, Patience
from reportdata.days import days_between, to_date
from reportdata.errors import BadValue
from reportdata.services import read_services
from reportdata.statistics.explained import read_explained
from tests.support.asked import CONTRACT, RECORDS, TOTALS, Asked
from tests.support.assisted import MODES, calling, text_of, with_client
from tests.support.examples import tried_with
from tests.support.folders import run
from tests.support.services import SERVICE
from tests.support.tools import require_package

if TYPE_CHECKING:
    from mcp.types import CallToolResult, ListToolsResult

ASKED_FOR = ("from", "to", "timeZone", "state", "asOf", "totalRows", "nextPage", "rows")


@contextmanager
def source_of(sample: Asked, kind: str) -> Iterator[Source]:
    """A source of answers: the data folder, or the server."""
    if kind == "server":
        with sample.client() as client:
            yield ServerSource(client)
        return
    with FolderSource(sample.folder.settings, sample.folder.store, sample.corp_id, records=True) as source:
        yield source


KINDS = pytest.mark.parametrize("kind", ["folder", "server"])
BOTH = pytest.mark.parametrize("mode", MODES)


def call(sample: Asked, kind: str, mode: str, tool: str, **arguments: Any) -> CallToolResult:
    """Call a tool."""
    require_package("mcp")
    with source_of(sample, kind) as source:
        return with_client(open_server(lambda _: source), calling(tool, **arguments), mode)


@pytest.mark.whole
@BOTH
def test_tools_are_listed_as_reading_alone(sample: Asked, mode: str) -> None:
    require_package("mcp")

    async def listed(client: Any) -> ListToolsResult:
        found: ListToolsResult = await client.list_tools()
        return found

    with source_of(sample, "folder") as source:
        tools = with_client(open_server(lambda _: source), listed, mode).tools
    assert [tool.name for tool in tools] == list(TOOLS)
    for tool in tools:
        hints = tool.annotations
        assert hints is not None
        assert (hints.read_only_hint, hints.destructive_hint) == (True, False)
        assert (hints.idempotent_hint, hints.open_world_hint) == (True, False)
        assert tool.input_schema["additionalProperties"] is False
        assert all("description" in found for found in tool.input_schema["properties"].values())
        assert tool.output_schema is not None
        assert set(ASKED_FOR) <= set(tool.output_schema["required"])


@pytest.mark.whole
@KINDS
@BOTH
def test_a_reply_is_structured_and_says_days_zone_state_and_moment(sample: Asked, kind: str, mode: str) -> None:
    found = call(sample, kind, mode, "statistics", from_=sample.first, to=sample.last, by=["week", "department"])
    assert not found.is_error
    reply = found.structured_content
    assert json.loads(text_of(found)) == reply
    assert (reply["from"], reply["timeZone"]) == (to_date(sample.first).isoformat(), "Asia/Shanghai")
    assert reply["asOf"].endswith("+08:00")
    assert reply["state"] in ("final", "provisional", "partial")
    assert reply["totalRows"] == len(reply["rows"]) > 1
    assert reply["nextPage"] is None
    assert {"calibre", "columns", "notes", "newestFinalDay", "emptyReason"} == set(reply["about"])


@pytest.mark.whole
@KINDS
def test_pages_fit_together_and_none_is_too_large(sample: Asked, kind: str) -> None:
    with source_of(sample, kind) as source:
        tool, asked = TOOLS["statistics"], {"from": sample.first, "to": sample.last, "by": "day,hour,department"}
        whole = source.ask(tool.path, list(asked.items()))
        assert len(called(tool, asked, source)["rows"]) == USUAL_ROWS
        arguments: dict[str, Any] | None = asked | {"pageSize": MOST_ROWS}
        rows: list[Any] = []
        moments = set()
        while arguments is not None and len(rows) < 3 * MOST_ROWS:
            reply = called(tool, arguments, source)
            assert len(reply["rows"]) <= MOST_ROWS
            rows += reply["rows"]
            moments.add(reply["asOf"])
            arguments = reply["nextPage"]
    assert reply["totalRows"] == whole["meta"]["totalRows"] > MOST_ROWS
    spare = [{name: value for name, value in row.items() if name != "states" or value} for row in whole["data"]]
    assert rows == spare[: len(rows)]
    assert len(rows) > MOST_ROWS
    assert len(moments) == 1


@KINDS
def test_coverage_has_the_newest_days_first_and_pages(sample: Asked, kind: str) -> None:
    with source_of(sample, kind) as source:
        whole = called(TOOLS["coverage"], {}, source)
        first = called(TOOLS["coverage"], {"pageSize": 1}, source)
        second = called(TOOLS["coverage"], first["nextPage"], source)
        beyond = called(TOOLS["coverage"], {"page": 9}, source)
    assert [*first["rows"], *second["rows"]] == whole["rows"][:2]
    assert whole["totalRows"] == first["totalRows"] == len(whole["rows"]) > 1
    assert whole["rows"][0]["to"] == whole["to"] == whole["about"]["newestDay"]
    assert whole["rows"][-1]["from"] == whole["from"]
    assert set(ASKED_FOR) <= set(whole)
    assert beyond["rows"] == []


@KINDS
def test_coverage_says_which_services_there_are_and_what_to_ask_of_them(sample: Asked, kind: str) -> None:
    with source_of(sample, kind) as source:
        about = called(TOOLS["coverage"], {}, source)["about"]
        beyond = [called(TOOLS["coverage"], more, source)["about"] for more in ({"page": 2}, {"service": "reportData"})]
    (reports,) = about["services"]
    assert (reports["service"], reports["records"], reports["newestDay"]) == ("reportData", True, about["newestDay"])
    assert reports["metrics"] == {"reports": "发送日志数", "senders": "发送日志用户数", "commenters": "评论日志用户数"}
    assert set(about["withoutNumbers"]) == (
        {one.id for one in read_services()} - {"reportData"} if kind == "folder" else set()
    )
    assert not any("services" in one for one in beyond)


def test_pages_of_a_services_coverage_are_its_own() -> None:
    pairs = read_arguments(TOOLS["coverage"], {"service": "checkinData", "pageSize": 1})
    reply = reply_of(TOOLS["coverage"], pairs, {"data": [{}, {}], "meta": {}})
    assert reply["nextPage"] == {"service": "checkinData", "page": 2, "pageSize": 1}


@pytest.mark.whole
@KINDS
@BOTH
def test_changes_and_an_explanation(sample: Asked, kind: str, mode: str) -> None:
    first, then = (to_date(day).isoformat() for day in list(days_between(sample.first, sample.last))[:2])
    changes = call(sample, kind, mode, "changes", since=sample.first, pageSize=4).structured_content
    assert (len(changes["rows"]), changes["nextPage"]["page"]) == (4, 2)
    assert changes["rows"][0]["day"] == first
    assert changes["rows"][0]["cause"].startswith("import ")
    assert set(ASKED_FOR) <= set(changes)
    later = call(sample, kind, mode, "changes", since=changes["nextSince"]).structured_content
    assert (later["rows"], later["nextSince"]) == ([], changes["nextSince"])
    found = call(sample, kind, mode, "explain", metric="senders", day=first, than={"day": then}, pageSize=7)
    assert not found.is_error, text_of(found)
    reply = found.structured_content
    about = reply["about"]
    assert about["value"] == about["sets"]["new"] + about["sets"]["both"] == about["counted"]
    assert about["than"]["from"] == then
    assert about["history"][-1]["is"] == about["value"]
    assert (len(reply["rows"]), reply["from"], reply["to"]) == (7, first, first)
    with source_of(sample, kind) as source:
        following = called(TOOLS["explain"], reply["nextPage"], source)
    assert following["about"]["sets"] == about["sets"]
    assert following["rows"] != reply["rows"]
    assert (following["asOf"], following["totalRows"]) == (reply["asOf"], reply["totalRows"])
    nothing = call(sample, kind, mode, "changes", since=changes["asOf"], metrics=["reports"]).structured_content
    assert (nothing["rows"], nothing["state"]) == ([], None)


def test_another_cell_is_asked_for_as_it_is_written() -> None:
    cell = {"department": "研发 一部+", "asOf": "2026-09-22T08:00:00+08:00", "without": "user"}
    pairs = read_arguments(TOOLS["explain"], {"metric": "reports", "day": "2026-09-21", "user": "u1", "than": cell})
    than = read_explained(pairs, SERVICE).than
    assert than is not None
    assert (than.departments, than.as_of, than.users) == (("研发 一部+",), cell["asOf"], ())


def test_a_long_history_is_cut_and_says_so() -> None:
    history = [{"when": None, "was": number, "is": number + 1, "cause": "push"} for number in range(MOST_ROWS + 3)]
    meta = {"nextPage": None, "history": history}
    about = reply_of(TOOLS["explain"], [], {"data": [], "meta": meta})["about"]
    assert (about["history"], about["earlierVersions"]) == (history[3:], 3)


@BOTH
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"form": "20250101"}, "there are from, to, range"),
        ({"range": "7d", "format": "csv"}, "no argument 'format'"),
        ({"range": "7d", "by": "colour"}, "there are day, week"),
        ({"range": "7d", "pageSize": MOST_ROWS + 1}, f"from 1 to {MOST_ROWS}"),
        ({"range": "7d", "page": 0}, "from 1 to"),
        ({"range": {"days": 7}}, "as the schema says"),
        ({}, "give from and to, or range"),
        ({"from": "2025-01-01", "asOf": "2090-01-01T00:00:00Z"}, "name a moment that has been"),
    ],
    ids=lambda value: next(iter(value), "nothing") if isinstance(value, dict) else "",
)
def test_what_cannot_be_asked_is_an_error_of_the_tool_that_says_what_can(
    sample: Asked, mode: str, arguments: dict[str, Any], said: str
) -> None:
    found = call(sample, "folder" if mode == "auto" else "server", mode, "statistics", **arguments)
    assert found.is_error
    assert said in text_of(found)


@BOTH
def test_a_tool_that_is_not_there_is_an_error_of_the_protocol(sample: Asked, mode: str) -> None:
    require_package("mcp")
    from mcp.shared.exceptions import MCPError

    async def call_it(client: Any) -> None:
        with pytest.raises(MCPError, match=f"there are {', '.join(TOOLS)}"):
            await client.call_tool("delete_everything", {})

    with source_of(sample, "folder") as source:
        with_client(open_server(lambda _: source), call_it, mode)


@pytest.mark.whole
def test_single_people_are_told_apart_only_where_that_was_chosen(sample: Asked) -> None:
    tool, arguments = TOOLS["statistics"], {"from": sample.first, "to": sample.last, "by": "user"}
    with FolderSource(sample.folder.settings, sample.folder.store, sample.corp_id, records=False) as source:
        for asked in (arguments, {"from": sample.first, "user": ["a", "b"]}):
            with pytest.raises(Problem, match="--records"):
                called(tool, asked, source)
        with pytest.raises(Problem, match="--records"):
            called(TOOLS["explain"], {"metric": "reports", "day": sample.first, "user": "a"}, source)
        explained = called(TOOLS["explain"], {"metric": "reports", "day": sample.first}, source)
        assert (explained["rows"], explained["totalRows"]) == ([], 0)
        assert explained["about"]["value"] > 0
    with source_of(sample, "folder") as source:
        assert called(tool, arguments, source)["rows"]
    with sample.client(TOTALS) as client, pytest.raises(Problem, match=RECORDS):
        called(tool, arguments, ServerSource(client))


@pytest.mark.whole
def test_problems_of_the_server_say_what_to_do(sample: Asked) -> None:
    key, _ = sample.key().split(":")
    with (
        Client(sample.served.url, key, "wrong", basic=True) as client,
        pytest.raises(Problem, match="ask the user for a valid one"),
    ):
        called(TOOLS["coverage"], {}, ServerSource(client))
    once = Patience(tries=1)
    with (
        Client("http://127.0.0.1:9", token="t", patience=once) as client,
        pytest.raises(Problem, match="Check that the server runs"),
    ):
        called(TOOLS["coverage"], {}, ServerSource(client))


@pytest.mark.whole
def test_arguments_become_parameters() -> None:
    tool = TOOLS["statistics"]
    given = {"by": ["day", "user"], "department": ["a", "b"], "children": True, "page": 2, "asOf": None}
    assert read_arguments(tool, given) == [
        ("by", "day,user"),
        ("department", "a"),
        ("department", "b"),
        ("children", "true"),
        ("page", "2"),
        ("pageSize", str(USUAL_ROWS)),
    ]
    with pytest.raises(BadValue):
        read_arguments(tool, {"pageSize": "9" * 30})


@pytest.mark.whole
@tried_with(4, 100)
def test_all_ways_to_ask_give_the_same_numbers_and_states(sample: Asked, examples: int) -> None:
    days = list(days_between(sample.first, sample.last))
    words = st.sampled_from((None, "reports", "senders,commenters"))

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.sampled_from(days), min_size=2, max_size=2).map(sorted), words)
    def check(period: list[str], metrics: str | None) -> None:
        first, last = period
        rows = list(client.statistics(first, last, by="day", metrics=metrics))
        known = ["reports", "senders", "commenters"] if metrics is None else metrics.split(",")
        expected = [(row.period, {name: row.numbers[name] for name in known}, row.state) for row in rows]
        asked = {"from": first, "to": last, "by": "day"} | ({"metrics": metrics} if metrics else {})
        for source in sources:
            reply = called(TOOLS["statistics"], asked, source)
            assert [(row["period"], {name: row[name] for name in known}, row["state"]) for row in reply["rows"]] == (
                expected
            )
        options = [word for name, value in asked.items() if name in ("by", "metrics") for word in (f"--{name}", value)]
        printed = run(
            sample.folder, "query", first, "--to", last, "--corp", sample.corp_id, *options, "--format", "json"
        )
        assert printed.exit_code == 0, printed.output
        said = json.loads(printed.stdout)["data"]
        assert [(row["period"], {name: row[name] for name in known}, row["state"]) for row in said] == expected
        if metrics is None:
            for day in dict.fromkeys(period):
                found = client.report_data(day)
                contract = [(dict(zip(known, row.numbers.values(), strict=True)), found.state) for row in found.rows]
                assert contract == [(row.numbers, row.state) for row in rows if row.period_start == to_date(day)]

    with sample.client(CONTRACT) as client, source_of(sample, "folder") as here, source_of(sample, "server") as there:
        sources = (here, there)
        check()


def test_what_fails_on_the_server_is_not_mended_by_other_arguments() -> None:
    failed = told(ApiError(500, "DataDamaged", "Files are damaged.", "R-1"))
    assert failed == "Files are damaged (DataDamaged, request R-1). No other arguments mend that: tell the user."
    assert told(ApiError(400, "InvalidParameter", "no", "R-1")).endswith("Change the arguments as it says.")
