"""Files that are brought to a server, as a page or a program brings them."""

from __future__ import annotations

import json
import time
from contextlib import closing
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote

from tests.support.browsing import Answered
from tests.support.waiting import SOON

IMPORTS = "/v1/imports"
UPLOADS = f"{IMPORTS}/uploads"
GOING_ON = ("waiting", "running")
REPORTS = "提交时间,发送人,日志模板\n2024-01-05 09:00,张三,日报\n2024-01-05 10:00,李四,日报\n".encode()
"""A sheet of two reports of 5 January 2024, by two people."""


class Bringer:
    """Whoever brings files: by a token, or by the cookie of a session."""

    def __init__(self, address: tuple[str, int], **headers: str | None) -> None:
        self._address = address
        self._headers = {name: value for name, value in headers.items() if value is not None}

    def call(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answered:
        """Make a call; a header's name has ``_`` for ``-``."""
        sent = {name.replace("_", "-"): value for name, value in {**self._headers, **headers}.items()}
        with closing(HTTPConnection(*self._address, timeout=SOON)) as connection:
            connection.request(method, path, body, sent)
            found = connection.getresponse()
            return Answered(found.status, {k.lower(): v for k, v in found.getheaders()}, found.read())

    def bring(self, name: str, content: bytes, upload: str | None = None) -> Answered:
        """Bring a file."""
        into = f"&upload={upload}" if upload is not None else ""
        return self.call("POST", f"{UPLOADS}?name={quote(name, safe='')}{into}", content)

    def run(self, upload: str, what: str, **said: Any) -> dict[str, Any]:
        """Preview or import, and wait for it: how the run ended."""
        path = f"{UPLOADS}/{upload}"
        begun = self.call("POST", f"{path}/{what}", json.dumps(said).encode())
        assert begun.status == 200, begun.body
        return self.ended(path)

    def undo(self, import_id: str, lang: str = "en") -> dict[str, Any]:
        """Take an import back, and wait for it: how the run ended."""
        path = f"{IMPORTS}/{import_id}/undo"
        assert self.call("POST", f"{path}?lang={lang}").status == 200
        return self.ended(path)

    def ended(self, path: str) -> dict[str, Any]:
        """How a run ended, once it has."""
        end = time.monotonic() + SOON
        while True:
            answered = self.call("GET", path)
            assert answered.status == 200, answered.body
            run: dict[str, Any] = answered.json["run"]
            if run["state"] not in GOING_ON:
                return run
            assert time.monotonic() < end
            time.sleep(0.05)

    def list(self) -> list[dict[str, Any]]:
        """The imports, the latest first."""
        found: list[dict[str, Any]] = self.call("GET", IMPORTS).json["imports"]
        return found
