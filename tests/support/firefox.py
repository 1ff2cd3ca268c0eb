"""Debian's Firefox over WebDriver BiDi, which it speaks by itself: what Playwright asks of it, only builds of
Playwright's own understand.

Clicks and keys are given as a person gives them, by the browser's input.
"""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.tools import require_package, require_tool
from tests.support.waiting import SOON, until

_LISTENING = re.compile(r"WebDriver BiDi listening on (ws://\S+)")
_PREFERENCES = {
    "app.update.enabled": False,
    "browser.download.alwaysOpenPanel": False,
    "browser.download.folderList": 2,
    "browser.download.useDownloadDir": True,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "toolkit.telemetry.enabled": False,
}


class Firefox:
    """A window of Firefox. ``said`` is what its console was told, and which requests failed."""

    def __init__(self, address: str, downloads: Path) -> None:
        from websocket import create_connection

        self.downloads = downloads
        self.said: list[str] = []
        self._count = 0
        self._socket = create_connection(f"{address}/session", timeout=SOON, suppress_origin=True)
        self._ask("session.new", capabilities={})
        self._ask("session.subscribe", events=["log.entryAdded"])
        self._context = self._ask("browsingContext.getTree")["contexts"][0]["context"]

    def open(self, url: str) -> None:
        """Load a page."""
        self._ask("browsingContext.navigate", context=self._context, url=url, wait="complete")

    def evaluate(self, expression: str) -> Any:
        """What an expression in the page gives, as JSON can say it."""
        found = self._ask(
            "script.evaluate",
            expression=f"JSON.stringify({expression})",
            target={"context": self._context},
            awaitPromise=True,
        )
        if found["type"] == "exception":
            raise AssertionError(found["exceptionDetails"]["text"])
        return json.loads(found["result"].get("value", "null"))

    def click(self, selector: str) -> None:
        """Click into the middle of an element, once it is there."""
        self.wait_for(f"document.querySelector({json.dumps(selector)}) !== null")
        found = f"document.querySelector({json.dumps(selector)})"
        self.evaluate(f"{found}.scrollIntoView({{block: 'center'}})")
        node = self._ask("script.evaluate", expression=found, target={"context": self._context}, awaitPromise=False)[
            "result"
        ]
        origin = {"type": "element", "element": {"sharedId": node["sharedId"]}}
        steps = [
            {"type": "pointerMove", "x": 0, "y": 0, "origin": origin},
            {"type": "pointerDown", "button": 0},
            {"type": "pointerUp", "button": 0},
        ]
        self._ask(
            "input.performActions",
            context=self._context,
            actions=[{"type": "pointer", "id": "mouse", "actions": steps}],
        )

    def wait_for(self, expression: str) -> None:
        """Wait until an expression is true."""
        until(lambda: bool(self.evaluate(f"Boolean({expression})")))

    def close(self) -> None:
        """Close the browser."""
        self._ask("browser.close")
        self._socket.close()

    def _ask(self, method: str, **parameters: Any) -> Any:
        self._count += 1
        self._socket.send(json.dumps({"id": self._count, "method": method, "params": parameters}))
        while True:
            found = json.loads(self._socket.recv())
            if found.get("method") == "log.entryAdded":
                entry = found["params"]
                self.said.append(f"{entry['level']}: {entry['text']}")
            if found.get("id") == self._count:
                if found["type"] == "error":
                    raise AssertionError(f"{method}: {found['error']}: {found['message']}")
                return found["result"]


@contextmanager
def firefox(folder: Path) -> Iterator[Firefox]:
    """The browser, with a profile and its downloads in a folder."""
    require_package("websocket")
    program = require_tool("firefox-esr")
    profile, downloads, home = (folder / name for name in ("profile", "downloads", "home"))
    for place in (profile, downloads, home):
        place.mkdir()
    preferences = {**_PREFERENCES, "browser.download.dir": str(downloads), "intl.accept_languages": "zh-CN"}
    lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in preferences.items())
    (profile / "user.js").write_text("".join(lines))
    command = [program, "--headless", "--profile", str(profile), "--no-remote", "--remote-debugging-port", "0"]
    environment = {"HOME": str(home), "TZ": "Asia/Shanghai", "PATH": "/usr/bin:/bin", "MOZ_CRASHREPORTER_DISABLE": "1"}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as running:
        try:
            assert running.stderr is not None
            found = Firefox(_address(running.stderr), downloads)
            threading.Thread(target=running.stderr.read, daemon=True).start()
            yield found
            found.close()
        finally:
            running.terminate()


def _address(lines: Iterator[str]) -> str:
    """Where it listens, which it says when it does."""
    said = []
    for line in lines:
        said.append(line)
        if listening := _LISTENING.search(line):
            return listening[1]
    raise AssertionError("".join(said))
