"""Where a server listens."""

from __future__ import annotations

import socket
from contextlib import closing

import pytest

from reportdata.http.sockets import bare, bind, url_of
from tests.support.kernel import Keeper, running


def _has_version_6() -> bool:
    try:
        with closing(socket.socket(socket.AF_INET6)) as found:
            found.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.skipif(not _has_version_6(), reason="this machine has no addresses of version 6")
@pytest.mark.parametrize("host", ["[::1]", "::1"])
def test_an_address_of_version_6_may_stand_in_brackets(host: str) -> None:
    with running(Keeper(), [host]) as address, socket.create_connection(address, 300) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: [::1]\r\nConnection: close\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 200 ")
        assert url_of("http", address) == f"http://[::1]:{address[1]}"


def test_brackets_belong_to_addresses_in_urls_only() -> None:
    assert [bare(host) for host in ("[::1]", "::1", "localhost", "[x")] == ["::1", "::1", "localhost", "[x"]
    with bind("127.0.0.1", 0) as found:
        assert url_of("https", found.getsockname()) == f"https://127.0.0.1:{found.getsockname()[1]}"
