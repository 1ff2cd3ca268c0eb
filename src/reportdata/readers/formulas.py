"""Workbooks whose formulas nobody has computed."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from zipfile import BadZipFile, ZipFile, is_zipfile

_LARGEST = 1_000_000
"""Bytes of the list of sheets at most."""
_LOOKED_AT = 4_000_000
"""Bytes of each sheet that are looked at: a formula that makes records is in all of their rows."""
_BOOK, _SHEETS = "xl/workbook.xml", "xl/worksheets/"
_ASKS = re.compile(rb'fullCalcOnLoad="(?:1|true)"')
_ZERO = re.compile(rb"(?:</f>|<f[^>]*/>)<v>0</v>")


def waits_to_be_computed(path: Path) -> bool:
    """Whether a workbook asks who opens it to compute its formulas and has 0 for some, as programs write files that
    compute nothing."""
    if not is_zipfile(path):
        return False
    with suppress(BadZipFile, OSError, RuntimeError, NotImplementedError), ZipFile(path) as book:
        names = book.namelist()
        if _BOOK not in names or book.getinfo(_BOOK).file_size > _LARGEST or not _ASKS.search(book.read(_BOOK)):
            return False
        for name in names:
            if name.startswith(_SHEETS):
                with book.open(name) as sheet:
                    if _ZERO.search(sheet.read(_LOOKED_AT)):
                        return True
    return False
