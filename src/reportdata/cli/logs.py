"""The log of the command line, on standard error: lines for people, or JSON for programs."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import msgspec

_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def configure_log(form: str = "readable") -> None:
    """Say how lines look from now on: ``readable`` or ``json``."""
    handler = logging.StreamHandler()
    handler.setFormatter(_JSON() if form == "json" else _Readable("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)


class _Readable(logging.Formatter):
    """The message, and what else is known as ``name=value``."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - its name in logging
        known = " ".join(
            f"{name}={value}" for name, value in _extra(record).items() if str(value) not in record.message
        )
        return f"{super().formatMessage(record)} {known}".rstrip()


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
        return msgspec.json.encode(fields).decode()


def _extra(record: logging.LogRecord) -> dict[str, object]:
    """What the line's author added to it."""
    return {name: value for name, value in vars(record).items() if name not in _OWN}
