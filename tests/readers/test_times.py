"""Times as people's programs write them: each form is read as what it says, or refused with how to write it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reportdata.days import instant_of, moment_of
from reportdata.times import BadTime, read_instant

SHANGHAI = ZoneInfo("Asia/Shanghai")
MOMENT = datetime(2024, 1, 5, 17, 40, tzinfo=SHANGHAI)
HALVES = {"上午": 0, "早上": 0, "AM": 0, "am": 0, "下午": 12, "晚上": 12, "PM": 12, "p.m.": 12}


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-05 17:40:00",
        "2024-01-05T17:40:00+08:00",
        "2024-01-05 09:40:00 UTC",
        "2024-01-05T09:40:00Z",
        "2024/1/5 17:40",
        "2024.1.5 17:40",
        "2024/1/5 下午 5:40",
        "2024/1/5 下午5:40:00",
        "2024-01-05 5:40 PM",
        "2024-01-05 PM 05:40",
        "2024年1月5日 17时40分",
        "2024年1月5日 下午 5时40分00秒",
        "2024年1月5日 星期五 17:40",
        "２０２４/１/５ １７:４０",
        "2024/1/5 17：40",
        "2024/01/05\u300017:40",
        "2024/1/5\xa017:40",
        "\ufeff2024/1/5 17:40\u200b",
        "20240105174000",
        "202401051740",
        "Jan 5, 2024 5:40:00 PM",
        "45296.736111111",
        "1704447600",
        "1704447600.0",
        "1704447600000",
        "1704447600000000",
        "1704447600000000000",
        "20240105174000000",
        "20240105T174000",
        "20240105T094000Z",
        "2024-01-05T17:40:00+08:00[Asia/Shanghai]",
        "Fri, 05 Jan 2024 09:40:00 GMT",
        "5 Jan 2024 17:40",
        "2024-01-05 17:40（北京时间）",
        "2024年1月5日 17時40分",
        "2024-01-05 夜间 17:40",
        "'2024-01-05 17:40",
        '="2024-01-05 17:40"',
        "'1704447600000",
        "20240105 17:40",
        "20240105 174000",
        "24年1月5日 17:40",
        "5-Jan-2024 17:40",
        "Fri Jan 05 2024 17:40:00 GMT+0800 (中国标准时间)",
        "Fri Jan 05 2024 09:40:00 GMT+0000 (Coordinated Universal Time)",
        "Fri Jan  5 17:40:00 2024",
        "2024-01-05 17:40:00 +0800 CST",
    ],
)
def test_every_form_says_the_same_moment(text: str) -> None:
    assert moment_of(read_instant(text, SHANGHAI), SHANGHAI) == MOMENT


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2024-01-05", "has no time of day"),
        ("20240105", "has no time of day"),
        ("45296.0", "without a time of day"),
        ("2401051740", "may be a date written without signs"),
        ("2024010517", "may be a date written without signs"),
        ("2024-01-05 17:40:00 CST", "a zone that means several"),
        ("1.70445E+12", "was shortened by a spreadsheet program"),
        ("2024-13-05 17:40", "is not a time"),
        ("2024-01-0⑤ 17:40", "is not a time"),
        ("2024-01-05 17:4²", "is not a time"),
        ("2024-01-05 上午 17:40", "17 o'clock is not in the morning"),
        ("2024-01-05 上午 5:40 PM", "has the half of the day twice"),
        ("05/01/2024 17:40", "may have the month or the day first"),
        ("1999-12-31 23:59:59", "is outside the years 2000 to 2099"),
        ("yesterday", "depends on when it was written"),
        ("", "is missing"),
        ("17:40", "has no date"),
        ("45296", "has no time of day"),
        ("2024-01-05 24:00", "is not a time"),
        ("2024-01-05 23:59:60", "is not a time"),
        ("2024-01-05 晚上 12:30", "12 o'clock at night may be the day before or after midnight"),
        ("2024-01-05 晚上 1:30", "1 o'clock at night may be the day before or after midnight"),
        ("170444760000000", "is outside the years 2000 to 2099"),
        ("17044476000000000", "is no number of seconds"),
    ],
)
def test_what_could_be_two_times_or_none_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_instant(text, SHANGHAI)


@given(
    st.datetimes(datetime(2000, 1, 2), datetime(2099, 12, 30)).map(lambda at: at.replace(microsecond=0)),
    st.sampled_from(sorted(HALVES)),
    st.booleans(),
)
def test_a_half_of_the_day_says_which_hour_of_two(at: datetime, half: str, before: bool) -> None:
    hour = at.hour % 12 or 12
    assume(half != "晚上" or 4 <= hour < 12)  # at 12 and after, it is the night before or the night after
    clock = f"{hour}:{at:%M:%S}"
    text = f"{at:%Y/%m/%d} " + (f"{half} {clock}" if before else f"{clock} {half}")
    meant = at.replace(hour=at.hour % 12 + HALVES[half], tzinfo=UTC)
    assert read_instant(text, ZoneInfo("UTC")) == instant_of(meant)


@given(st.datetimes(datetime(2000, 1, 2), datetime(2099, 12, 30)).map(lambda at: at.replace(microsecond=0)))
def test_a_spreadsheets_number_is_its_moment_to_the_millisecond(at: datetime) -> None:
    days = (at - datetime(1899, 12, 30)) / timedelta(days=1)
    if days.is_integer():
        return
    found = read_instant(days, ZoneInfo("UTC"))
    assert abs(found - instant_of(at.replace(tzinfo=UTC))) <= 1000


@pytest.mark.parametrize(
    ("text", "reason", "advice"),
    [
        ("今天 15:05", "depends on when it was written", "export the sheet"),
        ("昨天", "depends on when it was written", "export the sheet"),
        ("3小时前", "depends on when it was written", "export the sheet"),
        ("24-1-5 17:40", "may have the year or the day first", "yyyy-mm-dd hh:mm"),
        ("1/5/2024 5:40 PM", "may have the month or the day first", "yyyy-mm-dd hh:mm"),
        ("05.01.2024 17:40", "may have the month or the day first", "yyyy-mm-dd hh:mm"),
        ("1月5日 17:40", "has no year", "write 2024-01-05"),
        ("Fri Jan 05 17:40:00 CST 2024", "names a zone that means several", "+08:00"),
        ("--", "is missing", "fill it in"),
    ],
)
def test_a_time_that_says_too_little_is_refused_with_what_it_lacks(text: str, reason: str, advice: str) -> None:
    with pytest.raises(BadTime, match=reason) as refused:
        read_instant(text, SHANGHAI)
    assert advice in refused.value.hint


def test_times_of_mongodb_are_read() -> None:
    for value in ({"$date": "2024-01-05T09:40:00Z"}, {"$date": {"$numberLong": "1704447600000"}}):
        assert moment_of(read_instant(value, SHANGHAI), SHANGHAI) == MOMENT
