"""Switches for trouble: what may go wrong between a client and DingTalk, and how often."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

import msgspec

from reportdata.errors import BadValue

TROUBLES = {
    "ban": "the address is banned for five minutes of the twin's clock, by a page or a body as the next two",
    "ban-page": "the HTML page that an address gets that is banned",
    "ban-json": "the body with status 1111 that an address gets that is banned",
    "stall": "silence, and then errcode 15 (a time-out) or a 504",
    "reset": "the connection is reset in place of an answer",
    "504": "504 from the gateway, errcode 15 from the old API",
    "busy": "errcode 15, system busy",
    "busy-1": "errcode -1, system busy",
    "blank": "errcode 88 with an empty sub_code, a time-out while the token is checked",
    "expired": "the token ends; in any of the next four forms",
    "expired-40014": "the token ends: sub_code 40014",
    "expired-42001": "the token ends: sub_code 42001",
    "expired-plain-40014": "the token ends: errcode 40014",
    "expired-plain-42001": "the token ends: errcode 42001",
    "qps": "over the app's calls a second: 90018",
    "qps-all": "over all apps' calls a second: 90002",
    "quota": "over the month's quota: 90020",
    "permission": "the app lacks the permission: 60011",
    "address": "the caller's address is not in the allow-list: 60020",
    "shuffle": "pages and comments in any order",
    "shift": "cursors are positions, so pages shift when reports come and go",
    "vanish": "some reports are left out of a page, and are there again later",
    "change": "reports have other texts and another modified_time than before",
    "left": "one person in ten has left: the directory does not know them, their reports stay",
    "big-cursors": "cursors beyond 2^53, which floating point cannot hold",
}
"""Every switch, and what it does."""
EXPIRED = ("expired-40014", "expired-42001", "expired-plain-40014", "expired-plain-42001")


class Trouble(msgspec.Struct, frozen=True):
    """A switch: which calls run into which trouble.

    ``share`` of the calls, chosen by seed and number, or the calls with the numbers ``calls`` (from 1, as the twin
    counts them); only of ``apis``, when there are any, such as ``topapi/report/list``.
    """

    name: str
    share: float = 1.0
    calls: tuple[int, ...] = ()
    apis: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.name not in TROUBLES:
            raise BadValue(f"{self.name!r} is no trouble", f"choose from {', '.join(TROUBLES)}")
        if not 0 <= self.share <= 1:
            raise BadValue(f"{self.share} is no share of the calls", "choose one from 0.0 to 1.0")

    @classmethod
    def parse(cls, text: str) -> Trouble:
        """The switch of a text: ``NAME[@API,…][=SHARE | =NUMBER,…]``, where a share has a decimal point.

        :raises BadValue: when it is none.
        """
        what, _, how = text.partition("=")
        name, _, apis = what.partition("@")
        found = cls(name, apis=tuple(filter(None, apis.split(","))))
        try:
            if "." in how:
                return msgspec.structs.replace(found, share=float(how))
            return msgspec.structs.replace(found, calls=tuple(int(number) for number in how.split(",") if number))
        except ValueError as error:
            raise BadValue(
                f"{how!r} is neither a share nor numbers of calls", "write 0.05, or numbers such as 3,17"
            ) from error

    def hits(self, seed: int, number: int, api: str) -> bool:
        """Whether the call of that number runs into it."""
        if self.apis and api not in self.apis:
            return False
        if self.calls:
            return number in self.calls
        return self.share >= 1 or chance(seed, self.name, number) < self.share


def chance(*what: object) -> float:
    """A number from 0 to 1 that looks random and is always the same for the same things."""
    return zlib.crc32(repr(what).encode()) / 2**32


class Hit(frozenset[str]):
    """The names of the troubles that a call runs into."""


def hit(troubles: Iterable[Trouble], seed: int, number: int, api: str) -> Hit:
    """The troubles that a call runs into."""
    names = {trouble.name for trouble in troubles if trouble.hits(seed, number, api)}
    if "expired" in names:
        names.add(EXPIRED[int(chance(seed, "form", number) * len(EXPIRED))])
    return Hit(names)
