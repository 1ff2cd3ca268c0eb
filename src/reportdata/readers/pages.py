"""The pages of lists in saved answers: whether all of them are there, and whether they were asked for everyone.

A page says with ``has_more`` that another one follows, and with ``next_cursor`` which. A file without that one has not
all records of the list, and neither has a list that was asked for one person or template alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from reportdata.days import MILLISECOND

_CURSORS = ("cursor", "offset")
_NEXT = ("next_cursor", "nextCursor", "next_offset", "nextOffset")
_MORE = ("has_more", "hasMore")
_START, _END = ("start_time", "startTime"), ("end_time", "endTime")
_ONE = ("userid", "userId", "user_id", "template_name", "templateName")
"""What restricts a request for reports to those of one person or template."""


class Pages:
    """The pages of one file."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, bytes], set[str]] = {}
        self._awaited: dict[tuple[str, bytes], dict[str, int]] = {}
        self._restricted: dict[str, tuple[str, int]] = {}
        self._open: dict[str, int] = {}
        self._following: dict[str, str | None] = {}
        self._gaps: dict[str, int] = {}
        self._windows: dict[str, set[tuple[int, int]] | None] = {}

    def add(self, kind: str, line: int, request: Mapping[str, object], result: Mapping[str, object]) -> None:
        """Note a page of a list of facts of a kind.

        :param line: the number of the line on which it begins.
        """
        window = _window(request)
        known = self._windows.setdefault(kind, set())
        if window is None or known is None:
            self._windows[kind] = None
        else:
            known.add(window)
        more = any(result.get(name) is True or str(result.get(name)).lower() == "true" for name in _MORE)
        following = next((str(result[name]) for name in _NEXT if result.get(name) not in (None, "")), None)
        if not request:  # only the order of the file tells which answers belong together
            if self._open.pop(kind, None) is not None and _leaves_out(self._following.get(kind), following, result):
                self._gaps.setdefault(kind, line)
            if more:
                self._open[kind], self._following[kind] = line, following
            return
        one = next((name for name in _ONE if request.get(name) not in (None, "")), None)
        if one is not None and "report_id" not in request and "reportId" not in request:
            self._restricted.setdefault(kind, (one, line))
        own = {name: value for name, value in request.items() if name not in (*_CURSORS, "size", "access_token")}
        list_ = kind, msgspec.json.encode(own, order="sorted", enc_hook=str)
        at = next((str(request[name]) for name in _CURSORS if request.get(name) is not None), "0")
        self._seen.setdefault(list_, set()).add(at)
        if more:
            self._awaited.setdefault(list_, {}).setdefault(following or "", line)

    def windows(self) -> dict[str, list[tuple[int, int]]]:
        """The first and the last instants that were asked for, by kind; nothing of a kind that a request asked for
        without saying of when."""
        return {kind: sorted(windows) for kind, windows in self._windows.items() if windows}

    def partial(self) -> Iterator[tuple[str, str]]:
        """The kinds of which facts are missing, each with a reason."""
        for (kind, own), awaited in self._awaited.items():
            for cursor, line in awaited.items():
                if cursor not in self._seen[kind, own]:
                    yield kind, f"line {line}: has_more is true, and the page that follows is not in the file"
        for kind, line in self._gaps.items():
            yield kind, f"line {line}: a page before this one is not in the file"
        for kind, line in self._open.items():
            yield kind, f"line {line}: has_more is true, and no answer follows"
        for kind, (name, line) in self._restricted.items():
            yield kind, f"line {line}: the request was for one {name}"


def _window(request: Mapping[str, object]) -> tuple[int, int] | None:
    """The instants between which a request asks, which are written in milliseconds."""
    found = [next((request[name] for name in names if request.get(name) is not None), None) for names in (_START, _END)]
    numbers = [int(text) for value in found if (text := str(value)).isdecimal() and text.isascii()]
    return (numbers[0] * MILLISECOND, numbers[1] * MILLISECOND) if len(numbers) == 2 else None


def _leaves_out(awaited: str | None, following: str | None, result: Mapping[str, object]) -> bool:
    """Whether a page is not the one that was awaited: the one after it begins further on than a page is long."""
    size = result.get("size")
    if not isinstance(size, int) or not size or not (awaited or "").isdecimal() or not (following or "").isdecimal():
        return False
    return int(following or 0) - int(awaited or 0) > size
