"""A look at every file of a data folder: whether one still holds an organisation's id, or a person's facts.

Parquet files are asked by a query, since what they hold is compressed; all others are searched byte by byte. The store
is asked too: where a short text stands among its bytes and in none of its values, that is chance.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from reportdata.collector.ledger import Ledger
from reportdata.engines import Engine, Subject
from reportdata.errors import LakeError
from reportdata.facts import KINDS, Fact, Kind
from reportdata.inbox import Inbox
from reportdata.lake import Lake
from reportdata.settings import Settings
from reportdata.store import Store

_CERTAIN = 8
"""Bytes from which on a text is not found by chance among the numbers of a binary file, as in a log's checksums."""

_facts = msgspec.json.Decoder(Fact)


@dataclass
class Remains:
    """What was looked at, and what was found there.

    ``found`` is what should not be there. ``within`` are places where the id is a part of something longer, like
    another id or an app's name, or is another's.
    """

    asked: int = 0
    searched: int = 0
    found: list[str] = field(default_factory=list)
    within: list[str] = field(default_factory=list)


def look_for(subject: Subject, settings: Settings, lake: Lake, inbox: Inbox, store: Store, engine: Engine) -> Remains:
    """Look at every file of the data folder, and into a store that is elsewhere."""
    remains = Remains()
    with lake.reading():
        paths = sorted(path for path in settings.data.rglob("*") if path.is_file())
        _ask(subject, [path for path in paths if path.suffix == ".parquet"], lake, engine, remains)
        searched = [path for path in paths if path.suffix != ".parquet"]
        for path in searched:
            _search(subject, path, settings, store, remains)
        remains.searched = len(searched)
    if settings.database is not None:
        _look_into(subject, inbox, store, remains)
    return remains


def _look_into(subject: Subject, inbox: Inbox, store: Store, remains: Remains) -> None:
    """Ask a database for what its files, which are elsewhere, hold."""
    if inbox.holds(lambda line: _is_of(subject, line)):
        remains.found.append("the inbox in PostgreSQL")
    mentions = store.mentions(subject.user_id or subject.corp_id)
    remains.within += (f"PostgreSQL: {count} of {place}" for place, count in mentions.items())


def _ask(subject: Subject, paths: list[Path], lake: Lake, engine: Engine, remains: Remains) -> None:
    listed = {kind: lake.paths(kind) for kind in KINDS}
    for kind, files in listed.items():
        remains.found += map(str, engine.holding(kind, files, subject))
    known = {path for files in listed.values() for path in files}
    for path in paths:
        if path not in known:
            try:
                remains.found += map(str, engine.holding(_kind(path), [path], subject))
            except LakeError as error:
                if path.exists():
                    remains.found.append(f"{path}, which cannot be asked: {error.message}")
    remains.asked = len(paths)


def _kind(path: Path) -> Kind:
    """What a file outside the lake's listing has facts of; its folders tell, as in what imports are writing."""
    kinds: dict[str, Kind] = {kind: kind for kind in KINDS}
    return next((kinds[part] for part in reversed(path.parts) if part in kinds), "withdrawn")


def _search(subject: Subject, path: Path, settings: Settings, store: Store, remains: Remains) -> None:
    text = subject.user_id or subject.corp_id
    if not _holds(path, text.encode()) and not _holds(path, _escaped(text)):
        return
    mentions = _mentions(path, text, settings, store)
    if mentions is not None:
        remains.within += (f"{path}: {count} of {place}" for place, count in mentions.items())
        remains.found += [str(path)] if not mentions and len(text.encode()) >= _CERTAIN else []
    elif subject.user_id is not None:
        own = path.parent == settings.inbox and any(_facts_of(subject, path))
        (remains.found if own else remains.within).append(str(path))
    else:
        alone = _holds(path, b'"' + _escaped(text) + b'"')
        (remains.found if alone else remains.within).append(str(path))


def _mentions(path: Path, text: str, settings: Settings, store: Store) -> dict[str, int] | None:
    """Where a text stands in the database whose file this is; None when it is none's."""
    if path.name.startswith(settings.store.name):
        return store.mentions(text)
    if path.name.startswith(settings.ledger.name):
        with closing(Ledger(settings.ledger)) as ledger:
            return ledger.mentions(text)
    return None


def _facts_of(subject: Subject, path: Path) -> Iterator[bool]:
    for line in path.read_bytes().splitlines():
        yield _is_of(subject, line)


def _is_of(subject: Subject, line: bytes) -> bool:
    try:
        fact = _facts.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return subject.corp_id.encode() in line
    return fact.corp_id == subject.corp_id and subject.user_id in (None, fact.user_id)


def _escaped(text: str) -> bytes:
    return msgspec.json.encode(text)[1:-1]


def _holds(path: Path, content: bytes) -> bool:
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as found:
            return found.find(content) >= 0
    except (FileNotFoundError, ValueError):  # it went meanwhile, or is empty
        return False
