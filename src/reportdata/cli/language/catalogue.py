"""Catalogues of messages in gettext's forms: ``.po`` in the source, ``.mo`` in an installed package.

Whoever builds the package imports this module by its path: it needs nothing but Python.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

LOCALE = Path(__file__).parents[2] / "locale"
"""A folder a language, as gettext has them."""
_MAGIC = 0x950412DE


class Entry(NamedTuple):
    """A message, its translation, where it is said, and whether somebody has to look at it again."""

    id: str
    text: str
    place: str = ""
    fuzzy: bool = False


def read_po(content: str) -> Iterator[Entry]:
    """The entries of a ``.po`` file, with its head, whose id is empty. Obsolete ones are left out."""
    for paragraph in content.split("\n\n"):
        parts: dict[str, list[str]] = {"msgid": [], "msgstr": []}
        part, place, fuzzy = "", "", False
        for line in paragraph.splitlines():
            if line.startswith("#,"):
                fuzzy = fuzzy or "fuzzy" in line
            elif line.startswith("#:"):
                place = line[2:].strip()
            elif line and not line.startswith("#"):
                word, quote, rest = line.partition('"')
                part = word.strip() or part
                parts[part].append(json.loads(quote + rest))
        if part:
            yield Entry("".join(parts["msgid"]), "".join(parts["msgstr"]), place, fuzzy)


def compiled(messages: Mapping[str, str]) -> bytes:
    """A ``.mo`` file."""
    pairs = sorted((key.encode(), text.encode()) for key, text in messages.items())
    begin = 28 + 16 * len(pairs)
    tables: list[bytes] = []
    texts = bytearray()
    for at in (0, 1):
        for pair in pairs:
            tables.append(struct.pack("<2I", len(pair[at]), begin + len(texts)))
            texts += pair[at] + b"\0"
    head = struct.pack("<7I", _MAGIC, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, begin)
    return head + b"".join(tables) + texts


def compiled_po(path: Path) -> bytes:
    """The ``.mo`` file of a ``.po`` file: what it translates, and nobody has to look at again."""
    return compiled({one.id: one.text for one in read_po(path.read_text("utf-8")) if one.text and not one.fuzzy})


def read_mo(content: bytes) -> dict[str, str]:
    """What a ``.mo`` file translates."""
    _, _, count, ids, texts, _, _ = struct.unpack_from("<7I", content)

    def text(table: int, number: int) -> str:
        length, begin = struct.unpack_from("<2I", content, table + 8 * number)
        return content[begin : begin + length].decode()

    return {text(ids, number): text(texts, number) for number in range(count)}


def load(language: str) -> dict[str, str]:
    """The translations of a language, without the head: those that the package was built with or, in the source, those
    of the ``.po`` file as it is now."""
    built = LOCALE / language / "LC_MESSAGES" / "reportdata.mo"
    content = compiled_po(built.with_suffix(".po")) if not built.exists() else built.read_bytes()
    return {message: text for message, text in read_mo(content).items() if message}
