"""Calling the server over a socket, and the organisation of the document's sample answer to ask about."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import create_connection, socket
from ssl import create_default_context
from typing import NamedTuple
from urllib.parse import quote

import pytest

from reportdata.days import from_date, to_date
from reportdata.readers import Format
from tests.support.folders import Folder
from tests.support.paths import DATA, LARGER
from tests.support.waiting import SOON

Row = Mapping[str, str | int]

PATH = "/v1.0/datacenter/reportData"
CORP = "ding32xxx"
DAY, OTHER_DAY, UNCOVERED_DAY = "20210620", "20210621", "20210801"
NOW = datetime(2026, 11, 22, 8, tzinfo=UTC).timestamp()
"""Where the clocks of servers stand."""
OK = "HTTP/1.1 200 OK"

_META = (
    '{"metaList":['
    '{"unit":"","period":"DAY","kpiId":"4100","kpiCaliber":"发送钉钉日志数量","kpiName":"发送日志数"},'
    '{"unit":"人","period":"DAY","kpiId":"4101","kpiCaliber":"发送钉钉日志用户数","kpiName":"发送日志用户数"},'
    '{"unit":"人","period":"DAY","kpiId":"4102","kpiCaliber":"评论钉钉日志用户数","kpiName":"评论日志用户数"}],'
)
_ROW = '"dataList":[{"stat_date":"20210620","4100_DAY":0,"corp_id":"ding32xxx","4101_DAY":0,"4102_DAY":0}]}'
SAMPLE = f"{_META}{_ROW}".encode()
"""The document's sample answer, without the spaces that its printing added."""
EMPTY = f'{_META}"dataList":[]}}'.encode()
"""The answer for a day that is not covered."""

_UUID7 = re.compile(r"[0-9A-F]{8}-[0-9A-F]{4}-7[0-9A-F]{3}-[89AB][0-9A-F]{3}-[0-9A-F]{12}")


class Answer(NamedTuple):
    """An HTTP answer as it came; header names are in small letters."""

    status: str
    headers: dict[str, str]
    body: bytes

    @property
    def request_id(self) -> str:
        """What the header says; bodies of errors say the same."""
        return self.headers["x-acs-request-id"]


def read_head(lines: Iterator[str]) -> Answer:
    """An answer without its body, which has all that every answer has."""
    answer = Answer(next(lines), {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}, b"")
    if answer.headers.get("content-type") == "text/html; charset=utf-8":  # the page for people
        return answer
    if " 204 " not in answer.status:
        assert answer.headers["content-type"] == "application/json;charset=utf-8"
    assert _UUID7.fullmatch(answer.request_id)
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-acs-trace-id"])
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "server" not in answer.headers
    assert not {"content-encoding", "transfer-encoding"} & answer.headers.keys()
    return answer


@contextmanager
def connected(address: tuple[str, int], ca: Path | None = None) -> Iterator[Callable[[bytes], Answer]]:
    """A connection, as a function that sends bytes and returns the next answer; with ``ca``, over TLS."""
    with _connection(address, ca) as connection, connection.makefile("rb") as incoming:

        def ask(request: bytes) -> Answer:
            connection.sendall(request)
            answer = read_head(iter(lambda: incoming.readline().decode().rstrip("\r\n"), ""))
            has_none = request.startswith(b"HEAD") or " 204 " in answer.status
            length = 0 if has_none else int(answer.headers["content-length"])
            return answer._replace(body=incoming.read(length))

        yield ask


def _connection(address: tuple[str, int], ca: Path | None) -> socket:
    connection = create_connection(address, SOON)
    if ca is None:
        return connection
    return create_default_context(cafile=ca).wrap_socket(connection, server_hostname=address[0])


class Call(NamedTuple):
    """What to call, and where."""

    address: tuple[str, int]
    token: str | None
    stat_date: str | None = DAY
    headers: Mapping[str, str] = {}
    prefix: str = ""
    method: str = "GET"
    more_query: str = ""
    ca: Path | None = None
    path: str = PATH

    @property
    def endpoint(self) -> str:
        """What an SDK's configuration needs."""
        return f"{self.address[0]}:{self.address[1]}{self.prefix}"

    @property
    def request(self) -> bytes:
        """The call in bytes."""
        query = self.more_query + (f"&statDate={quote(self.stat_date)}" if self.stat_date is not None else "")
        lines = [f"{self.method} {self.prefix}{self.path}?{query.lstrip('&')} HTTP/1.1", "Host: localhost"]
        if self.token is not None:
            lines.append(f"x-acs-dingtalk-access-token: {self.token}")
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join([*lines, "", ""]).encode()

    def answer(self) -> Answer:
        """What the server answers on a connection of its own."""
        with connected(self.address, ca=self.ca) as ask:
            return ask(self.request)


def add_sample(folder: Folder) -> None:
    """Add the organisation of the document's sample, covered and without reports in June 2021."""
    folder.add_organisation(CORP)
    folder.cover(CORP, "20210601", "20210630")


ORGANISATIONS = {"sample": DATA, "larger": LARGER}
"""Folders of organisations with their true numbers; the larger lies beside the project, or not."""


def import_organisation(folder: Folder, name: str) -> tuple[str, dict[str, list[Row]]]:
    """Import an organisation as DingTalk delivers it; returns its id and the rows to be answered for days: those with
    reports, a covered one without, and one that is not covered."""
    source = ORGANISATIONS[name]
    if not source.exists():
        pytest.skip("the larger sample organisation is not beside the project")
    truth = json.loads((source / "truth.json").read_text("utf-8"))
    corp_id: str = truth["corp_id"]
    folder.add_organisation(corp_id, truth["time_zone"])
    exchanges = (source / f"{kind}_list.jsonl" for kind in ("report", "comment"))
    days: dict[str, Row] = dict(truth["days"])
    # Comments go on after the last report; the lists of reports were asked for as long.
    first, last = min(days), max(days)
    done = folder.import_(*exchanges, corp_id=corp_id, format=Format.DINGTALK, first_day=first, last_day=last)
    assert not done.failures
    zero, uncovered = (from_date(to_date(max(days)) + timedelta(days=after)) for after in (1, 2))
    folder.cover(corp_id, zero, zero)
    days[zero] = {"4100_DAY": 0, "4101_DAY": 0, "4102_DAY": 0}
    rows: dict[str, list[Row]] = {
        day: [{"stat_date": day, "corp_id": corp_id, **values}] for day, values in days.items()
    }
    return corp_id, rows | {uncovered: []}
