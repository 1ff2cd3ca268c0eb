"""When a file was exported: what it says itself, in a title or in its properties, and when it was last written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from zipfile import BadZipFile, ZipFile
from zoneinfo import ZoneInfo

from reportdata.days import MILLISECOND, SECOND
from reportdata.times import read_instant

CLOCKS_DIFFER = 300_000
"""Milliseconds by which a file's clock may be ahead of this one."""
_SAID = re.compile(
    r"(?:导出|生成|制表|打印|下载)(?:时间|日期|于)?\s*[:\uff1a]?\s*(\d{4}.*)|export(?:ed)?\D{0,12}(\d{4}.*)",
    re.IGNORECASE,
)
"""How a title says when its sheet was exported."""
_LARGEST_PROPERTIES = 1 << 20


def exported_at(path: Path, titles: Sequence[str], zone: ZoneInfo, last_at: int) -> int | None:
    """When a file says that it was exported: in a title above its heading, or in a workbook's properties. Milliseconds
    since 1970; None when it does not say, or names a time before its last record.

    :param last_at: the instant of the last record; 0 without any.
    """
    for title in titles:
        found = _SAID.search(title)
        if found is not None:
            try:
                instant = read_instant((found[1] or found[2]).strip(), zone)
            except ValueError:
                continue
            if instant // SECOND // 60 >= last_at // SECOND // 60:
                return instant // MILLISECOND
    times = sorted(at for at in _properties(path) if at >= last_at)
    return times[0 if last_at else -1] // MILLISECOND if times else None


def _properties(path: Path) -> Iterator[int]:
    """When a workbook was made and last saved, as instants."""
    from xml.etree.ElementTree import ParseError, fromstring  # seldom needed

    try:
        with path.open("rb") as file:
            if file.read(4) != b"PK\x03\x04":
                return
        with ZipFile(path) as archive:
            if archive.getinfo("docProps/core.xml").file_size > _LARGEST_PROPERTIES:
                return
            root = fromstring(archive.read("docProps/core.xml"))  # noqa: S314 (expat limits entities itself)
    except (OSError, KeyError, BadZipFile, ParseError, NotImplementedError, RuntimeError):
        return
    for element in root:
        if element.tag.endswith(("}created", "}modified")) and element.text:
            try:
                yield read_instant(element.text.strip(), ZoneInfo("UTC"))
            except ValueError:
                continue


def written_at(path: Path, now: float) -> int:
    """When a file was last written, in milliseconds since 1970; 0 when that cannot be told."""
    try:
        return int(min(now, path.stat().st_mtime) * 1000)
    except OSError:  # it was there a moment ago
        return 0
