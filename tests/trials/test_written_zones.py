"""Tables that say of which time zone their times are: in a column, above the heading, or behind a heading."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.support.folders import Folder, run
from tests.support.numbers import ONE, TWO, Numbers, numbers

SENT = "report_id,user_id,sent_at"
EVENING = "r1,u1,2024-01-05 18:03:00"
NEXT_DAY: dict[str, Numbers] = {"20240106": ONE}

OTHERWISE: dict[str, tuple[str, str]] = {
    "a column of zones": (f"{SENT},时区\n{EVENING},UTC\n", "line 2: sent_at: '时区' says 'UTC'"),
    "a column of places": (f"{SENT},timezone\n{EVENING},Europe/London\n", "'timezone' says 'Europe/London'"),
    "a column of offsets": (f"{SENT},utc_offset\n{EVENING},0\n", "'utc_offset' says '0'"),
    "a column of offsets with signs": (f"{SENT},tz\n{EVENING},+00:00\n", "'tz' says '\\+00:00'"),
    "above the heading": (f"时区：UTC+0,,\n{SENT}\n{EVENING}\n", "line 2: zone: the lines above .* say 'utc\\+0'"),
    "above the heading, in words": (f"All times are in UTC\n{SENT}\n{EVENING}\n", "line 2: zone: the lines above"),
    "above the heading, in two cells": (f"Time zone,GMT,\n{SENT}\n{EVENING}\n", "line 2: zone: the lines above"),
    "behind the heading": (f"{SENT.replace('sent_at', '提交时间 UTC')}\n{EVENING}\n", "no column holds a time"),
    "with the heading": (f"{SENT}_utc\n{EVENING}\n", "no column holds a time"),
}
SAME: dict[str, str] = {
    "Beijing's": f"{SENT},时区\n{EVENING},北京时间\nr2,u2,2024-01-05 18:03:00,GMT+8\n",
    "its name": f"{SENT},timezone\n{EVENING},Asia/Shanghai\nr2,u2,2024-01-05 18:03:00,\n",
    "offsets": f"{SENT},utc_offset\n{EVENING},8\nr2,u2,2024-01-05 18:03:00,28800\n",
    "times that have their own": f"{SENT},tz\n{EVENING} +08:00,UTC\nr2,u2,1704449000000,UTC\n",
    "above the heading": f"时区：GMT+8\n{SENT}\n{EVENING}\nr2,u2,2024-01-05 18:03:00\n",
    "a name above the heading": f"UTC科技公司日志\n{SENT}\n{EVENING}\nr2,u2,2024-01-05 18:03:00\n",
}


@pytest.mark.parametrize("case", OTHERWISE)
def test_times_of_another_zone_are_not_read_as_the_organisations(folder: Folder, tmp_path: Path, case: str) -> None:
    text, reason = OTHERWISE[case]
    (path := tmp_path / "日志.csv").write_text(text, "utf-8")
    folder.add_organisation("ding1")
    result = run(folder, "import", path)
    assert result.exit_code == 1
    assert re.search(reason, result.output), result.output
    advice = re.search(r"--column (sent_at=\S+|'sent_at=[^']+')", result.output)
    more = ["--column", advice[1].strip("'")] if advice else []
    if more:
        refused = run(folder, "import", path, *more)
        assert re.search("says 'utc', so its times may be of another zone", refused.output), refused.output
    assert run(folder, "import", path, *more, "--times-in", "UTC").exit_code == 0
    assert numbers(folder) == NEXT_DAY


@pytest.mark.parametrize("case", SAME)
def test_times_of_the_same_zone_are_read(folder: Folder, tmp_path: Path, case: str) -> None:
    (path := tmp_path / "日志.csv").write_text(SAME[case], "utf-8")
    folder.add_organisation("ding1")
    result = run(folder, "import", path)
    assert result.exit_code == 0, result.output
    assert numbers(folder) == {"20240105": TWO}


def test_records_of_json_say_their_zone_too(folder: Folder, tmp_path: Path) -> None:
    record = {"report_id": "r1", "user_id": "u1", "sent_at": "2024-01-05 18:03:00", "timezone": "UTC"}
    (path := tmp_path / "日志.json").write_text(json.dumps([record]))
    folder.add_organisation("ding1")
    assert "'timezone' says 'UTC'" in run(folder, "import", path).output
    assert numbers(folder) == {}
