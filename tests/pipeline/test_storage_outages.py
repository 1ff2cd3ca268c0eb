"""Every command that writes to a lake in object storage, which fails at one of its requests: what was acknowledged is
there, no number is another than before or after, and the command, run again, ends what it began."""

from __future__ import annotations

import os
import random
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from reportdata.twin import Server
from tests.support.durable import judge, seen
from tests.support.folders import Folder
from tests.support.forks import Forks, forking
from tests.support.storage import BUCKET, Trouble, client, environment
from tests.support.waiting import lives, until
from tests.support.writers import GONE, SEED, Organisations, Writing, writing

pytestmark = [pytest.mark.s3, pytest.mark.slow]

OUTAGES = int(os.environ.get("REPORTDATA_TESTS_OUTAGES", "0"))
"""How many are tried of each command; one of a few commands, unless that is said."""
NAMES = (
    *("first import", "import", "unimport", "refresh", "compact", "forget organisation", "forget person", "work"),
    *("backup", "collect", "repair", "repair without"),
)
TRIED = NAMES if OUTAGES else ("import", "work", "repair")
PASSING = ("500", "503", "cut", "lose", "half")
"""What happens to one to three requests, which are tried again: they are answered by an error, cut off before or after
they were done, or answered by half."""
WAYS = ("passing", "passing", "refused", "with the client")
"""Besides: all requests are refused from then on; or none passes any more, and the client is killed."""
ADDRESS = f"s3://{BUCKET}/trial"


class Storage(NamedTuple):
    """An object storage server, what does as it is told to requests, and forks whose requests go that way."""

    objects: Any
    trouble: Trouble
    forks: Forks

    def content(self) -> dict[str, bytes]:
        """All objects of the lake."""
        pages = self.objects.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix="trial/")
        keys = [found["Key"] for page in pages for found in page.get("Contents", [])]
        return {key: self.objects.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys}

    def lose(self, folder: Folder, path: Path) -> None:
        """Remove an object, and its copy on this machine."""
        self.objects.delete_object(Bucket=BUCKET, Key=f"trial/{folder.lake.key(path)}")
        path.unlink(missing_ok=True)

    def put(self, content: dict[str, bytes]) -> None:
        """Let these be all objects of the lake."""
        there = self.content()
        for key in there.keys() - content.keys():
            self.objects.delete_object(Bucket=BUCKET, Key=key)
        for key in content.keys() - there.keys():
            self.objects.put_object(Bucket=BUCKET, Key=key, Body=content[key])
        assert self.content() == content, "objects change, which never do"


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory, storage_server: str, suite: Server) -> Iterator[Storage]:
    """The test server's storage, and what fails on the way to it."""
    with Trouble(storage_server, lambda *_: "pass") as trouble, pytest.MonkeyPatch.context() as patched:
        patched.setenv("REPORTDATA_DINGTALK_APP_SECRET", suite.twin.app_secret)
        patched.setenv("REPORTDATA_LAKE", ADDRESS)
        for name, value in environment(trouble.endpoint).items():
            patched.setenv(name, value)
        with forking(tmp_path_factory.mktemp("forks") / "own") as forks:
            yield Storage(client(storage_server), trouble, forks)


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory, suite: Server, storage: Storage) -> dict[str, Writing]:
    """All commands, by their names, on a lake in that storage."""
    return writing(Organisations(tmp_path_factory.mktemp("files") / "own"), suite, storage.lose)


@pytest.fixture(autouse=True)
def _environment(storage_server: str, suite: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands of this process take the way on which nothing fails."""
    monkeypatch.setenv("REPORTDATA_LAKE", ADDRESS)
    monkeypatch.setenv("REPORTDATA_DINGTALK_APP_SECRET", suite.twin.app_secret)
    for name, value in environment(storage_server).items():
        monkeypatch.setenv(name, value)


class Failing:
    """Says what becomes of requests: from the one of a number, from 1, on.

    :param actions: what happens to as many requests, the last of them to all that follow; these pass after ``None``.
    """

    def __init__(self, at: int, *actions: str | None) -> None:
        self._left = at
        self._actions = list(actions)
        self.begun = False
        self.requests = 0

    def __call__(self, method: str, _path: str) -> str:
        self.requests += 1
        self._left -= 1
        if self._left > 0 or not self._actions:
            return "pass"
        self.begun = True
        action = self._actions.pop(0) if len(self._actions) > 1 or self._actions[0] is None else self._actions[0]
        return "cut" if action == "half" and method != "GET" else action or "pass"


class Trial:
    """A command whose storage fails, each time from the same beginning.

    :param place: where folders are made.
    """

    def __init__(self, storage: Storage, writing: Writing, place: Path) -> None:
        self._storage = storage
        self._command = writing.command
        self._base, self._top = place / "base", place / "top"
        self._base.mkdir()
        storage.put({})
        writing.prepare(self._base)
        self._objects = storage.content()
        self._begin()
        self.before = self._command.look(self._top)
        self._begin()
        storage.trouble.next_action = counting = Failing(1 << 30)
        assert storage.forks.wait(storage.forks.start(*self._command.words(self._top))) == 0
        self.requests = counting.requests
        self.after = self._command.look(self._top)

    def fail(self, at: int, way: str, rng: random.Random) -> str:
        """Have the storage fail at a request, and see that all is well."""
        _, trouble, forks = self._storage
        self._begin()
        if way == "passing":
            failing = Failing(at, *rng.choices(PASSING, k=rng.randint(1, 3)), None)
        elif way == "refused":
            failing = Failing(at, "403")
        else:
            failing = Failing(at, rng.choice(("cut", "lose")), "cut")
        trouble.next_action = failing
        child = forks.start(*self._command.words(self._top))
        if way == "with the client":
            until(lambda: failing.begun or not lives(child))
            status = forks.kill(child)
        else:
            status = forks.wait(child)
        trouble.next_action = Failing(1 << 30)
        assert "Traceback" not in forks.log.read_text("utf-8")
        assert status == 0 or way != "passing", forks.log.read_text("utf-8")[-500:]
        acknowledged = status == 0
        if acknowledged and self._command.gone:
            assert not [key for key, held in self._storage.content().items() if GONE.encode() in held]
        found = judge(self._command, self._top, self.before, self.after, acknowledged=acknowledged)
        return found + (", acknowledged" if acknowledged else "")

    def _begin(self) -> None:
        self._storage.put(self._objects)
        shutil.rmtree(self._top, ignore_errors=True)
        shutil.copytree(self._base, self._top)


@pytest.mark.parametrize("name", TRIED)
def test_what_was_acknowledged_survives_an_outage_of_storage_and_the_rest_is_ended_by_the_same_command(
    storage: Storage, commands: dict[str, Writing], tmp_path: Path, name: str
) -> None:
    trial, rng = Trial(storage, commands[name], tmp_path), random.Random(f"{SEED} {name}")
    outcomes: Counter[str] = Counter()
    for _ in range(OUTAGES or 1):
        at, way = rng.randint(1, trial.requests), rng.choice(WAYS)
        try:
            outcomes[f"{way}: {trial.fail(at, way, rng)}"] += 1
        except BaseException as error:
            error.add_note(f"{name}: the storage failed at request {at} of {trial.requests}: {way}")
            raise
    print(f"{name}: {trial.requests} requests; {dict(outcomes)}")
    assert outcomes.total() == (OUTAGES or 1)


def test_a_restore_makes_a_folder_of_its_own_and_asks_the_storage_nothing(
    storage: Storage, commands: dict[str, Writing], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command, prepare = commands["restore"]
    storage.put({})
    prepare(tmp_path)
    there = seen(tmp_path / "data")
    storage.trouble.next_action = failing = Failing(1, "403")
    assert storage.forks.wait(storage.forks.start(*command.words(tmp_path))) == 0, storage.forks.log.read_text("utf-8")
    assert failing.requests == 0
    monkeypatch.delenv("REPORTDATA_LAKE")
    restored = seen(tmp_path / "new" / "data")
    assert there.facts
    assert (restored.facts, restored.numbers, restored.pushed) == (there.facts, there.numbers, there.pushed)
