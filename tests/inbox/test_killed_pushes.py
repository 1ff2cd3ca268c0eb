"""A server that is killed while it is pushed to has all that it acknowledged."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection, HTTPException

from reportdata.inbox import facts_of
from reportdata.inbox.folder import FolderInbox
from tests.support.calling import CORP, add_sample
from tests.support.folders import Folder
from tests.support.pushing import FACTS, TOKEN, WRITE, sent

# A server without anything beside it that would take up what it is pushed.
SERVING = """
import sys
from pathlib import Path
from reportdata.cli.service import open_server
from reportdata.settings import Settings
with open_server(Settings(Path(sys.argv[1]), port=0, rate=0)) as server:
    print(*server.address, flush=True)
    server.run()
"""
ROUNDS = 30


class Client:
    """Pushes until it is stopped, and again what was not acknowledged; remembers what was."""

    def __init__(self, number: int, token: str) -> None:
        self.random = random.Random(number)
        self.token = token
        self.numbers = iter(range(number * 1_000_000, (number + 1) * 1_000_000))
        self.tried: set[int] = set()
        self.acknowledged: set[int] = set()
        self._open: list[int] = []

    def push(self, address: tuple[str, int]) -> None:
        """Until the server dies."""
        try:
            with closing(HTTPConnection(*address, timeout=20)) as connection:
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
        self._open = []


def test_killed_at_any_moment_nothing_that_was_acknowledged_is_lost(folder: Folder) -> None:
    add_sample(folder)
    token = folder.token(folder.add_app(CORP, scopes=WRITE)[0])
    clients = [Client(number, token) for number in range(1, 5)]
    inbox = FolderInbox(folder.settings.inbox)
    chance = random.Random(1)
    found: dict[int, int] = {}
    whole = 0
    for _ in range(ROUNDS):
        command = [sys.executable, "-c", SERVING, str(folder.path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            host, port = process.stdout.readline().split()
            with ThreadPoolExecutor(len(clients)) as threads:
                done = [threads.submit(client.push, (host, int(port))) for client in clients]
                time.sleep(chance.uniform(0, 0.4))
                process.kill()
                process.wait()
                for one in done:
                    one.result()
        paths = inbox.ready()
        for one in (one for path in paths for one in facts_of(path)):
            number = int(one.report_id[1:])
            assert one.report_id == f"r{number}"
            assert one.at == (1_790_000_000 + number) * 1_000_000
            found[number] = found.get(number, 0) + 1
        inbox.remove(paths)
        acknowledged = set().union(*(client.acknowledged for client in clients))
        assert acknowledged <= found.keys() <= set().union(*(client.tried for client in clients))
        whole += bool(acknowledged)
        assert inbox.backlog() == 0
    assert whole > ROUNDS / 2
