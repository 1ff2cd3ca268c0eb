"""Files of forms that are not read are refused as what they are, with what to do."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.support.folders import Folder, run
from tests.support.numbers import ONE, TWO, numbers

SENT = "report_id,user_id,sent_at\nr1,u1,2024-01-05 08:00:00\n"


def tar() -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        member = tarfile.TarInfo("a.csv")
        member.size = len(SENT)
        archive.addfile(member, io.BytesIO(SENT.encode()))
    return content.getvalue()


def zipped(*names: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(name, bytes(20))
    return content.getvalue()


def report(number: int) -> dict[str, object]:
    return {"report_id": f"r{number}", "user_id": f"u{number}", "sent_at": "2024-01-05 08:00:00"}


OTHERS: dict[str, tuple[bytes | str, str, str]] = {
    "tar": (tar(), "is a tar archive", "unpack it"),
    "tar.gz": (gzip.compress(tar(), mtime=0), "is a tar archive", "unpack it"),
    "bzip2": (bz2.compress(SENT.encode()), "is packed by bzip2", "unpack it"),
    "xz": (lzma.compress(SENT.encode()), "is packed by xz", "unpack it"),
    "Zstandard": (b"\x28\xb5\x2f\xfd" + bytes(20), "is packed by Zstandard", "unpack it"),
    "Access": (b"\x00\x01\x00\x00Standard ACE DB\x00" + bytes(99), "is an Access database", "export its table"),
    "Feather": (b"ARROW1\x00\x00" + bytes(99), "is a Feather file", "write it as Parquet"),
    "HDF5": (b"\x89HDF\r\n\x1a\n" + bytes(99), "is an HDF5 file", "write it as Parquet"),
    "Numbers": (zipped("Index/Document.iwa", "preview.jpg"), "is a document of Numbers", "export it as XLSX"),
    "WebP": (b"RIFF\x00\x00\x00\x00WEBPVP8 " + bytes(99), "is a picture", "export the reports"),
    "RTF": ("{\\rtf1\\ansi x}", "is a text document", "export the reports"),
    "a saved page": ("MIME-Version: 1.0\nContent-Type: multipart/related\n\n<html>", "is a saved web page", "export"),
    "XML": ("<?xml version='1.0'?>\n<reports><report/></reports>", "is XML", "CSV or JSON"),
    "SQL": ("-- MySQL dump 10.13\n\nINSERT INTO reports VALUES (1);\n", "is a dump of SQL", "export its table as CSV"),
    "COPY": ("COPY public.reports (id) FROM stdin;\n1\n\\.\n", "is a dump of SQL", "export its table as CSV"),
    "nothing known": (bytes(500) + b"x", "is no text", "save it as XLSX"),
    "remarks above JSON": ("// saved\n/* by x */\n[]", "has other text above its JSON", "delete what stands above"),
    "mysql's other form": (
        "*************************** 1. row ***************************\n  report_id: r1\n    user_id: u1\n",
        "has a line for each column, as mysql prints",
        "end the query with ;",
    ),
    "JSON in cells": (
        'id,payload\n1,"{""report_id"": ""r1"", ""user_id"": ""u1"", ""sent_at"": 1704412980}"\n',
        "has JSON in its cells, in the column 'payload'",
        "one object on each line",
    ),
    "what people wrote, as JSON": (
        '编码,内容\n1,"[{""key"": ""今日工作"", ""value"": ""secret""}]"\n',
        "no heading was found",
        "",
    ),
    "answers in cells": (
        'time,message\n2024-01-05 08:00:00,"{""errcode"": 0, ""result"": {""data_list"": []}}"\n',
        "no column holds a time; the columns are: 'time', 'message'",
        "or, if its records are the JSON in the column 'message', write what stands in it to a file",
    ),
    "a column of names": (
        "发送人,张一,李二\n提交时间,2024-01-05 08:00,2024-01-05 09:00\n",
        "one below the other",
        "Transpose",
    ),
    "psql's other form": ("-[ RECORD 1 ]---\nreport_id | r1\nuser_id   | u1\n", "one below the other", "without \\x"),
    "columns of JSON": (
        '{"report_id": ["r1"], "user_id": ["u1"], "sent_at": ["2024-01-05 08:00"]}',
        "is a list",
        "an object for",
    ),
    "JSON that is cut in a sign": ('{"report_id": "r1", "user_id": "\\u5f2', "is not JSON", "it ends in the middle"),
}


@pytest.mark.parametrize("case", OTHERS)
def test_what_is_not_read_is_told_as_what_it_is(folder: Folder, tmp_path: Path, case: str) -> None:
    content, reason, advice = OTHERS[case]
    (path := tmp_path / "日志.xlsx").write_bytes(content if isinstance(content, bytes) else content.encode())
    folder.add_organisation("ding1")
    result = run(folder, "import", path)
    assert result.exit_code == 1
    assert reason in result.output
    assert advice in result.output.partition("Error: ")[2]
    assert numbers(folder) == {}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(json.dumps([report(1), report(2)])),
        json.dumps([json.dumps(report(1)), json.dumps(report(2))]),
        "\n".join(json.dumps(json.dumps(report(number))) for number in (1, 2)),
    ],
)
def test_json_that_was_written_as_a_text_is_read(folder: Folder, tmp_path: Path, text: str) -> None:
    (path := tmp_path / "日志.json").write_text(text)
    folder.add_organisation("ding1")
    result = run(folder, "import", path)
    assert result.exit_code == 0, result.output
    assert numbers(folder) == {"20240105": TWO}


@pytest.mark.parametrize(
    "title", ["From: 2024-01-01 To: 2024-01-31", "GIF,BZh,ORC", "Set of reports", "Copy of reports"]
)
def test_a_title_may_begin_as_other_files_do(folder: Folder, tmp_path: Path, title: str) -> None:
    (path := tmp_path / "日志.csv").write_text(f"{title}\n{SENT}")
    folder.add_organisation("ding1")
    assert run(folder, "import", path).exit_code == 0
    assert numbers(folder) == {"20240105": ONE}
