"""What a data folder is seen to have, and what must hold of it after a kill or a power failure within a command."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, NamedTuple

from click.testing import CliRunner, Result

from reportdata.cli import cli
from reportdata.cli.places import inbox_of
from reportdata.collector.ledger import Ledger
from reportdata.collector.sources import sources
from reportdata.inbox import facts_of
from reportdata.services import REPORTS
from tests.support.contents import facts_in, numbers_of
from tests.support.folders import Folder, folder_at
from tests.support.services import KINDS


class Seen(NamedTuple):
    """What a data folder has: by parts, each a set of things that may be compared. Who looks changes nothing of it."""

    facts: frozenset[Any] = frozenset()
    numbers: frozenset[Any] = frozenset()
    organisations: frozenset[Any] = frozenset()
    apps: frozenset[Any] = frozenset()
    official: frozenset[Any] = frozenset()
    imports: frozenset[Any] = frozenset()
    pushed: frozenset[Any] = frozenset()
    sources: frozenset[Any] = frozenset()


def seen(data: Path) -> Seen:
    """What the data folder has now."""
    if "REPORTDATA_STORE" not in os.environ and not (data / "store.db").exists():
        return Seen()
    folder = folder_at(data)
    try:
        store = folder.store
        return Seen(
            frozenset(facts_in(folder)),
            frozenset(numbers_of(folder).items()),
            frozenset(store.organisations()),
            frozenset((app.app_key, app.disabled, app.secret_hash, app.scopes) for app in store.apps()),
            frozenset(
                (one.corp_id, one.stat_day, tuple(sorted((one.values or {}).items())))
                for organisation in store.organisations()
                for one in store.official(REPORTS, organisation.corp_id, "20000101", "20991231")
            ),
            frozenset((note.taken_back_at is None, note.files) for note in store.imports() if note.files),
            frozenset(pushed(folder)),
            frozenset(collected(data)),
        )
    finally:
        store.close()


def pushed(folder: Folder) -> list[tuple[str, str]]:
    """Organisations and ids of reports that wait in the inbox."""
    with closing(inbox_of(folder.settings)) as inbox:
        found = [fact for path in inbox.ready() for fact in facts_of(path, KINDS)]
    return [(fact.corp_id, str(fact.values["report_id"])) for fact in found]


def collected(data: Path) -> list[str]:
    """The names of the sources."""
    if not (data / "collector.db").exists():
        return []
    with closing(Ledger(data / "collector.db")) as ledger:
        return [source.name for source in sources(ledger)]


class Command(NamedTuple):
    """A command that changes something, in a folder that stands for a disk.

    ``words`` gives it for that folder, ``again`` what ends it when it was interrupted, which may end with one of
    ``codes``; ``whole`` says that facts change all at once. ``look`` tells what is seen, ``same`` which parts of it are
    the same however often it is run, and ``gone`` is what no file holds afterwards."""

    name: str
    words: Callable[[Path], Sequence[object]]
    again: Callable[[Path], Sequence[object]] | None = None
    codes: tuple[int, ...] = (0,)
    whole: bool = True
    look: Callable[[Path], Seen] = lambda place: seen(place / "data")
    same: tuple[str, ...] = Seen._fields
    gone: str = ""


def run(words: Sequence[object]) -> Result:
    """Run a command in this process; it ends by itself."""
    result = CliRunner().invoke(cli, [str(word) for word in words])
    assert result.exception is None or isinstance(result.exception, SystemExit), (words, result.output, result.exc_info)
    assert "Traceback" not in result.output, result.output
    return result


def judge(command: Command, place: Path, before: Seen, after: Seen, *, acknowledged: bool) -> str:
    """See that a folder is as it may be after an interrupted command, and that the command, run again, ends it.

    :returns: "before", "after", or "between" for what may be seen while the command runs.
    """
    held = holding(place, command.gone) if command.gone and acknowledged else []
    assert not held, held  # before anything opens a file and puts it in order
    found = command.look(place)
    _examine(place / "data")
    assert command.look(place) == found, "doctor changes nothing"
    if acknowledged:
        assert found == after, differences(found, after)
    else:
        _between(command, found, before, after)
    words = (command.again or command.words)(place)
    result = run(words)
    assert result.exit_code in command.codes, (words, result.output)
    ended = command.look(place)
    for part in command.same:
        assert getattr(ended, part) == getattr(after, part), (part, differences(ended, after))
    for check in _examine(place / "data"):
        assert check["state"] != "fail", check
    return "after" if found == after else "before" if found == before else "between"


def holding(place: Path, text: str) -> list[Path]:
    """The files whose bytes have a text."""
    return [path for path in place.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


def differences(found: Seen, wanted: Seen) -> dict[str, tuple[Any, Any]]:
    """What is there and should not be, and what should be there and is not, by parts."""
    pairs = ((part, getattr(found, part), getattr(wanted, part)) for part in Seen._fields)
    return {
        part: (sorted(one - other, key=str), sorted(other - one, key=str)) for part, one, other in pairs if one != other
    }


def _between(command: Command, found: Seen, before: Seen, after: Seen) -> None:
    """Each number is that of before or after, and nothing is there or missing that was neither there before nor is
    after."""
    for part in Seen._fields:
        now, old, new = getattr(found, part), getattr(before, part), getattr(after, part)
        if part == "facts" and command.whole:
            assert now in (old, new), differences(found, after)
        assert old & new <= now <= old | new, (part, sorted(now ^ new, key=str), sorted(now ^ old, key=str))
    keys = [key for key, _ in found.numbers]
    assert len(keys) == len(set(keys))


def _examine(data: Path) -> list[dict[str, Any]]:
    """What ``doctor`` finds; whatever is wrong comes with what is to be done."""
    checks: list[dict[str, Any]] = []
    with suppress(json.JSONDecodeError):
        checks = json.loads(run(["doctor", "--data", data, "--json"]).stdout)["checks"]
    for check in checks:
        assert check["state"] == "ok" or check["advice"], check
    return checks
