"""What a process is told by the one that starts it: all settings, as one JSON document on its standard input.

Nobody else can read a pipe, as they could a list of processes. No setting is named here, so none is forgotten when
there is a new one. The pipe stays open for as long as the parent lives.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from reportdata.errors import BadValue
from reportdata.presence import NOTHING, Presence
from reportdata.settings import Settings


class Handover(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The settings, the form of the log, and the folders that were there when the parent began."""

    settings: Settings
    log_format: str
    present: Presence = NOTHING

    def encoded(self) -> bytes:
        """The document, which is one line. It is ASCII, so that names of files survive whatever their bytes are."""
        return json.dumps(msgspec.to_builtins(self, enc_hook=_encode)).encode() + b"\n"

    @classmethod
    def decoded(cls, document: bytes) -> Handover:
        """What `encoded` gave.

        :raises BadValue: when the document is none.
        """
        try:
            return msgspec.convert(json.loads(document), cls, dec_hook=_decode)
        except (ValueError, msgspec.ValidationError) as error:
            raise BadValue(
                f"standard input has no settings: {error}", "--with-parent is for processes that `serve` starts"
            ) from error


def taken_over() -> Handover:
    """What the parent hands over.

    :raises BadValue: when nobody does.
    """
    document = b""
    while not document.endswith(b"\n") and (more := os.read(0, 65_536)):
        document += more
    return Handover.decoded(document)


def end_with_parent(stop: Callable[[], None]) -> None:
    """Call ``stop`` when standard input ends: the process that started this one is gone."""

    def watch() -> None:
        while os.read(0, 1024):
            pass
        stop()

    threading.Thread(target=watch, daemon=True).start()


def _encode(value: Any) -> str:
    if isinstance(value, Path):
        return str(value)
    raise NotImplementedError


def _decode(kind: type, value: Any) -> Path:
    if issubclass(kind, Path) and isinstance(value, str):
        return Path(value)
    raise TypeError(f"{value!r} is no {kind.__name__}")
