"""Reading files of records: what format they are in, and one record after the other."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from pathlib import Path

from reportdata.errors import BadFile
from reportdata.readers.exchanges import read_exchanges
from reportdata.readers.jsonl import read_jsonl
from reportdata.readers.tables import read_table
from reportdata.readers.text import opened_bytes

__all__ = ["Format", "detect_format", "read_exchanges", "read_jsonl", "read_table"]


class Format(Enum):
    """The formats that can be imported."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"
    DINGTALK = "dingtalk"


_OF_SUFFIX = {
    ".csv": Format.CSV,
    ".tsv": Format.CSV,
    ".txt": Format.CSV,
    ".parquet": Format.PARQUET,
    ".pq": Format.PARQUET,
}
_JSON = (".json", ".jsonl", ".ndjson")
_SHEETS = (".xlsx", ".xls", ".et", ".ods", ".numbers")
_START = 65_536


def detect_format(path: Path) -> Format:
    """The format of a file, from its name and, where that does not tell, from how it begins.

    :raises BadFile: when it is a spreadsheet or cannot be read.
    """
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    suffix = suffixes[-1] if suffixes else ""
    if suffix in _SHEETS:
        raise BadFile(str(path), "is a spreadsheet", "save it as CSV and import that")
    if suffix in _OF_SUFFIX:
        return _OF_SUFFIX[suffix]
    with opened_bytes(path) as file:
        start = file.read(_START)
    if start.startswith(b"PAR1"):
        return Format.PARQUET
    text = start.decode("utf-8-sig", "replace").lstrip()
    if suffix not in _JSON and not text.startswith(("{", "[")):
        return Format.CSV
    names = set(_outermost_names(text))
    return Format.DINGTALK if {"api", "response"} <= names or names & {"errcode", "result"} else Format.JSONL


def _outermost_names(text: str) -> Iterator[str]:
    """The names of the first object's members, as far as the text goes."""
    depth = position = 0
    while position < len(text):
        sign = text[position]
        if sign == '"':
            end = position + 1
            while end < len(text) and text[end] != '"':
                end += 2 if text[end] == "\\" else 1
            if depth == 1 and text[end + 1 : end + 40].lstrip().startswith(":"):
                yield text[position + 1 : end]
            position = end
        elif sign in "{[":
            depth += 1
        elif sign in "}]":
            depth -= 1
            if depth == 0:
                return
        position += 1
