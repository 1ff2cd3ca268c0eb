"""A served organisation for the pages, and what tests read from them."""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Callable, Sequence
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

from tests.support.browsers import Visit
from tests.support.folders import Folder
from tests.support.sample import NOW
from tests.support.serving import Serving

DAYS = 120
"""Days that have facts."""
MANY = "2026-10-20"
"""A day with more reports than a page shows at once."""
Open = Callable[..., Visit]
"""Opens the page."""
LOOKS = [
    (language, scheme, width) for language in ("zh", "en") for scheme in ("light", "dark") for width in (1280, 390)
]
"""Every look that a page has."""
YESTERDAY = "2026-11-26"
"""The day before the present one."""
HOSTILE = ("<img src=x onerror=alert(1)>", "'\"><script>alert(2)</script>", "\u202egnp.exe", "=1+1", "长" * 150)
"""Names of departments and templates that a page must show as they are."""


class Site(NamedTuple):
    """A served organisation, and an app that may see it."""

    served: Serving
    folder: Folder
    corp_id: str
    app_key: str
    secret: str

    def ask(self, path: str = "/v1/statistics", **parameters: str | list[str]) -> dict[str, Any]:
        """What the API answers to a question."""
        token = self.folder.token(self.folder.store.app(self.app_key), NOW.timestamp())  # type: ignore[arg-type]
        with closing(HTTPConnection(*self.served.address, timeout=300)) as connection:
            asked = f"{path}?{urlencode(parameters, doseq=True)}"
            connection.request("GET", asked, headers={"authorization": f"Bearer {token}"})
            found: dict[str, Any] = json.loads(connection.getresponse().read())
            return found


def cells(visit: Visit, table: str, rows: str = "tr") -> list[list[str]]:
    """What the body of a table says, row by row."""
    found: list[list[str]] = visit.page.evaluate(
        "at => [...document.querySelectorAll(at)].map(row => [...row.cells].map(cell => cell.innerText.trim()))",
        f"{table} tbody {rows}",
    )
    return found


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV."""
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))


def dropping(files: Sequence[Path]) -> str:
    """An expression that drops files on the page for them, as a person does."""
    brought = [(path.name, base64.b64encode(path.read_bytes()).decode()) for path in files]
    return f"({_DROP})({json.dumps(brought)})"


_DROP = """brought => {
  const data = new DataTransfer();
  const bytes = text => Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
  for (const [name, content] of brought) data.items.add(new File([bytes(content)], name));
  const how = { dataTransfer: data, bubbles: true, cancelable: true };
  for (const type of ['dragover', 'drop']) document.querySelector('#drop').dispatchEvent(new DragEvent(type, how));
}"""
