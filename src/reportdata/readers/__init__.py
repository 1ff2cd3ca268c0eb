"""Reading files of records: what format they are in, and one record after the other."""

from __future__ import annotations

from reportdata.readers.formats import Format, detect_format
from reportdata.readers.jsonl import read_jsonl
from reportdata.readers.sheets import read_sheets
from reportdata.readers.tables import read_table

__all__ = ["Format", "detect_format", "read_jsonl", "read_sheets", "read_table"]
