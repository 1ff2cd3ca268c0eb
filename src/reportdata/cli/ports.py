"""Where a command that shows a page listens, for whom any port is good."""

from __future__ import annotations

from functools import wraps
from typing import Any

import click
from click.core import ParameterSource

from reportdata.cli.language import say
from reportdata.cli.options import Command
from reportdata.http.sockets import free_or_any

PORT = 8080


def page_options(command: Command) -> Command:
    """Address and port; the command is given ``host`` and ``port``. Where no port is asked for and the usual one is
    taken, as by another such command, it is any free one: the page's address is printed."""

    @click.option("--host", default="127.0.0.1", show_default=True)
    @click.option(
        "--port",
        type=int,
        default=PORT,
        show_default=f"{PORT}, or any free one where that is taken",
        help="The port; 0 takes any free one.",
    )
    @wraps(command)
    def with_port(*, host: str, port: int, **others: Any) -> Any:
        if click.get_current_context().get_parameter_source("port") is ParameterSource.DEFAULT:
            found = free_or_any(host, port)
            if found != port:
                say(f"Port {port} is taken: the address below has another one.", err=True)
            port = found
        return command(host=host, port=port, **others)

    return with_port
