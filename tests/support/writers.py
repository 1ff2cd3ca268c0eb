"""Every command that writes, with a folder in which it has something to do."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from shutil import rmtree
from typing import NamedTuple

import pytest

from reportdata.cli.places import writer_of
from reportdata.facts import Fact
from reportdata.identity import hash_of
from reportdata.twin import BEIJING, Server
from tests.support import services
from tests.support.contents import numbers_of
from tests.support.durable import Command, Seen, run, seen
from tests.support.folders import Folder, folder_at
from tests.support.scopes import REPORT_READ
from tests.support.witness import ZONES, Batch, make_batch

FIGURES = "统计日期,发送日志数,发送日志用户数,评论日志用户数\n20240220,3,2,1\n20240221,5,4,3\n"
FIRST, LAST = (f"{datetime.now(BEIJING) - timedelta(days=ago):%Y%m%d}" for ago in (12, 8))
"""The days of the organisation that is collected; not long ago, as the collector compares clocks."""
GONE = "ding-forgotten-organisation"
SECRET = "a-secret-of-a-test"
SEED = int(os.environ.get("REPORTDATA_TESTS_SEED", "20261128"))
"""What random choices depend on."""
STATISTICS = "Statistics.Report.Read"


class Writing(NamedTuple):
    """A command that writes, and what makes a folder in which it has something to do."""

    command: Command
    prepare: Callable[[Path], object]


NAMES = (
    *("first org", "org add", "app add", "app rotate", "app disable", "token", "first import", "import", "unimport"),
    *("refresh", "compact", "forget organisation", "forget person", "work", "backup", "restore"),
    *("restore in place", "mirror", "source add", "collect"),
    *("app set", "app grant", "app revoke", "remember", "store copy", "repair", "repair without"),
)
"""What the commands are called here."""


class Organisations:
    """Files of two organisations, to be imported."""

    def __init__(self, place: Path) -> None:
        place.mkdir()
        self.rng = random.Random(SEED)
        self.batches: list[Batch] = [
            make_batch(place, self.rng, number, 0, [format_])
            for number, format_ in enumerate(("jsonl", "csv", "jsonl", "csv"))
        ]


def unlink(_: Folder, path: Path) -> None:
    """Remove a file of a lake in a folder."""
    path.unlink()


def writing(files: Organisations, server: Server, lose: Callable[[Folder, Path], None] = unlink) -> dict[str, Writing]:
    """The commands by their names.

    :param server: of the organisation that is collected.
    :param lose: removes a file of the lake.
    """
    of = _Folders(files, server, lose)
    apps = _on("app", "list")
    named = [file for batch in files.batches[2:3] for file in batch.files]
    refused = 0, 1, 2
    given = [
        Writing(Command("first org", _on("org", "add", "c1"), codes=refused), _nothing),
        Writing(Command("org add", _on("org", "add", "c3"), codes=refused), of.filled),
        Writing(
            Command("app add", _on("app", "add", "--corp", "c2", "--name", "x"), apps, look=_counted, same=_FACTS),
            of.filled,
        ),
        Writing(Command("app rotate", _on("app", "rotate", "dingkey"), apps, look=_rotated, same=_FACTS), of.filled),
        Writing(Command("app disable", _on("app", "disable", "dingkey")), of.filled),
        Writing(Command("token", _on("token", "dingkey")), of.filled),
        Writing(Command("first import", _on("import", "--add-orgs", *named), same=_NO_IMPORTS), _nothing),
        Writing(Command("import", _on("import", *named), same=_NO_IMPORTS), of.filled),
        Writing(Command("unimport", of.unimport), of.imported),
        Writing(Command("refresh", _on("refresh")), of.stale),
        Writing(Command("compact", _on("compact", "--all")), of.scattered),
        Writing(
            Command(
                "forget organisation", _on("forget", "--corp", GONE, "--yes"), whole=False, codes=refused, gone=GONE
            ),
            of.pushed,
        ),
        Writing(
            Command("forget person", _on("forget", "--corp", "c1", "--user", "u1", "--yes"), whole=False), of.pushed
        ),
        Writing(Command("work", _on("work", "--once")), of.pushed),
        Writing(Command("backup", _backup("backup"), _backup("another"), look=_restorable), of.filled),
        Writing(Command("restore", _restore("new/data"), codes=refused, look=_of("new/data")), of.backed_up),
        Writing(
            Command("restore in place", _restore("mounted"), _restore_again, codes=refused, look=_of("mounted")),
            of.backed_up,
        ),
        Writing(Command("mirror", _mirror), of.known),
        Writing(Command("source add", _on(*of.source)), of.filled),
        Writing(Command("collect", _on("collect", "--once"), whole=False), of.added),
        Writing(Command("app set", _on("app", "set", "dingkey", "--rate", 7), look=_rates), of.filled),
        Writing(Command("app grant", _on("app", "grant", "dingkey", STATISTICS), codes=refused), of.filled),
        Writing(Command("app revoke", _on("app", "revoke", "dingkey", REPORT_READ), codes=refused), of.filled),
        Writing(
            Command("remember", _on("remember", "--corp", "c1", "--user", "u1"), codes=refused, look=_forgotten),
            of.forgotten,
        ),
        Writing(
            Command(
                "store copy", lambda top: ["store", "copy", top / "data", top / "copy"], codes=refused, look=_copied
            ),
            of.filled,
        ),
        Writing(
            Command("repair", lambda top: ["repair", "--from", top / "backup", "--data", top / "data"], look=_damaged),
            of.damaged,
        ),
        Writing(Command("repair without", of.give_up, of.give_up_again, look=_damaged), of.damaged),
    ]
    return {one.command.name: one for one in given}


_FACTS = "facts", "numbers", "organisations"
_NO_IMPORTS = tuple(part for part in Seen._fields if part != "imports")
"""What is the same when an import is made twice: the second is another import, of nothing new."""


def _on(*words: object) -> Callable[[Path], list[object]]:
    return lambda top: [*words, "--data", top / "data"]


def _of(name: str) -> Callable[[Path], Seen]:
    return lambda top: seen(top / name)


def _backup(name: str) -> Callable[[Path], list[object]]:
    return lambda top: ["backup", top / name, "--data", top / "data"]


def _restore(name: str) -> Callable[[Path], list[object]]:
    return lambda top: ["restore", top / "backup", "--data", top / name]


def _restore_again(top: Path) -> list[object]:
    """The same, once what it refuses to write over has been removed, as it says."""
    words, place = _restore("mounted")(top), top / "mounted"
    for name in ("lake", "inbox"):
        if not (place / "store.db").exists() and f"this {name}, it can be removed" in run(words).output:
            rmtree(place / name)
    return words


def _mirror(top: Path) -> list[object]:
    return ["mirror", "--corp", "c1", "--file", top / "figures.csv", "--data", top / "data"]


def _restorable(top: Path) -> Seen:
    """What the newest backup gives back, wherever it was made of; nothing when it is refused."""
    place, again = top / "of-backup", top / "another"
    rmtree(place, ignore_errors=True)
    with pytest.MonkeyPatch.context() as patched:
        for name in ("REPORTDATA_STORE", "REPORTDATA_LAKE"):
            patched.delenv(name, raising=False)
        if run(["restore", again if again.exists() else top / "backup", "--data", place]).exit_code:
            assert not place.exists()
            return Seen()
        return seen(place)


def _counted(top: Path) -> Seen:
    """Apps by their number: their keys are random."""
    found = seen(top / "data")
    return found._replace(apps=frozenset(range(len(found.apps))))


def _rotated(top: Path) -> Seen:
    """Whether the secret is another; which one is random."""
    found = seen(top / "data")
    return found._replace(apps=frozenset(secret == hash_of(SECRET) for _, _, secret, _ in found.apps))


def _rates(top: Path) -> Seen:
    """The apps' rates."""
    folder = folder_at(top / "data")
    with closing(folder.store) as store:
        return Seen(apps=frozenset((app.app_key, app.rate) for app in store.apps()))


def _forgotten(top: Path) -> Seen:
    """Who is forgotten."""
    folder = folder_at(top / "data")
    with closing(folder.store) as store:
        return Seen(organisations=frozenset(store.forgotten()))


def _copied(top: Path) -> Seen:
    """What a copy of a store has, besides facts, which are in the lake."""
    return seen(top / "copy")


def _damaged(top: Path) -> Seen:
    """The numbers, and which files are damaged, read to their ends."""
    folder = folder_at(top / "data")
    with closing(folder.store), folder.lake.reading():
        damaged = folder.lake.not_whole(folder.lake.members())
        return Seen(frozenset(name.rpartition("/lake/")[2] for name in damaged), frozenset(numbers_of(folder).items()))


def _nothing(_: Path) -> None:
    pass


class _Folders:
    """Makes folders in which commands have something to do."""

    def __init__(self, files: Organisations, server: Server, lose: Callable[[Folder, Path], None]) -> None:
        twin = server.twin
        hosts = "--api", server.url, "--oapi", server.url, "--per-second", 1000, "--from", FIRST
        self.source = "source", "add", "dingtalk", "--corp", twin.corp_id, "--app-key", twin.app_key, *hosts
        """Adds the organisation that is collected."""
        self._files = files
        self._lose = lose
        self._import_id = ""
        self._lost = ""

    def unimport(self, top: Path) -> list[object]:
        """Takes an import back."""
        return ["unimport", self._import_id, "--yes", "--data", top / "data"]

    def added(self, top: Path) -> None:
        """A source."""
        self.filled(top)
        assert run([*self.source, "--data", top / "data"]).exit_code == 0

    def filled(self, top: Path, imports: int = 2) -> Folder:
        """Two organisations, of which so many batches were imported, and an app."""
        folder = folder_at(top / "data")
        for corp_id, zone in ZONES.items():
            folder.add_organisation(corp_id, str(zone))
        folder.add_app("c1", app_key="dingkey", secret_hash=hash_of(SECRET))
        folder.store.close()
        for batch in self._files.batches[:imports]:
            assert run(["import", *batch.files, "--data", folder.path]).exit_code == 0
        return folder

    def scattered(self, top: Path) -> None:
        """Days of several files."""
        self.filled(top, 4)

    def stale(self, top: Path) -> None:
        """Days that are to be computed."""
        folder = folder_at(self.filled(top).path)
        folder.import_(*self._files.batches[2].files, refresh=False)
        folder.store.close()

    def imported(self, top: Path) -> None:
        """An import between two others."""
        folder = folder_at(self.filled(top, 3).path)
        self._import_id = folder.store.imports()[1].id
        folder.store.close()

    def pushed(self, top: Path) -> None:
        """Segments in the inbox, of one organisation that has nothing else and of one that has."""
        folder = folder_at(self.filled(top).path)
        folder.add_organisation(GONE)
        folder.add_app(GONE)
        folder.store.close()
        for number in range(3):
            writer = writer_of(folder.settings, lambda: 1_790_000_000.0)
            facts = [_fact(corp_id, f"p{number}-{report}") for report in range(5) for corp_id in ("c1", GONE)]
            writer.append(services.lines_of(facts)).result()
            writer.close()
            if number == 0:
                assert run(["work", "--once", "--data", top / "data"]).exit_code == 0

    def forgotten(self, top: Path) -> None:
        """A person who was forgotten."""
        self.filled(top)
        assert run(["forget", "--corp", "c1", "--user", "u1", "--yes", "--data", top / "data"]).exit_code == 0

    def damaged(self, top: Path) -> None:
        """A file of the lake that is gone, and a backup that has it."""
        folder = self.filled(top)
        assert run(["backup", top / "backup", "--data", folder.path]).exit_code == 0
        path = folder.lake.paths("sent")[0]
        self._lost = folder.lake.key(path)
        self._lose(folder, path)

    def give_up(self, top: Path) -> list[object]:
        """Goes on without the file."""
        return ["repair", "--give-up", self._lost, "--data", top / "data"]

    def give_up_again(self, top: Path) -> list[object]:
        """The same, which refuses what was given up already, and then computes what is stale."""
        run(self.give_up(top))
        return ["refresh", "--data", top / "data"]

    def backed_up(self, top: Path) -> None:
        """A backup, and a folder to restore it to."""
        self.pushed(top)
        assert run(["backup", top / "backup", "--data", top / "data"]).exit_code == 0
        (top / "mounted").mkdir()

    def known(self, top: Path) -> None:
        """DingTalk's own figures in a file."""
        self.filled(top)
        (top / "figures.csv").write_text(FIGURES, "utf-8")


def _fact(corp_id: str, report_id: str) -> Fact:
    return services.fact("sent", corp_id, 1_708_400_000_000_000, "20240220", report_id=report_id, user_id="u1")
