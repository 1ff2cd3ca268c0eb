"""Where commands listen that show a page."""

from __future__ import annotations

import socket
from contextlib import suppress

import click
from click.testing import CliRunner

from reportdata.cli.ports import PORT, page_options


@click.command()
@page_options
def listen(host: str, port: int) -> None:
    click.echo(f"{host} {port}")


def test_a_usual_port_that_is_taken_is_left_to_who_has_it() -> None:
    """Unless it is asked for: then `bind` says that it is taken."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):  # somebody else has it
            held.bind(("127.0.0.1", PORT))
            held.listen()
        found = CliRunner().invoke(listen, [])
        assert (found.exit_code, found.stdout) == (0, "127.0.0.1 0\n")
        assert found.stderr == "Port 8080 is taken: the address below has another one.\n"
        assert CliRunner().invoke(listen, ["--port", "8080"]).stdout == "127.0.0.1 8080\n"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert CliRunner().invoke(listen, ["--port", str(port)]).output == f"127.0.0.1 {port}\n"
