"""A stop that loses nothing: under load, over TLS, and with a successor on the same socket."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from reportdata.audit import Audit
from reportdata.certificates import development_certificates
from tests.support.calling import CORP, OK, SAMPLE, Call, add_sample, connected
from tests.support.folders import Folder
from tests.support.processes import Load, served
from tests.support.serving import serving
from tests.support.waiting import SOON, until


@pytest.fixture
def request_(folder: Folder) -> bytes:
    """A good request to the sample organisation."""
    add_sample(folder)
    return Call(("", 0), folder.token(folder.add_app(CORP)[0])).request


@pytest.mark.whole
@pytest.mark.parametrize("tls", [False, True], ids=["http", "tls"])
def test_no_request_fails_when_the_server_is_told_to_end_under_load(folder: Folder, request_: bytes, tls: bool) -> None:
    files = development_certificates(folder.path.parent / "tls", ["localhost", "127.0.0.1"], time.time())
    options = ("--tls-cert", files.certificate, "--tls-key", files.key) if tls else ()
    with served(folder, "--no-work", *options) as process:
        ca: Path | None = files.ca if tls else None
        with Load(process.address, request_, 8, ca=ca) as load:
            until(lambda: load.answers > 500)
            assert process.terminate() == 0
        assert not load.failures
        assert not load.wrong
    # Whatever was answered was noted before the process ended.
    assert sum(read.reads for read in Audit(folder.settings.audit).read()) == load.answers


@pytest.mark.slow
@pytest.mark.whole
def test_a_successor_on_the_same_socket_takes_over_without_a_refused_connection(
    folder: Folder, request_: bytes
) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listening, ExitStack() as processes:
        address = listening.getsockname()
        current = processes.enter_context(served(folder, "--no-work", inherit=listening))
        with (
            Load(address, request_, 4, pause=0.005) as staying,
            Load(address, request_, 2, reconnect=3, pause=0.005) as coming,
        ):
            for _ in range(2):
                successor = processes.enter_context(served(folder, "--no-work", inherit=listening))
                assert current.terminate() == 0
                current = successor
                reached = staying.answers + 100
                until(lambda: staying.answers > reached)  # noqa: B023
        assert not staying.failures + coming.failures
        assert not staying.wrong + coming.wrong
        assert min(client.connections for client in staying.clients) >= 2


@pytest.mark.usefixtures("long_goodbye")
def test_an_idle_connection_has_a_last_request_and_is_told_that_it_was_the_last(
    folder: Folder, request_: bytes
) -> None:
    with serving(folder) as found, connected(found.address) as ask:
        assert "connection" not in ask(request_).headers
        found.server.stop()
        _until_it_listens_no_more(found.address)
        last = ask(request_)
        assert (last.status, last.headers["connection"], last.body) == (OK, "close", SAMPLE)


@pytest.mark.usefixtures("long_goodbye")
def test_pipelined_requests_are_all_answered_and_the_last_one_says_that_it_was(folder: Folder, request_: bytes) -> None:
    with serving(folder) as found, socket.create_connection(found.address, SOON) as connection:
        connection.sendall(request_ * 3 + request_[:20])
        received = b""
        while received.count(SAMPLE) < 3:
            received += connection.recv(65_536)
        found.server.stop()
        _until_it_listens_no_more(found.address)
        connection.sendall(request_[20:])
        while chunk := connection.recv(65_536):
            received += chunk
    assert received.count(OK.encode()) == 4
    assert received.count(b"connection: close") == 1
    assert received.endswith(SAMPLE)


def _until_it_listens_no_more(address: tuple[str, int]) -> None:
    """The server has begun to stop."""

    def refused() -> bool:
        try:
            socket.create_connection(address, SOON).close()
        except ConnectionRefusedError:
            return True
        except ConnectionResetError:  # it was not accepted any more
            pass
        return False

    until(refused)
