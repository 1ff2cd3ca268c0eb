"""A look at every file of a data folder: whether one still holds an organisation's id, or a person's facts.

Parquet files are asked by a query, since what they hold is compressed; all others are searched byte by byte. The store
is asked too: where a short text stands among its bytes and in none of its values, that is chance.
"""

from __future__ import annotations

import mmap
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from reportdata.collector.ledger import Ledger
from reportdata.engines import Subject
from reportdata.errors import LakeError
from reportdata.facts import fact_of, person_of
from reportdata.files import files_within
from reportdata.inbox.checksums import is_checksum
from reportdata.inbox.links import Links
from reportdata.kinds import REPEATS, Kind, Kinds
from reportdata.pipeline.workspace import Workspace

_CERTAIN = 8
"""Bytes from which on a text is not found by chance among the numbers of a binary file, as in a log's checksums."""


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


def look_for(work: Workspace, subject: Subject) -> Remains:
    """Look at every file of the data folder, and into a store that is elsewhere."""
    remains = Remains()
    with work.lake.reading():
        paths = sorted(files_within(work.settings.data))
        _ask(work, subject, [path for path in paths if path.suffix == ".parquet"], remains)
        searched = [path for path in paths if path.suffix != ".parquet"]
        for path in searched:
            with suppress(FileNotFoundError):  # it went away meanwhile
                _search(work, subject, path, remains)
        remains.searched = len(searched)
    if work.settings.database is not None:
        _look_into(work, subject, remains)
    return remains


def _look_into(work: Workspace, subject: Subject, remains: Remains) -> None:
    """Ask a database for what its files, which are elsewhere, hold."""
    if work.inbox.holds(lambda line: is_of(line, subject, work.kinds)):
        remains.found.append("the inbox in PostgreSQL")
    mentions = work.store.mentions(subject.user_id or subject.corp_id)
    remains.within += (f"PostgreSQL: {count} of {place}" for place, count in mentions.items())


def _ask(work: Workspace, subject: Subject, paths: list[Path], remains: Remains) -> None:
    listed = {k: [*work.lake.paths(k.name), *work.lake.paths(k.repeats)] for k in work.kinds.values()}
    for kind, files in listed.items():
        remains.found += map(str, work.engine.holding(kind, files, subject))
    known = {path for files in listed.values() for path in files}
    for path in paths:
        if path not in known:
            try:
                for kind in _kinds_of(path, work.kinds):
                    remains.found += map(str, work.engine.holding(kind, [path], subject))
            except LakeError as error:
                if path.exists():
                    remains.found.append(f"{path}, which cannot be asked: {error.message}")
    remains.asked = len(paths)


def _kinds_of(path: Path, kinds: Kinds) -> list[Kind]:
    """What a file outside the lake's listing may have facts of; its folders tell, as in what imports are writing."""
    folders = (part.removesuffix(REPEATS) for part in reversed(path.parts))
    named = next((kinds[part] for part in folders if part in kinds), None)
    return [named] if named is not None else [Kind("any_facts", "at_", {"at_": "instant"}, ("at_",))]


def _search(work: Workspace, subject: Subject, path: Path, remains: Remains) -> None:
    text = subject.user_id or subject.corp_id
    if not _holds(path, text.encode()) and not _holds(path, _escaped(text)):
        return
    mentions = _mentions(path, text, work)
    if mentions is not None:
        remains.within += (f"{path}: {count} of {place}" for place, count in mentions.items())
        remains.found += [str(path)] if not mentions and len(text.encode()) >= _CERTAIN else []
    elif subject.user_id is not None:
        inbox = work.settings.inbox
        own = path.parent in (inbox, Links(inbox).folder) and any(
            is_of(line, subject, work.kinds) for line in path.read_bytes().splitlines()
        )
        (remains.found if own else remains.within).append(str(path))
    else:
        alone = _holds(path, b'"' + _escaped(text) + b'"')
        (remains.found if alone else remains.within).append(str(path))


def _mentions(path: Path, text: str, work: Workspace) -> dict[str, int] | None:
    """Where a text stands in the database whose file this is; None when it is none's."""
    settings = work.settings
    if path.name.startswith(settings.store.name):
        return work.store.mentions(text)
    if path.name.startswith(settings.names.name):
        return work.names.mentions(text)
    if path.name.startswith(settings.ledger.name):
        with closing(Ledger(settings.ledger, new=False)) as ledger:
            return ledger.mentions(text)
    return None


def is_of(line: bytes, subject: Subject, kinds: Kinds) -> bool:
    """Whether a line of the inbox is a fact of the subject, or something else that names its organisation."""
    try:
        fact = fact_of(line, kinds)
    except ValueError:
        return not is_checksum(line) and subject.corp_id.encode() in line
    return fact.corp_id == subject.corp_id and subject.user_id in (None, person_of(fact, kinds))


def _escaped(text: str) -> bytes:
    return msgspec.json.encode(text)[1:-1]


def _holds(path: Path, content: bytes) -> bool:
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as found:
            return found.find(content) >= 0
    except (FileNotFoundError, ValueError):  # it went meanwhile, or is empty
        return False
