"""Three API nodes and two workers on one PostgreSQL and one lake: whatever is killed, stopped or cut off, every
acknowledged fact is counted once, and no wrong number is served."""

from __future__ import annotations

import itertools
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

import pytest

from reportdata.store.postgres.leases import LASTS, PostgresLeases
from tests.support import postgres
from tests.support.effort import FULL, tried
from tests.support.folders import Folder
from tests.support.oracle import Days, Fact, days_of
from tests.support.pushers import CLIENTS, CORPS, ZONES, Pusher, pushed_facts, served_numbers, tokens_of
from tests.support.relay import Relay
from tests.support.waiting import until

pytestmark = [pytest.mark.postgres, pytest.mark.whole]

KINDS = ("node", "worker", "stopped worker", "restart", "crash", "cut")


class Kept:
    """A command as a process, which is started again when it was killed."""

    def __init__(self, command: Sequence[object], log: Path, descriptor: int | None = None) -> None:
        self._command = [sys.executable, "-m", "reportdata", *map(str, command)]
        self._log = log
        self._descriptors = [descriptor] if descriptor is not None else []
        self.start()

    def start(self) -> None:
        with self._log.open("a") as log:
            self.process = subprocess.Popen(
                self._command, stdout=subprocess.DEVNULL, stderr=log, pass_fds=self._descriptors
            )

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


class Platform:
    """Everything that runs."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        with socket.create_server(("127.0.0.1", 0)) as found:
            port: int = found.getsockname()[1]
        self.server = postgres.Server(port)
        stack.callback(self.server.remove)
        self.relay = stack.enter_context(closing(Relay(port)))
        near, far = self.server.address("nodes"), self.server.address("nodes", port=self.relay.port)
        self.folder = Folder(folder / "lake", near)
        stack.callback(self.folder.store.close)
        self.tokens = tokens_of(self.folder)
        self._sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(3)]
        self.addresses: list[tuple[str, int]] = [one.getsockname() for one in self._sockets]
        serve = ["serve", "--no-work", "--rate", 0]
        self.nodes = [
            Kept(
                [*serve, "--data", folder / f"node{number}", "--store", address, "--fd", listening.fileno()],
                folder / "log",
                listening.fileno(),
            )
            for number, (listening, address) in enumerate(zip(self._sockets, (near, near, far), strict=True))
        ]
        work = ["work", "--data", self.folder.path, "--store", near]
        self.workers = [Kept(work, folder / "log") for _ in range(2)]
        for kept in (*self.nodes, *self.workers):
            stack.callback(kept.kill)

    def numbers(self, node: int, days: Sequence[str], corp_id: str) -> dict[str, tuple[int, int, int]]:
        """The numbers of an organisation that a node serves.

        :raises OSError: or ValueError, when it answers something else.
        """
        found = served_numbers(self.addresses[node], {corp_id: self.tokens[corp_id]}, days)
        return {day: numbers for (_, day), numbers in found.items()}


class Watching(threading.Thread):
    """Asks every node for days whose numbers do not change."""

    def __init__(self, platform: Platform, expected: Days) -> None:
        super().__init__()
        self._platform = platform
        self._expected = {day: numbers for (_, day), numbers in expected.items()}
        self._over = threading.Event()
        self.right = [0, 0, 0]
        self.wrong: list[object] = []
        self.right_at = [0.0, 0.0, 0.0]

    def run(self) -> None:
        while not self._over.is_set():
            for node in range(3):
                asked = time.monotonic()
                try:
                    found = self._platform.numbers(node, list(self._expected), CORPS[1])
                except Exception:
                    continue
                if found == self._expected:
                    self.right[node] += 1
                    self.right_at[node] = asked
                else:
                    self.wrong.append((node, found))
            time.sleep(0.05)

    def stop(self) -> None:
        self._over.set()
        self.join()


class Pushing(Pusher):
    """Pushes each time to another node."""

    def __init__(self, platform: Platform, facts: Sequence[Fact], seed: int) -> None:
        super().__init__(platform.addresses[0], platform.tokens, facts, seed)
        self.daemon = True
        self._addresses = platform.addresses

    def _push(self, corp_id: str, body: bytes, key: str) -> None:
        self._address = self._rng.choice(self._addresses)
        super()._push(corp_id, body, key)


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    with ExitStack() as stack:
        yield Platform(tmp_path, stack)


def agree(platform: Platform, expected: Days) -> bool:
    """Whether every node serves these numbers and no others."""
    days = sorted({day for _, day in expected})
    try:
        return all(
            served_numbers(address, platform.tokens, days)
            == {key: numbers for key, numbers in expected.items() if any(numbers)}
            for address in platform.addresses
        )
    except (OSError, ValueError, KeyError):
        return False


def trouble(kind: str, platform: Platform, rng: random.Random, watching: Watching) -> None:
    """Make some, and mend it; every node that lived answers rightly afterwards."""
    lived = [0, 1, 2]
    if kind == "node":
        node = rng.randrange(3)
        platform.nodes[node].kill()
        platform.nodes[node].start()
        lived.remove(node)
    elif kind == "worker":
        worker = rng.choice(platform.workers)
        worker.kill()
        worker.start()
    elif kind == "stopped worker":
        worker = rng.choice(platform.workers)
        worker.process.send_signal(signal.SIGSTOP)
        time.sleep(rng.uniform(0.2, LASTS + 2 if FULL else 1))
        worker.process.send_signal(signal.SIGCONT)
    elif kind == "cut":
        platform.relay.cut()
        time.sleep(rng.uniform(1, 4) if FULL else rng.uniform(0.2, 2))
        platform.relay.mend()
    else:
        platform.server.stop(signal.SIGINT if kind == "restart" else signal.SIGQUIT)
        time.sleep(rng.uniform(0, 1))
        platform.server.start()
    mended = time.monotonic()
    until(lambda: all(watching.right_at[node] > mended for node in lived))


@pytest.mark.slow
def test_every_acknowledged_fact_is_counted_once_and_nothing_wrong_is_served(platform: Platform) -> None:
    rng = random.Random(20261125)
    quiet = [fact for fact in pushed_facts(rng, 60) if fact.corp_id == CORPS[1]]
    first = Pushing(platform, quiet, 0)
    first.start()
    first.join()
    expected = days_of(quiet, ZONES)
    until(lambda: agree(platform, expected))
    watching = Watching(platform, expected)
    watching.start()
    pushed: list[Fact] = []
    try:
        for _ in range(tried(1, 40)):
            order = rng.sample(KINDS, len(KINDS))
            for kinds in (order[:3], order[3:]):
                facts = [fact for fact in pushed_facts(rng, CLIENTS * 20) if fact.corp_id == CORPS[0]]
                pushers = [Pushing(platform, facts[client::CLIENTS], len(pushed) + client) for client in range(CLIENTS)]
                pushed += facts
                for pusher in pushers:
                    pusher.start()
                for kind in kinds:
                    trouble(kind, platform, rng, watching)
                for pusher in pushers:
                    pusher.join()
                assert not [wrong for pusher in pushers for wrong in pusher.wrong]
        whole = days_of([*quiet, *pushed], ZONES)
        until(lambda: agree(platform, whole))
    finally:
        watching.stop()
    assert watching.wrong == []
    assert all(watching.right)


@pytest.mark.slow
def test_a_worker_that_dies_or_hangs_is_replaced(platform: Platform) -> None:
    rng = random.Random(7)
    pushed: list[Fact] = []
    hows = (signal.SIGKILL, signal.SIGSTOP)
    # Usually one is killed and the other one stopped: whichever works in the end, it is stopped.
    for how, worker in itertools.product(hows, platform.workers) if FULL else zip(hows, platform.workers, strict=True):
        worker.process.send_signal(how)
        facts = pushed_facts(rng, 10)
        pushed += facts
        pushing = Pushing(platform, facts, len(pushed))
        pushing.start()
        pushing.join()
        until(partial(agree, platform, days_of(pushed, ZONES)))
        if how is signal.SIGKILL:
            worker.process.wait()
            worker.start()
        else:
            worker.process.send_signal(signal.SIGCONT)


def test_who_was_stopped_within_a_transaction_locks_nobody_out(tmp_path: Path) -> None:
    address = postgres.address()
    folder = Folder(tmp_path / "data", address)
    code = (
        "import sys, time\nfrom reportdata.store.postgres import PostgresStore\n"
        "from reportdata.store.postgres.leases import PostgresLeases\n"
        "store = PostgresStore(sys.argv[1])\n"
        "with PostgresLeases(sys.argv[1]).holding('refresh.lock'), store.database.writing() as cursor:\n"
        " cursor.execute('lock table computed_days, changes'); print(1, flush=True); sys.stdin.readline()"
    )
    command = [sys.executable, "-c", code, address]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        holder.send_signal(signal.SIGSTOP)
        with PostgresLeases(address).holding("refresh.lock"):  # once the stopped one's has ended
            folder.store.put_days("s", {"20240101": "f"}, [], 1)
        holder.kill()
    folder.store.close()


def test_leases_are_had_by_one_or_shared_and_end(tmp_path: Path) -> None:
    address = postgres.address()
    Folder(tmp_path / "data", address).store.close()
    one, two = PostgresLeases(address), PostgresLeases(address)
    with one.holding("a") as lease:
        assert lease.valid()
        assert two.is_held("a")
        for shared in (True, False):
            with pytest.raises(BlockingIOError), two.holding("a", wait=False, shared=shared):
                pass
        with two.holding("b", wait=False):
            pass
        time.sleep(LASTS + 1)
        assert lease.valid()
        assert two.is_held("a")
    assert not two.is_held("a")
    with one.holding("a", shared=True), two.holding("a", shared=True), pytest.raises(BlockingIOError):
        one.holding("a", wait=False).__enter__()
    with two.holding("a", wait=False):
        pass
    one.close()
    two.close()


def test_who_was_stopped_for_long_finds_its_lease_invalid(tmp_path: Path) -> None:
    address = postgres.address()
    Folder(tmp_path / "data", address).store.close()
    code = (
        "import sys, time\nfrom reportdata.store.postgres.leases import PostgresLeases\n"
        "with PostgresLeases(sys.argv[1]).holding('a') as lease:\n"
        " print('held', lease.valid(), flush=True); sys.stdin.readline(); print(lease.valid(), flush=True)"
    )
    command = [sys.executable, "-c", code, address]
    other = PostgresLeases(address)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held True\n"
        holder.send_signal(signal.SIGSTOP)
        with other.holding("a"):
            holder.stdin.write("\n")
            holder.stdin.flush()
            holder.send_signal(signal.SIGCONT)
            assert holder.stdout.readline() == "False\n"
            holder.wait()
            assert other.is_held("a")
    other.close()
