"""Texts that were cut off, or whose bytes are no text: no record is lost, and no two ids become one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.folders import Folder, run

RECORD = b'{"report_id":"r1","user_id":"u1","sent_at":"2024-01-05 08:00"}'


@pytest.mark.parametrize("cut", [b"[" + RECORD, b"[" + RECORD + b"\n", b" [" + RECORD + b",", b"[\n" + RECORD + b"\n"])
def test_an_array_that_nothing_closes_is_refused(folder: Folder, tmp_path: Path, cut: bytes) -> None:
    (path := tmp_path / "reports.json").write_bytes(cut)
    folder.add_organisation("ding1")
    refused = run(folder, "import", path)
    assert (refused.exit_code, "it ends in the middle" in refused.output) == (1, True)


@pytest.mark.parametrize("sign", [b"\xff", b"\xef\xbf\xbd", b"\\ud83d"])
def test_ids_that_were_lost_are_refused_in_json(folder: Folder, tmp_path: Path, sign: bytes) -> None:
    (path := tmp_path / "reports.jsonl").write_bytes(RECORD.replace(b"r1", b"r1" + sign))
    folder.add_organisation("ding1")
    refused = run(folder, "import", path)
    assert (refused.exit_code, "line 1: report_id: 'r1" in refused.output) == (1, True)


def test_names_that_were_lost_are_refused_in_json(folder: Folder, tmp_path: Path) -> None:
    (path := tmp_path / "reports.jsonl").write_bytes(RECORD.replace(b'"user_id":"u1"', b'"user_name":"Zhang\xff"'))
    folder.add_organisation("ding1")
    refused = run(folder, "import", path)
    assert (refused.exit_code, "has bytes that are no text" in refused.output) == (1, True)


def test_half_a_sign_in_a_text_is_a_blank(folder: Folder, tmp_path: Path) -> None:
    text = RECORD.replace(b"{", b'{"template":"\\u65e5\\u62a5\\ud83d","departments":["\\ud83d"],')
    (path := tmp_path / "reports.jsonl").write_bytes(text)
    folder.add_organisation("ding1")
    assert run(folder, "import", path).exit_code == 0
    assert "日报" in run(folder, "query", "20240105", "--by", "template", "--json").output


def test_half_a_sign_in_a_bad_record_is_written_with_it(folder: Folder, tmp_path: Path) -> None:
    (path := tmp_path / "reports.jsonl").write_bytes(RECORD + b"\n" + RECORD.replace(b"r1", b"r2\\ud83d"))
    folder.add_organisation("ding1")
    result = run(folder, "import", path, "--skip-bad", "--bad-file", tmp_path / "bad.jsonl")
    assert result.exit_code == 0, result.output
    assert "r2\\ud83d" in (tmp_path / "bad.jsonl").read_text()
