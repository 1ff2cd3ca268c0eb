"""What pages of services say of themselves: that others follow, or that they are not whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.folders import Folder, run

RECORD = {"report_id": "r1", "user_id": "u1", "sent_at": "2024-01-05 08:00"}
WHOLE: list[dict[str, object]] = [
    {"total": 1},
    {"totalRows": "1"},
    {"last": True},
    {"more": False, "nextCursor": "abc"},
    {"page": 3, "pageCount": 3},
    {"success": True, "error": None, "errors": ""},
    {"errorMessage": "success"},
    {"partial": False},
]
IN_PART: list[tuple[dict[str, object], str]] = [
    ({"nextCursor": "abc"}, "another one follows"),
    ({"next_token": "abc"}, "another one follows"),
    ({"more": True}, "another one follows"),
    ({"last": False}, "another one follows"),
    ({"isLastPage": "false"}, "another one follows"),
    ({"page": 1, "pageCount": 3}, "another one follows"),
    ({"recordsTotal": 3}, "the file says that it has 3 records"),
    ({"truncated": True}, "is not whole"),
    ({"incomplete_results": True}, "is not whole"),
    ({"success": False}, "is not whole"),
    ({"error": "timeout"}, "is not whole"),
]


def state(folder: Folder, path: Path, page: dict[str, object]) -> tuple[str, str]:
    """That of the day of a page, and what the import said."""
    path.write_text(json.dumps(page))
    folder.add_organisation("ding1")
    output = run(folder, "import", path, "--from", "20240105", "--to", "20240105").output
    (found,) = json.loads(run(folder, "query", "20240105", "--json").output)
    return found["states"]["4100"], output


@pytest.mark.parametrize("said", WHOLE)
def test_a_page_that_says_nothing_else_is_whole(folder: Folder, tmp_path: Path, said: dict[str, object]) -> None:
    found, output = state(folder, tmp_path / "page.json", {"rows": [RECORD], **said})
    assert (found, "Note" in output) == ("final", False)


@pytest.mark.parametrize(("said", "reason"), IN_PART)
def test_a_page_that_lacks_records_is_in_part(
    folder: Folder, tmp_path: Path, said: dict[str, object], reason: str
) -> None:
    found, output = state(folder, tmp_path / "page.json", {"rows": [RECORD], **said})
    assert (found, reason in output) == ("partial", True)


@pytest.mark.parametrize("said", [{"timed_out": True}, {"_shards": {"total": 5, "failed": 2}}])
def test_what_a_search_engine_found_in_time_is_in_part(folder: Folder, tmp_path: Path, said: dict[str, object]) -> None:
    page = {"hits": {"total": {"value": 1}, "hits": [{"_source": RECORD}]}, **said}
    found, output = state(folder, tmp_path / "page.json", page)
    assert (found, "is not whole" in output) == ("partial", True)
