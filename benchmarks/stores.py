"""The stores that are served from, filled with the same made-up numbers, and the requests for all of them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

from benchmarks import load
from reportdata.coverage import Observation
from reportdata.days import from_date
from reportdata.identity import App, Organisation, Token, hash_of, mint
from reportdata.services import REPORTS as REPORT_DATA
from reportdata.store import DayKpis
from reportdata.store.sqlite import SQLiteStore
from tests.support.scopes import REPORT_READ

ORGANISATIONS = 200
FIRST_DAY, DAYS = date(2025, 1, 1), 365
_STEP = 7919


class Asked(NamedTuple):
    """One request: the token it carries, and the organisation and day that its answer is about."""

    token: str
    corp_id: str
    stat_day: str

    @property
    def row(self) -> dict[str, str | int]:
        """The row that the answer has."""
        reports, senders, commenters = values(self.corp_id, self.stat_day)
        counts = {"4100_DAY": reports, "4101_DAY": senders, "4102_DAY": commenters}
        return {"stat_date": self.stat_day, "corp_id": self.corp_id, **counts}

    def request(self) -> bytes:
        """The request as it goes over the wire, with the headers that programs send."""
        return load.request_bytes(
            f"/v1.0/datacenter/reportData?statDate={self.stat_day}",
            [("accept", "application/json"), ("x-acs-dingtalk-access-token", self.token), ("user-agent", "benchmark")],
        )


def values(corp_id: str, stat_day: str) -> tuple[int, int, int]:
    """The KPIs of a day: always of three digits, so that all answers have one length."""
    seed = int(corp_id[4:]) * 37 + int(stat_day) * 11
    return 100 + seed % 900, 100 + seed // 7 % 900, 100 + seed // 11 % 900


def fill(folder: Path, *, with_usual: bool = False) -> list[Asked]:
    """Make a data folder for ours; returns a request for every row, in an order that scatters organisations and days.

    :param with_usual: also make a database for the usual way that holds the same.
    """
    now = time.time()
    days = [from_date(FIRST_DAY + timedelta(days=number)) for number in range(DAYS)]
    corps = [f"ding{number:020}" for number in range(ORGANISATIONS)]
    rows = [(corp_id, day, values(corp_id, day)) for corp_id in corps for day in days]
    issued = [(app, *mint(app, now)) for app in map(_app, corps)]
    store = SQLiteStore(folder / "data" / "store.db")
    store.add_organisations(Organisation(corp_id, "Asia/Shanghai") for corp_id in corps)
    kpis = ("4100", "4101", "4102")
    computed = [DayKpis(corp_id, day, dict(zip(kpis, found, strict=True))) for corp_id, day, found in rows]
    store.put_days(REPORT_DATA, dict.fromkeys(days, "made up"), computed, now)
    looks = [
        Observation(corp_id, days[0], days[-1], int(now * 1000), kind)
        for corp_id in corps
        for kind in ("sent", "commented")
    ]
    store.put_coverage(REPORT_DATA, looks, [])
    for app, _, token in issued:
        store.add_app(app, now)
        store.add_token(token)
    store.close()
    if with_usual:
        _fill_usual(folder / "usual.db", [(app, token) for app, _, token in issued], rows)
    tokens = {app.corp_id: text for app, text, _ in issued}
    scattered = (rows[place * _STEP % len(rows)] for place in range(len(rows)))
    return [Asked(tokens[corp_id], corp_id, day) for corp_id, day, _ in scattered]


def _app(corp_id: str) -> App:
    key = f"ding{corp_id[-16:]}"
    return App(app_key=key, name="benchmark", corp_id=corp_id, secret_hash=hash_of(key), scopes=(REPORT_READ,))


def _fill_usual(
    path: Path, issued: Iterable[tuple[App, Token]], rows: Iterable[tuple[str, str, tuple[int, int, int]]]
) -> None:
    from benchmarks import usual  # which needs packages that ours does without

    apps, tokens = zip(*issued, strict=True)
    usual.fill(
        str(path),
        [usual.App(app_key=app.app_key, corp_id=app.corp_id or "") for app in apps],
        [usual.Token(token_hash=one.token_hash, app_key=one.app_key, expires_at=one.expires_at) for one in tokens],
        [usual.Day(corp_id=c, stat_day=d, reports=v[0], senders=v[1], commenters=v[2]) for c, d, v in rows],
    )
