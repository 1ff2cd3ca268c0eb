"""Checks that read everything: with `--thorough` only."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import msgspec

from reportdata.audit import Read
from reportdata.cli.doctor.findings import Examined, Finding, fail, ok, warn
from reportdata.cli.places import looked_into
from reportdata.errors import BadSegment
from reportdata.files import reading
from reportdata.inbox import facts_of
from reportdata.inbox.folder import FolderInbox
from reportdata.kinds import Kinds
from reportdata.pipeline.comparing import differences
from reportdata.plurals import count_of

_MOST = 10
"""What is named of what is wrong."""


def numbers(examined: Examined) -> Iterator[Finding]:
    """The store's numbers are those of the lake's facts."""
    if examined.store is None:
        return
    with looked_into(examined.settings, examined.store) as work:
        found = list(islice(differences(work), _MOST + 1))
    if found:
        more = ", and more" if len(found) > _MOST else ""
        yield fail(
            f"the store says otherwise than the lake: {'; '.join(found[:_MOST])}{more}",
            "bring back the newest backup with `reportdata restore`, or compute these days anew: "
            "`reportdata refresh --from DAY --to DAY`",
        )
    else:
        yield ok("those of the facts, computed again")


def inbox(examined: Examined) -> Iterator[Finding]:
    """What was pushed can be read."""
    settings = examined.settings
    segments = sorted(settings.inbox.glob("*.jsonl")) if settings.database is None else []
    kept = sorted(settings.inbox.glob("*.damaged")) if settings.database is None else []
    if examined.store is not None:
        with looked_into(settings, examined.store) as work:
            bad = [path for path in segments if not _is_segment(path, work.kinds)]
    else:
        bad = []
    deleted = FolderInbox(settings.inbox).deleted() if settings.database is None else []
    for path in deleted:
        name = f"{settings.inbox.name}/{path.name}"
        yield warn(f"{name} was deleted before it was taken up", f"the worker brings it back from {path}: keep that")
    for path in bad:
        yield fail(f"{path} cannot be read", "the worker sets it aside; push again what was sent at that time")
    for path in kept:
        yield warn(f"{path} could not be read and was set aside", "push again what was sent then, and remove it")
    if not bad and not kept and not deleted:
        yield ok(f"{count_of(len(segments), 'segment waits', 'segments wait')}")


def _is_segment(path: Path, kinds: Kinds) -> bool:
    try:
        for _ in facts_of(path, kinds):
            pass
    except BadSegment:
        return False
    except FileNotFoundError:  # it was taken up just now
        return True
    return True


def reads(examined: Examined) -> Iterator[Finding]:
    """Who read what can be read."""
    decoder = msgspec.json.Decoder(Read)
    bad: list[str] = []
    files = sorted(examined.settings.audit.glob("*.jsonl"))
    for path in files:
        with reading(path) as lines:
            for number, line in enumerate(lines, 1):
                try:
                    if line.strip():
                        decoder.decode(line)
                except (msgspec.DecodeError, UnicodeDecodeError):
                    bad.append(f"{path}, line {number}")
    if bad:
        advice = "who read what is not known there; a line that a full disk cut off is one of these"
        yield warn(f"{count_of(len(bad), 'line', 'lines')} cannot be read, like {bad[0]}", advice)
    else:
        yield ok(f"{count_of(len(files), 'file', 'files')}")
