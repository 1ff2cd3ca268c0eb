"""Workbooks whose formulas nobody has computed."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from zipfile import BadZipFile, ZipFile, is_zipfile

_LARGEST = 1_000_000
"""Bytes of the list of sheets at most."""
_BOOK, _SHEETS = "xl/workbook.xml", "xl/worksheets/"
_ASKS, _FORMULA = re.compile(rb'fullCalcOnLoad="(?:1|true)"'), re.compile(rb"<f[ />]")
_PIECE = 1 << 16


def waits_to_be_computed(path: Path) -> bool:
    """Whether a workbook has formulas and asks who opens it to compute them, as programs do that write files and
    compute nothing: there the cells have 0."""
    if not is_zipfile(path):
        return False
    with suppress(BadZipFile, OSError, RuntimeError, NotImplementedError), ZipFile(path) as book:
        names = book.namelist()
        if _BOOK not in names or book.getinfo(_BOOK).file_size > _LARGEST or not _ASKS.search(book.read(_BOOK)):
            return False
        for name in names:
            if name.startswith(_SHEETS):
                with book.open(name) as sheet:
                    end = b""
                    while part := sheet.read(_PIECE):
                        if _FORMULA.search(end + part):
                            return True
                        end = part[-2:]
    return False
