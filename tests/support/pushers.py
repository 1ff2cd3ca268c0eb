"""Clients that push facts and read numbers at once."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException
from zoneinfo import ZoneInfo

from tests.support.calling import Call
from tests.support.folders import Folder
from tests.support.oracle import Commented, Days, Fact, Sent, Withdrawn
from tests.support.scopes import REPORT_READ, REPORT_WRITE
from tests.support.waiting import SOON
from tests.support.writing import records

CORPS = ("dinglive1", "dinglive2")

ZONES = {CORPS[0]: ZoneInfo("Asia/Shanghai"), CORPS[1]: ZoneInfo("America/New_York")}

BEGIN = datetime(2026, 9, 1, tzinfo=UTC)

CLIENTS = 8


def tokens_of(folder: Folder) -> dict[str, str]:
    """Tokens of two organisations, which are added."""
    found = {}
    for corp_id, zone in ZONES.items():
        folder.add_organisation(corp_id, str(zone))
        found[corp_id] = folder.token(folder.add_app(corp_id, scopes=(REPORT_READ, REPORT_WRITE))[0])
    return found


def pushed_facts(rng: random.Random, count: int) -> list[Fact]:
    """Facts of few reports and users, so that many are about the same."""
    found: list[Fact] = []
    for _ in range(count):
        corp_id, report, user = rng.choice(CORPS), f"r{rng.randrange(400)}", f"u{rng.randrange(20)}"
        at = BEGIN + timedelta(seconds=rng.randrange(5 * 86_400))
        kind = rng.randrange(10)
        if kind < 6:
            found.append(Sent(corp_id, report, user, BEGIN + timedelta(minutes=13 * int(report[1:])), "日报"))
        elif kind < 9:
            found.append(Commented(corp_id, report, user, at))
        else:
            found.append(Withdrawn(corp_id, report, at))
    return found


class Pusher(threading.Thread):
    """Pushes facts, and pushes them again with the same key until they are acknowledged."""

    def __init__(self, address: tuple[str, int], tokens: dict[str, str], facts: Sequence[Fact], seed: int) -> None:
        super().__init__()
        self._address = address
        self._tokens = tokens
        self._facts = facts
        self._rng = random.Random(seed)
        self._seed = seed
        self.wrong: list[bytes] = []

    def run(self) -> None:
        for number, fact in enumerate(self._facts):
            content = [record for group in records([fact], "iso", ZONES).values() for record in group]
            for _ in range(self._rng.choice([1, 1, 2])):  # sometimes it repeats what was acknowledged
                self._push(fact.corp_id, json.dumps(content).encode(), f"{self._seed}-{number}")

    def _push(self, corp_id: str, body: bytes, key: str) -> None:
        end = time.monotonic() + SOON
        while time.monotonic() < end:
            with (
                suppress(OSError, HTTPException),
                closing(HTTPConnection(*self._address, timeout=SOON)) as connection,
            ):
                headers = {"x-acs-dingtalk-access-token": self._tokens[corp_id], "idempotency-key": key}
                connection.request("POST", "/v1/facts", body, headers)
                answer = connection.getresponse()
                content = answer.read()
                if answer.status == 200:
                    if json.loads(content)["refused"]:
                        self.wrong.append(content)
                    return
                if answer.status not in (500, 503):
                    self.wrong.append(content)
                    return
            time.sleep(0.02)
        self.wrong.append(b"not acknowledged in time")


def served_numbers(address: tuple[str, int], tokens: dict[str, str], days: Sequence[str]) -> Days:
    """What the contract answers, of every day with a number."""
    found: Days = {}
    for corp_id, token in tokens.items():
        for day in days:
            rows = json.loads(Call(address, token, day).answer().body)["dataList"]
            for row in rows:
                values = (row.get("4100_DAY", 0), row.get("4101_DAY", 0), row.get("4102_DAY", 0))
                if any(values):
                    found[corp_id, day] = values
    return found
