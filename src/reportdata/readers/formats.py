"""Which format a file is in. Its content tells, never its name."""

from __future__ import annotations

import re
from enum import Enum
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from reportdata.errors import BadFile
from reportdata.readers.documents import is_logged
from reportdata.readers.encodings import unmarked_utf_16
from reportdata.readers.text import opened_bytes, packed

_START = 65_536
_FEW = 20
"""Of so many signs of a text, less than one is a NUL."""
_REMARK_ABOVE = re.compile(r"\s*(?:(?://.*|/\*(?s:.*?)\*/)\s*)+[{\[]")
_LOGGED = 20
"""Lines of a log in which an object is looked for."""
_LOG = re.compile(r"\s*\[?\d{4}[-/]\d\d[-/]\d\d[ T]\d\d:\d\d")


class Format(Enum):
    """The formats that can be imported."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"
    SHEET = "sheet"
    DINGTALK = "dingtalk"
    ZIP = "zip"


_MARKUP = re.compile(
    rb"^\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*(<!doctype\s+html|<html|<table|<head|<meta|<body|<div)", re.I | re.S
)
_OLD_EXCEL = (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\x09\x08", b"\x09\x04", b"\x09\x02")
_ATTACHMENTS = (
    b"%PDF-",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF87a",
    b"GIF89a",
    b"\x1aE\xdf\xa3",
    b"ID3\x03",
    b"ID3\x04",
    b"#!AMR",
)
_MEDIA = (b"WEBP", b"WAVE", b"AVI ")
_AS_TABLE = "export the reports as XLSX or CSV"
_UNPACKED = "unpack it and import what is in it"
_AS_PARQUET = "write it as Parquet or CSV"
_OTHERS = {
    b"%PDF": ("is a PDF", _AS_TABLE),
    b"Rar!": ("is a RAR archive", _UNPACKED),
    b"7z\xbc\xaf": ("is a 7z archive", _UNPACKED),
    b"\xfd7zXZ": ("is packed by xz", _UNPACKED),
    b"\x28\xb5\x2f\xfd": ("is packed by Zstandard", _UNPACKED),
    b"\x89PNG": ("is a picture", _AS_TABLE),
    b"\xff\xd8\xff": ("is a picture", _AS_TABLE),
    b"GIF87a": ("is a picture", _AS_TABLE),
    b"GIF89a": ("is a picture", _AS_TABLE),
    b"\x1f\x8b": ("is packed twice", "unpack it with gunzip and import that"),
    b"SQLite format 3": ("is a SQLite database", "export its table as CSV"),
    b"\x00\x01\x00\x00Standard ": ("is an Access database", "export its table as XLSX or CSV"),
    b"ARROW1\0\0": ("is a Feather file", _AS_PARQUET),
    b"Obj\x01": ("is an Avro file", _AS_PARQUET),
    b"\x89HDF": ("is an HDF5 file", _AS_PARQUET),
    b"{\\rtf": ("is a text document", _AS_TABLE),
}
_OF_TEXTS = (
    (
        re.compile(r"(?:(?:mysql|MariaDB \[.*\])> .*\s+)?\*{9,} \d+\. row \*{9,}"),
        "has a line for each column, as mysql prints with \\G",
        "end the query with ; in place of \\G, or run it by mysql --batch",
    ),
    (re.compile(r"MIME-Version:|From: .*@|Return-Path:", re.IGNORECASE), "is a saved web page or a mail", _AS_TABLE),
    (re.compile(r"<\?xml|<svg", re.IGNORECASE), "is XML of no form that is known", "export it as XLSX, CSV or JSON"),
    (
        re.compile(
            r"(?:--.*\s+)*(?:/\*.*\*/;?\s+)*(?:INSERT INTO|CREATE TABLE|COPY \S+ \(|SET \w+ ?=|DROP TABLE)",
            re.IGNORECASE,
        ),
        "is a dump of SQL",
        "load it into a database, and export its table as CSV",
    ),
)
"""How texts begin that are no tables, and what to do about them."""


def detect_format(path: Path) -> Format:
    """The format of a file, from how it begins.

    :raises BadFile: when it cannot be read, or is in a format that cannot be imported.
    """
    with opened_bytes(path) as file:
        start = file.read(_START)
    for sign, (reason, hint) in _OTHERS.items():
        if start.startswith(sign):
            raise BadFile(str(path), reason, hint)
    if start.startswith((b"PAR1", b"PK", *_OLD_EXCEL)) and packed(path):
        raise BadFile(
            str(path), "is a packed spreadsheet, archive or Parquet file", "unpack it with gunzip and import that"
        )
    if start.startswith(b"PAR1"):
        return Format.PARQUET
    if start.startswith(b"PK\x05\x06"):
        raise BadFile(str(path), "is an archive without files", "choose another one")
    if start.startswith(b"PK\x03\x04"):
        return Format.SHEET if _is_workbook(path) else Format.ZIP
    if start.startswith(_OLD_EXCEL) or _MARKUP.match(start.removeprefix(b"\xef\xbb\xbf")):
        return Format.SHEET
    if start[:3] == b"BZh" and start[4:10] == b"1AY&SY":
        raise BadFile(str(path), "is packed by bzip2", _UNPACKED)
    if start[257:262] == b"ustar":
        raise BadFile(str(path), "is a tar archive", _UNPACKED)
    if start[4:8] == b"ftyp" or start[8:12] in _MEDIA or (start[:2] == b"BM" and start[6:10] == bytes(4)):
        raise BadFile(str(path), "is a picture, a sound or a film", _AS_TABLE)
    text = _decoded(start)
    if "urn:schemas-microsoft-com:office:spreadsheet" in text[:4096]:
        return Format.SHEET
    if text.count("\0") * _FEW > len(text):
        raise BadFile(str(path), "is no text, and in no format that is known", "save it as XLSX, or as CSV in UTF-8")
    for begin, reason, hint in _OF_TEXTS:
        if begin.match(text.lstrip()):
            raise BadFile(str(path), reason, hint)
    if text.lstrip().startswith(("HTTP/1", "HTTP/2")):
        hint = "delete what stands above the first {, or save the body alone, as curl does without -i"
        raise BadFile(str(path), "has the headers of HTTP above its body", hint)
    if text.lstrip().startswith(")]}'") or _REMARK_ABOVE.match(text):
        raise BadFile(str(path), "has other text above its JSON", "delete what stands above the first {")
    if text.lstrip().startswith(("{", "[{", "[[", '"{', '"[{')) or (
        text.lstrip().startswith("[") and not _LOG.match(text)
    ):
        return Format.JSONL
    first, *others = text.lstrip().split("\n", _LOGGED)[:_LOGGED]
    logged = is_logged(first) or (_LOG.match(first) and any(map(is_logged, others)))
    return Format.JSONL if logged else Format.CSV


def is_attachment(path: Path) -> bool:
    """Whether a file beside tables is surely none: a picture, a sound, a film, a PDF or a text document."""
    with opened_bytes(path) as file:
        start = file.read(16)
    bitmap = start.startswith(b"BM") and start[6:10] == bytes(4)
    if bitmap or start.startswith(_ATTACHMENTS) or start[4:8] == b"ftyp" or start[8:12] in _MEDIA:
        return True
    if not start.startswith(b"PK\x03\x04"):
        return False
    try:
        with ZipFile(path) as archive:
            return any(name.startswith(("word/", "ppt/")) for name in archive.namelist())
    except (BadZipFile, OSError):
        return False


def _decoded(start: bytes) -> str:
    if start.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        return start.decode("utf-32", "replace")
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return start.decode("utf-16", "replace")
    if (unmarked := unmarked_utf_16(start[:4096])) is not None:
        return start.decode(unmarked, "replace")
    return start.decode("utf-8-sig", "replace")


def _is_workbook(path: Path) -> bool:
    """Whether a zip file is a spreadsheet: those of Microsoft have a list of contents, those of OpenDocument a type."""
    try:
        with ZipFile(path) as archive:
            names = set(archive.namelist())
            if "[Content_Types].xml" in names:
                if not any(name.startswith("xl/") for name in names):
                    raise BadFile(str(path), "is a document, and no spreadsheet", _AS_TABLE)
                return True
            if any(name.endswith(".iwa") or name == "Index.zip" for name in names):
                raise BadFile(str(path), "is a document of Numbers or Pages", "export it as XLSX or CSV")
            return "mimetype" in names and "content.xml" in names
    except (BadZipFile, OSError) as error:
        raise BadFile(str(path), f"is a damaged archive or spreadsheet: {error}", "copy or export it again") from error
