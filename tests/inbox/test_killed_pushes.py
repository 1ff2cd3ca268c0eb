"""A server that is killed while it is pushed to has all that it acknowledged."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException

import pytest

from reportdata.inbox import facts_of
from reportdata.inbox.folder import FolderInbox
from tests.support.calling import CORP, add_sample
from tests.support.folders import Folder
from tests.support.pushing import FACTS, TOKEN, WRITE, sent
from tests.support.services import KINDS
from tests.support.waiting import SOON

# Each server is a fork of this process, so that it starts at once. It has nothing beside it that would take up what it
# is pushed.
SERVING = """
import os, sys
from pathlib import Path
from reportdata.cli.service import open_server
from reportdata.settings import Settings
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        with open_server(Settings(Path(line.strip()), port=0, rate=0)) as server:
            print(os.getpid(), *server.address, flush=True)
            server.run()
        os._exit(1)  # nobody told it to stop
    print(os.waitpid(child, 0)[1], flush=True)
"""


class Acknowledgements:
    """Counts what all clients were acknowledged, and tells when there was enough of it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._count = 0

    def add(self) -> None:
        with self._changed:
            self._count += 1
            self._changed.notify_all()

    def wait_for(self, more: int) -> None:
        with self._changed:
            enough = self._count + more
            assert self._changed.wait_for(lambda: self._count >= enough, SOON)


class Client:
    """Pushes until it is stopped, and again what was not acknowledged; remembers what was."""

    def __init__(self, number: int, token: str, acknowledgements: Acknowledgements) -> None:
        self.random = random.Random(number)
        self.token = token
        self.numbers = iter(range(number * 1_000_000, (number + 1) * 1_000_000))
        self.tried: set[int] = set()
        self.acknowledged: set[int] = set()
        self._acknowledgements = acknowledgements
        self._open: list[int] = []

    def push(self, address: tuple[str, int]) -> None:
        """Until the server dies."""
        try:
            with closing(HTTPConnection(*address, timeout=SOON)) as connection:
                while True:
                    if not self._open:
                        self._open = [next(self.numbers) for _ in range(self.random.choice([1, 1, 3, 200]))]
                        self.tried.update(self._open)
                    self._push(connection)
        except (OSError, HTTPException):
            pass

    def _push(self, connection: HTTPConnection) -> None:
        body = "\n".join(json.dumps(sent(number)) for number in self._open)
        connection.request("POST", FACTS, body, {TOKEN: self.token, "Idempotency-Key": str(self._open[0])})
        answer = connection.getresponse()
        said = json.loads(answer.read())
        assert (answer.status, said) == (200, {"added": len(self._open), "refused": 0, "records": []})
        self.acknowledged.update(self._open)
        self._acknowledgements.add()
        self._open = []


class Servers:
    """Servers of a data folder, one after the other, each of which is killed."""

    def __init__(self, folder: Folder, forks: subprocess.Popen[str]) -> None:
        self._folder = folder
        self._forks = forks

    @contextmanager
    def serving(self) -> Iterator[tuple[int, tuple[str, int]]]:
        """A new server: its process, and where it listens. It is dead when the block has ended."""
        assert self._forks.stdin is not None
        assert self._forks.stdout is not None
        print(self._folder.path, file=self._forks.stdin, flush=True)
        process, host, port = self._forks.stdout.readline().split()
        yield int(process), (host, int(port))
        assert int(self._forks.stdout.readline()) == signal.SIGKILL


@pytest.fixture
def servers(folder: Folder) -> Iterator[Servers]:
    with subprocess.Popen(
        [sys.executable, "-c", SERVING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as forks:
        yield Servers(folder, forks)


@pytest.mark.whole
@pytest.mark.parametrize("rounds", [6, pytest.param(60, marks=pytest.mark.slow)])
def test_killed_at_any_moment_nothing_that_was_acknowledged_is_lost(
    folder: Folder, servers: Servers, rounds: int
) -> None:
    add_sample(folder)
    token = folder.token(folder.add_app(CORP, scopes=WRITE)[0])
    acknowledgements = Acknowledgements()
    clients = [Client(number, token, acknowledgements) for number in range(1, 5)]
    inbox = FolderInbox(folder.settings.inbox)
    chance = random.Random(1)
    found: dict[int, int] = {}
    for _ in range(rounds):
        with servers.serving() as (process, address), ThreadPoolExecutor(len(clients)) as threads:
            done = [threads.submit(client.push, address) for client in clients]
            try:
                acknowledgements.wait_for(chance.randrange(100))
                time.sleep(chance.uniform(0, 0.005))
            finally:
                os.kill(process, signal.SIGKILL)
            for client_done in done:
                client_done.result()
        paths = inbox.ready()
        for one in (one for path in paths for one in facts_of(path, KINDS)):
            number = int(str(one.values["report_id"])[1:])
            assert str(one.values["report_id"]) == f"r{number}"
            assert one.at == (1_790_000_000 + number) * 1_000_000
            found[number] = found.get(number, 0) + 1
        inbox.remove(paths)
        acknowledged = set().union(*(client.acknowledged for client in clients))
        assert acknowledged <= found.keys() <= set().union(*(client.tried for client in clients))
        assert inbox.backlog() == 0
    assert acknowledged
