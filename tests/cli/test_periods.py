"""Words for days as commands take them: in the organisation's time zone."""

from __future__ import annotations

import json
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportdata.cli.periods import Today
from reportdata.errors import BadValue
from reportdata.identity import Organisation
from tests.support.folders import Folder, run

ZONES = ["Asia/Shanghai", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "UTC"]


@given(st.integers(946_684_800, 4_102_444_799), st.sampled_from(ZONES))
def test_today_is_that_of_the_organisations_zone(now: int, zone: str) -> None:
    local = datetime.fromtimestamp(now, ZoneInfo(zone)).date()
    own = Today.of([Organisation("a", zone), Organisation("b", "UTC")], "a", now)
    assert own.day("today") == f"{local:%Y%m%d}"
    assert own.between("yesterday", "+1d") == tuple(f"{local + timedelta(days=n):%Y%m%d}" for n in (-1, 1))
    utc = datetime.fromtimestamp(now, UTC).date()
    both = Today.of([Organisation("a", zone), Organisation("b", "UTC")], None, now)
    if local == utc:
        assert both.day("today") == f"{utc:%Y%m%d}"
    else:
        with pytest.raises(BadValue, match="not the same day everywhere"):
            both.day("today")
    assert both.day("20210620") == "20210620"


def test_periods_give_their_first_and_their_last_day() -> None:
    today = Today({"UTC": date(2026, 3, 4)})
    assert today.between("last-month", "last-week") == ("20260201", "20260301")
    assert today.asked("last-month", None) == ("20260201", "20260228")
    assert today.asked("last-month", "yesterday") == ("20260201", "20260303")
    assert today.asked(None, None) == (None, None)
    assert today.words(
        [("range", "上周"), ("than", "day=yesterday&asOf=2026-03-01T00:00:00+08:00"), ("by", "day")]
    ) == [
        ("from", "20260223"),
        ("to", "20260301"),
        ("than", "day=20260303&asOf=2026-03-01T00:00:00+08:00"),
        ("by", "day"),
    ]
    with pytest.raises(BadValue, match="20260223–20260301"):
        today.day("last-week")
    with pytest.raises(BadValue, match="is before"):
        today.between("today", "yesterday")


@pytest.fixture
def noon(folder: Folder) -> Folder:
    """An organisation where it is about noon, so that no midnight comes meanwhile; two weeks are known."""
    hour = datetime.now(UTC).hour
    zone = f"Etc/GMT{hour - 12:+d}"  # its sign is the other way round
    folder.add_organisation("ding1", zone)
    today = datetime.fromtimestamp(time.time(), ZoneInfo(zone)).date()
    records = Path(folder.path.parent, "sent.jsonl")
    rows = [
        {"report_id": f"r{ago}-{n}", "user_id": "u", "sent_at": f"{today - timedelta(days=ago)}T08:00:00"}
        for ago in range(15)
        for n in range(ago + 1)
    ]
    records.write_text("\n".join(map(json.dumps, rows)))
    folder.import_(records, corp_id="ding1")
    return folder


def counted(folder: Folder, *arguments: str) -> list[int]:
    result = run(folder, "query", *arguments, "--format", "json")
    assert result.exit_code == 0, result.output
    return [row["4100_DAY"] for row in json.loads(result.stdout)]


def test_queries_take_words_for_days(noon: Folder) -> None:
    assert counted(noon, "today") == counted(noon, "今天") == [1]
    assert counted(noon, "昨天") == [2]
    assert counted(noon, "-7d") == counted(noon, "7天前") == [8]
    assert counted(noon, "-7d", "--to", "-6d") == counted(noon, "--to", "-6d", "-7d") == [8, 7]
    weeks = counted(noon, "last-week")
    assert weeks == list(range(weeks[0], weeks[0] - 7, -1))


@pytest.mark.whole
def test_questions_and_explanations_take_words_for_days(noon: Folder) -> None:
    asked = run(noon, "query", "--range", "yesterday", "--by", "day", "--format", "json")
    assert [row["reports"] for row in json.loads(asked.stdout)["data"]] == [2]
    told = run(noon, "explain", "reports", "-2d", "--than", "day=yesterday", "--format", "json")
    assert json.loads(told.stdout)["meta"]["totalRows"] == 5
    assert run(noon, "changes", "--since", "yesterday", "--from", "-3d").exit_code == 0


@pytest.mark.whole
def test_other_commands_take_words_for_days(noon: Folder) -> None:
    for arguments in (
        ("refresh", "--from", "last-week", "--to", "yesterday"),
        ("compact", "--from", "-7d"),
        ("audit", "--from", "today", "--day", "yesterday"),
    ):
        assert run(noon, *arguments).exit_code == 0, arguments
    until = run(noon, "link", "add", "--corp", "ding1", "--name", "board", "--until", "+30d", "--json")
    assert until.exit_code == 0, until.output
    refused = run(noon, "link", "add", "--corp", "ding1", "--name", "board", "--until", "this-month")
    assert (refused.exit_code, "name one day" in refused.output) == (1, True) or datetime.now(UTC).day == 1
