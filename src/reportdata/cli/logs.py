"""The log of the command line, on standard error: lines for people, or JSON for programs.

A request may bring any character into the log. Those that would end a line or steer a terminal are escaped, so that a
line is what this program wrote, and the lines of a traceback are indented.
"""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime

import msgspec

from reportdata.cli.loudness import set_levels

_STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Control characters, ends of lines and of paragraphs, and changes of direction."""
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def configure_log(form: str = "readable") -> None:
    """Say how lines look from now on: ``readable`` or ``json``."""
    handler = logging.StreamHandler()
    handler.setFormatter(_JSON() if form == "json" else _Readable("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(handlers=[handler], force=True)
    set_levels()


class _Readable(logging.Formatter):
    """The message, and what else is known as ``name=value``."""

    def format(self, record: logging.LogRecord) -> str:
        record.message = record.getMessage()
        if self.usesTime():
            record.asctime = self.formatTime(record, self.datefmt)
        known = " ".join(
            f"{name}={value}" for name, value in _extra(record).items() if str(value) not in record.message
        )
        lines = [f"{self.formatMessage(record)} {known}".rstrip()]
        if record.exc_info:
            lines += [f"  {line}" for line in self.formatException(record.exc_info).split("\n")]
        return "\n".join(map(_escaped, lines))


class _JSON(logging.Formatter):
    """One object a line."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_extra(record),
        }
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return _escaped(msgspec.json.encode(fields).decode())  # JSON itself escapes some of them only


def _extra(record: logging.LogRecord) -> dict[str, object]:
    """What the line's author added to it."""
    return {name: value for name, value in vars(record).items() if name not in _OWN}


def _escaped(text: str) -> str:
    """The text with its steering characters written as JSON would write them."""
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
