"""What a request may be, and how long a connection may wait for each of its parts."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

LONGEST_URL = 8_192
MOST_HEADERS = 100
LARGEST_HEADERS = 32_768
"""Bytes of all names and values together."""
LARGEST_BODY = 16_384
"""Bytes of a body where nothing else is said."""
MOST_PIPELINED = 100
"""Requests that came before an earlier one was answered."""


class Phase(Enum):
    """What a connection waits for, with how many seconds it waits."""

    REQUEST = 75
    """The next request. There are clients that keep connections for 10 s and do not test them."""
    HEAD = 10
    """The rest of a request's head."""
    BODY = 20
    """The rest of a request's body."""
    READING = 30
    """The client, to take what was answered."""
    LEAVING = 2
    """The client, to close a connection of which it was told that it closes. What it sends meanwhile is not read as a
    request; were the connection closed at once, the network could throw the answer away."""
    ANSWER = 3600
    """The program: it has time limits of its own."""


class BodyLimit(NamedTuple):
    """How many bytes a request's body may have, and how many seconds it may take to come."""

    largest: int
    seconds: int


USUAL_BODY = BodyLimit(LARGEST_BODY, Phase.BODY.value)


def usual_body(_path: bytes) -> BodyLimit:
    """The limit that bodies have everywhere."""
    return USUAL_BODY
