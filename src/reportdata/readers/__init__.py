"""Reading files of records: what format they are in, and one record after the other.

Each format's reader is imported where a file of that format is read: all of them together take longer to load than a
small file takes to import."""

from __future__ import annotations

from reportdata.readers.formats import Format, detect_format

__all__ = ["Format", "detect_format"]
