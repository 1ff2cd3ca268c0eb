"""Servers that share a database see each other's changes, and serve nothing old when they cannot."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
import pytest

from reportdata.store.postgres import PostgresStore
from reportdata.store.postgres.watching import LOOK, VALID
from tests.support import postgres
from tests.support.databases import DAY, filled, kill_connections, put
from tests.support.folders import Folder
from tests.support.relay import Relay
from tests.support.serving import Serving, serving
from tests.support.waiting import SOON, until

pytestmark = pytest.mark.postgres


@pytest.fixture
def address() -> str:
    return postgres.address()


@pytest.fixture
def folder(tmp_path: Path, address: str) -> Iterator[Folder]:
    made = Folder(tmp_path / "data", address)
    yield made
    made.store.close()


@pytest.fixture(scope="module")
def own() -> Iterator[postgres.Server]:
    """A server of these tests' own on a port, which may be stopped."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
    made = postgres.Server(port)
    yield made
    made.remove()


def ask(node: Serving, token: str) -> tuple[int, object]:
    """Status, and the number of reports or the error's code."""
    import httpx  # takes long; most processes of the tests do not need it

    answer = httpx.get(
        f"{node.url}/v1.0/datacenter/reportData?statDate={DAY}",
        headers={"x-acs-dingtalk-access-token": token},
        timeout=SOON,
    )
    content = answer.json()
    return answer.status_code, content["dataList"][0]["4100_DAY"] if answer.status_code == 200 else content["code"]


@contextmanager
def nodes(*folders: Folder) -> Iterator[list[Serving]]:
    """A server of each."""
    if not folders:
        yield []
        return
    with serving(folders[0]) as first, nodes(*folders[1:]) as others:
        yield [first, *others]


def test_every_node_sees_a_change(folder: Folder) -> None:
    app, token = filled(folder)
    others = [Folder(folder.path.parent / f"node{number}", folder.settings.database) for number in range(2)]
    with nodes(folder, *others) as three:
        assert [ask(node, token) for node in three] == [(200, 1)] * 3
        put(folder, 2)
        until(lambda: [ask(node, token) for node in three] == [(200, 2)] * 3)
        folder.store.change_app(app.app_key, lambda found: msgspec.structs.replace(found, scopes=()))
        until(lambda: {ask(node, token)[0] for node in three} == {403})
        folder.store.change_app(app.app_key, lambda found: msgspec.structs.replace(found, disabled=True))
        until(lambda: {ask(node, token)[1] for node in three} == {"InvalidAuthentication"})
    for other in others:
        other.store.close()


def test_what_is_remembered_is_used_while_it_is_surely_valid_only(folder: Folder, address: str) -> None:
    filled(folder)
    with closing(PostgresStore(address)) as store:
        until(lambda: store.version() == store.version())
        assert store.watch is not None
        store.watch._look = lambda: None  # type: ignore[method-assign]
        time.sleep(VALID + LOOK)
        assert store.version() != store.version()


def test_a_lost_connection_hides_no_change(folder: Folder) -> None:
    _, token = filled(folder)
    with serving(folder) as node:
        for number in range(2, 6):
            assert ask(node, token) == (200, number - 1)
            kill_connections(folder.settings.database or "")
            put(folder, number)
            until(lambda: ask(node, token) == (200, number))  # noqa: B023


@pytest.mark.slow
def test_a_node_that_is_cut_off_serves_nothing_old(own: postgres.Server, tmp_path: Path) -> None:
    import httpx

    relay = Relay(own.port or 0)
    folder = Folder(tmp_path / "data", own.address("cut"))
    _, token = filled(folder)
    far = Folder(tmp_path / "far", own.address("cut", port=relay.port))
    with serving(folder) as near, serving(far) as node:
        assert ask(near, token) == ask(node, token) == (200, 1)
        relay.cut()
        put(folder, 2)
        cut = time.monotonic()
        answers = 0
        while answers < 3:
            asked = time.monotonic()
            answer = ask(node, token)
            assert answer in [(500, "systemError"), (200, 1)]
            assert answer[0] == 500 or asked - cut <= 1, "nothing old after a second"
            answers += answer[0] == 500
            assert ask(near, token) in [(200, 1), (200, 2)]
        assert httpx.get(f"{node.url}/readyz", timeout=SOON).status_code >= 500
        relay.mend()
        until(lambda: ask(node, token) == (200, 2))
    relay.close()
    for one in (folder, far):
        one.store.close()


@pytest.mark.slow
def test_a_restart_of_the_server_is_outlived(own: postgres.Server, tmp_path: Path) -> None:
    folder = Folder(tmp_path / "data", own.address("restart"))
    _, token = filled(folder)
    with serving(folder) as node:
        assert ask(node, token) == (200, 1)
        own.stop(signal.SIGQUIT)
        until(lambda: ask(node, token) == (500, "systemError"))
        own.start()
        until(lambda: ask(node, token) == (200, 1))
        put(folder, 2)
        until(lambda: ask(node, token) == (200, 2))
    folder.store.close()
