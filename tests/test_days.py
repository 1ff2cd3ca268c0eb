"""Which day an instant belongs to, to the microsecond, in every zone and however it is imported."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from reportdata.days import day_of as computed
from reportdata.days import days_between, end_of, is_day, parse_day
from reportdata.errors import BadValue
from tests.support.folders import Folder

ZONES = [ZoneInfo(name) for name in ("Asia/Shanghai", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "UTC")]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
days = st.dates(date(2000, 1, 2), date(2099, 12, 30))


def begin(day: date, zone: ZoneInfo) -> int:
    """The microsecond at which a day begins, in plain Python: the first second of all that are of this day."""
    midday = int((datetime(day.year, day.month, day.day, 12, tzinfo=UTC) - EPOCH).total_seconds())
    low, high = midday - 48 * 3600, midday + 12 * 3600  # the first is of a day before, the last of this one or later
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if datetime.fromtimestamp(middle, zone).date() >= day else (middle, high)
    return high * 1_000_000


@given(days, st.sampled_from(ZONES))
@example(date(2026, 3, 8), ZoneInfo("America/New_York"))
@example(date(2026, 11, 1), ZoneInfo("America/New_York"))
def test_a_day_is_from_midnight_to_the_microsecond_before_the_next(day: date, zone: ZoneInfo) -> None:
    first, after = begin(day, zone), begin(day + timedelta(days=1), zone)
    assume(first < after)
    name, before = f"{day:%Y%m%d}", f"{day - timedelta(days=1):%Y%m%d}"
    assert [computed(at, zone) for at in (first, first + 1, after - 1)] == [name] * 3
    assert computed(first - 1, zone) == before
    assert (end_of(before, zone), end_of(name, zone)) == (first, after)


def test_a_day_that_a_zone_left_out_has_no_instant() -> None:
    apia, after = ZoneInfo("Pacific/Apia"), begin(date(2011, 12, 31), ZoneInfo("Pacific/Apia"))
    assert (computed(after - 1, apia), computed(after, apia)) == ("20111229", "20111231")


@pytest.mark.parametrize("name", ["facts.csv", "facts.jsonl"])
def test_an_import_counts_the_last_microsecond_and_the_first(folder: Folder, name: str) -> None:
    folder.add_organisation("ding1")
    times = ("2026-09-20 23:59:59.999999", "2026-09-21 00:00:00", "2026-09-21T15:59:59.999999Z", "2026-09-21T16:00:00Z")
    rows = [(f"r{number}", f"u{number}", time) for number, time in enumerate(times)]
    path = folder.path.parent / name
    if name.endswith(".csv"):
        path.write_text("\n".join(["report_id,user_id,sent_at", *map(",".join, rows), ""]))
    else:
        fields = ("report_id", "user_id", "sent_at")
        path.write_text("".join(f"{json.dumps(dict(zip(fields, row, strict=True)))}\n" for row in rows))
    folder.import_(path, corp_id="ding1")
    numbers = {day: values[0] for (_, day), values in folder.days().items()}
    assert numbers == {"20260920": 1, "20260921": 2, "20260922": 1}


def test_what_is_a_day() -> None:
    assert list(days_between("20240228", "20240301")) == ["20240228", "20240229", "20240301"]
    assert list(days_between("20240301", "20240228")) == []
    assert parse_day("2024-02-29") == parse_day("20240229") == "20240229"
    for text in ("20230229", "2024-2-29", "2024-02-2", "２０２４０２２９", "20240229 ", "", "2024022"):
        assert not is_day(text)
        with pytest.raises(BadValue, match="is not a day"):
            parse_day(text)
