"""Whoever reads while days change sees each as it was before or as it is after, and never a half file."""

from __future__ import annotations

import itertools
import json
import random
import shutil
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest

from reportdata.coverage import Observation
from reportdata.lake.local import LocalLake
from reportdata.services import REPORTS as REPORT_DATA
from reportdata.store import DayKpis
from reportdata.store.sqlite import SQLiteStore
from tests.support.effort import tried
from tests.support.folders import Folder
from tests.support.oracle import Commented, Fact, Sent
from tests.support.readers import readers
from tests.support.serving import serving
from tests.support.waiting import SOON
from tests.support.writing import write

pytestmark = pytest.mark.whole

KPIS = ("4100", "4101", "4102")
DAY, NEXT = "20240102", "20240103"
ZONES = {"c1": ZoneInfo("Asia/Shanghai")}
State = tuple[int, ...]


def numbers(values: Mapping[str, int | float]) -> State:
    return tuple(int(values.get(kpi, 0)) for kpi in KPIS)


class Client:
    """Calls reportData over one connection that stays open."""

    def __init__(self, address: tuple[str, int], token: str) -> None:
        self._socket = socket.create_connection(address, timeout=SOON)
        self._token = token
        self._file = self._socket.makefile("rb")

    def day(self, day: str) -> State | None:
        """The three numbers that are served, None when the day is not known."""
        request = f"GET /v1.0/datacenter/reportData?statDate={day} HTTP/1.1\r\nHost: x\r\n"
        self._socket.sendall(f"{request}x-acs-dingtalk-access-token: {self._token}\r\n\r\n".encode())
        assert self._file.readline() == b"HTTP/1.1 200 OK\r\n"
        length = 0
        while line := self._file.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        rows = json.loads(self._file.read(length))["dataList"]
        return tuple(rows[0][f"{kpi}_DAY"] for kpi in KPIS) if rows else None

    def close(self) -> None:
        self._file.close()
        self._socket.close()


def test_days_that_change_back_and_forth_are_only_seen_whole(folder: Folder) -> None:
    states: list[State] = [(1, 2, 3), (40, 50, 60), (0, 0, 0), (700, 600, 500)]
    for corp_id in ("c1", "c2"):
        folder.add_organisation(corp_id)
    looks = [Observation(c, "20240101", "20240131", 0, kind) for c in ("c1", "c2") for kind in ("sent", "commented")]
    folder.store.put_coverage(REPORT_DATA, looks, [])
    folder.store.put_computed(REPORT_DATA, KPIS)
    token = folder.token(folder.add_app("c1")[0])
    own = [SQLiteStore(folder.settings.store) for _ in range(2)]

    def read_day() -> None:
        values = own[0].kpis(REPORT_DATA, "c1", DAY)
        assert values is not None
        assert numbers(values) in states

    def read_period() -> None:
        rows = own[1].kpis_between(REPORT_DATA, None, DAY, NEXT)
        seen = {numbers(row.values) for row in rows}
        # Both days of both organisations are put at once, so a snapshot shows the same numbers four times.
        assert len(rows) == 4
        assert len(seen) == 1
        assert seen <= set(states)

    with serving(folder) as server, ExitStack() as opened:
        clients = [opened.enter_context(closing(Client(server.address, token))) for _ in range(2)]

        def read_served(client: Client) -> None:
            assert client.day(DAY) in states
            assert client.day(NEXT) in states

        reads: list[Callable[[], object]] = [read_day, read_period]
        reads += [partial(read_served, client) for client in clients]
        with readers(*reads) as reading:
            changes = 0
            for number, state in enumerate(itertools.cycle(states)):
                values = dict(zip(KPIS, state, strict=True)) if any(state) else None
                keys = [(corp_id, day) for corp_id in ("c1", "c2") for day in (DAY, NEXT)]
                rows = [DayKpis(*key, values) for key in keys] if values is not None else []
                changes += folder.store.put_days(
                    REPORT_DATA, {DAY: f"f{number}", NEXT: f"f{number}"}, rows, time.time()
                )
                if number >= 20 and not reading.goes_on(at_least=tried(1500, 15_000)):
                    break
            assert changes > 20
    for store in own:
        store.close()


def step(number: int) -> list[Fact]:
    """Facts that raise all three numbers of a day by one, and begin a day of their own with two of each."""
    first = datetime(2024, 3, 1, 12, tzinfo=ZONES["c1"])
    facts: list[Fact] = []
    for at, report_id in ((first, f"r{number}"), *((first + timedelta(days=number), f"r{number}{x}") for x in "ab")):
        facts += [Sent("c1", report_id, f"u{report_id}", at), Commented("c1", report_id, f"v{report_id}", at)]
    return facts


@pytest.mark.slow
def test_days_that_imports_add_to_are_only_seen_whole(folder: Folder, tmp_path: Path) -> None:
    folder.add_organisation("c1")
    token = folder.token(folder.add_app("c1")[0])
    shared, rng, added = "20240301", random.Random(1), itertools.count(1)
    (path, _), *_ = write(tmp_path / "0", step(1), "jsonl", "iso", ZONES)
    folder.import_(path)
    number = next(added)
    with serving(folder) as server, ExitStack() as opened:
        clients = [opened.enter_context(closing(Client(server.address, token))) for _ in range(2)]
        seen = dict.fromkeys(clients, 1)

        def read_served(client: Client) -> None:
            now = client.day(shared)
            assert now is not None
            assert len(set(now)) == 1
            assert now[0] >= seen[client]
            seen[client] = now[0]
            # What is newly covered has its numbers from the first moment on. The newest step may not be covered yet.
            of = rng.randrange(1, now[0] + 3)
            own = client.day(f"{datetime(2024, 3, 1) + timedelta(days=of):%Y%m%d}")
            assert own == (2, 2, 2) or (own is None and of >= now[0])

        reads: list[Callable[[], object]] = [partial(read_served, client) for client in clients]
        store = SQLiteStore(folder.settings.store)

        def read_period() -> None:
            found = store.kpis_between(REPORT_DATA, None, shared, "20991231")
            assert {numbers(row.values) for row in found[1:]} <= {(2, 2, 2)}
            assert len(set(numbers(found[0].values))) == 1

        with readers(*reads, read_period) as reading:
            while reading.goes_on(at_least=tried(400, 10_000)) or number < 8:
                number = next(added)
                (path, _), *_ = write(tmp_path / str(number), step(number), "jsonl", "iso", ZONES)
                assert folder.import_(path).added == 6
        store.close()
        assert clients[0].day(shared) == (number, number, number)


def test_the_lake_shows_only_whole_files_while_imports_add_some(folder: Folder, tmp_path: Path) -> None:
    folder.add_organisation("c1")
    at = datetime(2024, 3, 1, 12, tzinfo=ZONES["c1"])
    rounds, few, many = tried(4, 12), 50, 100_000
    known: set[Path] = set()
    connection = duckdb.connect()
    # The lake does not look into files: a large one shows best whether it is there as a whole.
    large = tmp_path / "large.parquet"
    connection.execute(f"copy (select range::varchar as report_id from range({many})) to '{large}' (format parquet)")

    def read_lake() -> None:
        lake = LocalLake(folder.settings.lake)
        listed = [path for kind in ("sent", "commented") for paths in lake.files(kind).values() for path in paths]
        assert known <= set(listed)
        for path in listed:
            if path not in known:
                found = f"select count(*), count(distinct report_id) from read_parquet('{path}')"
                assert connection.execute(found).fetchone() in ((few, few), (many, many))
        known.update(listed)

    with readers(read_lake):
        for number in range(rounds):
            facts: list[Fact] = []
            for of in range(few):
                moment, report_id = at + timedelta(days=number % 3, seconds=number), f"r{number}-{of}"
                facts += [Sent("c1", report_id, f"u{of}", moment), Commented("c1", report_id, f"u{of}", moment)]
            for path, _ in write(tmp_path / str(number), facts, "csv", "iso", ZONES):
                folder.import_(path, refresh=False)
            for _ in range(3):
                with folder.lake.incoming() as incoming:
                    place = incoming.folder / "sent" / "stat_day=2024-04-01"
                    place.mkdir(parents=True)
                    shutil.copy(large, place)
                    folder.lake.add(incoming)
    read_lake()
    assert len(known) == rounds * (2 + 3)
    connection.close()
