"""What a case is: programs that are run, and what they must print."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from tests.support.calling import Call
from tests.support.causes import DETAILS
from tests.support.serving import Serving

Line = Mapping[str, Any]
"""What a program prints of a call; messages of errors without the id of the request."""


class Run(NamedTuple):
    """A program that is run once: its arguments, and the lines that it must print."""

    arguments: Mapping[str, str]
    lines: tuple[Line, ...]


class Case(NamedTuple):
    """What is shown of every language. ``prefix``: the endpoint has a path, which not every SDK can take. ``closed``:
    the connection is closed before the last call, which an SDK loses that does not test connections."""

    name: str
    protocol: str
    runs: tuple[Run, ...]
    prefix: bool = False
    closed: bool = False

    @property
    def waits(self) -> bool:
        """Whether the programs spend their time waiting."""
        return any("pause" in run.arguments for run in self.runs)


def error_line(code: str, status: int, message: str) -> Line:
    """What a program prints of an error."""
    detail = {"accessDeniedDetail": DETAILS[code]} if code in DETAILS else {}
    return {"code": code, "message": f"code: {status}, {message}", "statusCode": status, **detail}


def reached(protocol: str, served: Serving | Call) -> dict[str, str]:
    """The arguments by which a server is reached."""
    trusted = {"ca": str(served.ca)} if protocol == "https" else {}
    return {"endpoint": served.endpoint, "protocol": protocol, **trusted}
