"""Files in every format give the oracle's days, through the real pipeline."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.support.folders import Folder
from tests.support.oracle import Commented, Sent, Withdrawn, days_of
from tests.support.writing import FORMATS, TIMES, write

ZONES = {"ding1": ZoneInfo("Asia/Shanghai"), "ding2": ZoneInfo("America/New_York")}


def _facts() -> list[Sent | Commented | Withdrawn]:
    at = [
        datetime(2026, 3, 7 + day, hour, 59, 59, tzinfo=zone)
        for zone in ZONES.values()
        for day in (0, 1)
        for hour in (2, 23)
    ]
    facts: list[Sent | Commented | Withdrawn] = []
    for number, moment in enumerate(at):
        corp = "ding1" if number < 4 else "ding2"
        facts.append(Sent(corp, f"r{number}", f"u{number % 3}", moment, "日报", ("研发部", "市场部")))
        facts.append(Commented(corp, f"r{number}", f"u{number % 2}", moment))
    facts.append(Withdrawn("ding1", "r1", at[3]))
    return facts


@pytest.mark.parametrize("style", TIMES)
@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_gives_the_same_days(folder: Folder, tmp_path: Path, format_: str, style: str) -> None:
    for corp_id, zone in ZONES.items():
        folder.add_organisation(corp_id, str(zone))
    for path, corp_id in write(tmp_path, _facts(), format_, style, ZONES):
        done = folder.import_(path, corp_id=corp_id)
        assert not done.failures
    assert folder.days() == days_of(_facts(), ZONES)
