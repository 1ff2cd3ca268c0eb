"""Random damage to one file of a data folder, whatever file it is: the numbers are right, or it is said what is wrong;
no command ends in a traceback; and the doctor, who reads everything, sees what matters. On every lake there is."""

from __future__ import annotations

import os
import random
import shutil
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from reportdata.audit import Audit, Read
from reportdata.cli.places import ledger_of
from reportdata.collector.sources import Source, put_source
from reportdata.inbox.folder import FolderWriter
from tests.support.damaging import Asked, Files, FolderFiles, Numbers, Objects, copied, damage, upload, wrong
from tests.support.effort import tried
from tests.support.folders import Folder
from tests.support.oracle import Commented, Fact, Sent, Withdrawn
from tests.support.services import fact, lines_of
from tests.support.storage import client, environment
from tests.support.waiting import SOON
from tests.support.witness import ZONES
from tests.support.writing import write

ROUNDS = int(os.environ.get("REPORTDATA_TESTS_DAMAGES", tried(60, 2000)))
"""How often something is damaged, on each lake."""
SEED = os.environ.get("REPORTDATA_TESTS_SEED", "20261128")
FIRST, LAST = "20240301", "20240310"
AT = datetime(2024, 3, 2, 4, tzinfo=UTC)
OTHERS = 0.25
"""How often it is a file beside the lake."""


def facts_of(number: int) -> set[Fact]:
    """Some facts of several days and two organisations, one of them withdrawn."""
    rng = random.Random(number)
    found: set[Fact] = set()
    for _ in range(40):
        corp, at = rng.choice(["c1", "c2"]), AT + timedelta(hours=rng.randrange(96))
        found.add(rng.choice([Sent, Commented])(corp, f"r{rng.randrange(30)}", f"user-{rng.randrange(6)}-x", at))
    sent = sorted((fact for fact in found if isinstance(fact, Sent)), key=str)[0]
    return found | {Withdrawn(sent.corp_id, sent.report_id, sent.at + timedelta(days=1))}


def add(folder: Folder, number: int, *, refresh: bool = True) -> None:
    """Import the facts of that number."""
    files = write(folder.path.parent / f"facts{number}", sorted(facts_of(number), key=str), "jsonl", "iso", ZONES)
    now = int(time.time() * 1000)
    folder.import_(*(path for path, _ in files), refresh=refresh, exported_at=now)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with imports that were computed, another one that was not, and what was pushed, read and
    collected."""
    made = Folder(tmp_path_factory.mktemp("model") / "data")
    for corp_id, zone in ZONES.items():
        made.add_organisation(corp_id, str(zone))
    made.add_app("c1")
    for number in (1, 2, 3):
        add(made, number)
    add(made, 4, refresh=False)
    pushed = fact("sent", "c1", int(AT.timestamp() * 1e6), "20240302", report_id="pushed", user_id="user-1-x")
    with closing(FolderWriter(made.settings.inbox, time.time)) as inbox:
        inbox.append(lines_of([pushed])).result(SOON)
    Audit(made.settings.audit).write([Read(int(time.time() * 1000), "key", "c1", "20240302", "127.0.0.1", "id", 1)])
    with closing(ledger_of(made.settings)) as ledger:
        source = Source(name="of-c1", corp_id="c1", suite="dingtalk", app_key="key", secret_file="", first_day=FIRST)
        put_source(ledger, source)
    made.store.close()
    return made.path


class Round(NamedTuple):
    """A copy of the model: its lake, all its files beside that, and what commands say of it."""

    lake: Files
    others: Files
    asked: Asked


class Rounds:
    """Copies of the model, one after the other.

    :param endpoint: of a server of object storage, where the lake is to be; None for a folder.
    """

    def __init__(self, model: Path, data: Path, endpoint: str | None) -> None:
        self._model = model
        self._data = data
        self._endpoint = endpoint
        self._client = client(endpoint) if endpoint is not None else None
        self._right: dict[bool, tuple[Numbers, Numbers]] = {}

    def new(self, *, pushed: bool) -> Round:
        """A new copy.

        :param pushed: with what was pushed and is not taken up yet.
        """
        copied(self._model, self._data)
        if not pushed:
            for name in ("inbox", "inbox-links"):
                shutil.rmtree(self._data / name)
        given: dict[str, str] = {}
        lake: Files = FolderFiles(self._data / "lake")
        if self._endpoint is not None:
            address = f"s3://facts/damage-{os.getpid()}"
            given = {**environment(self._endpoint), "REPORTDATA_LAKE": address}
            lake = Objects(self._client, address)
            upload(self._data / "lake", lake)
            shutil.rmtree(self._data / "lake")
        return Round(lake, FolderFiles(self._data), Asked(self._data, FIRST, LAST, given))

    def undamaged(self, name: str) -> bytes:
        """A file of the lake as it was."""
        return (self._model / "lake" / name).read_bytes()

    def numbers(self, *, pushed: bool) -> tuple[Numbers, Numbers]:
        """The numbers of an undamaged copy: as they are, and after what there is to do was done."""
        if pushed not in self._right:
            asked = self.new(pushed=pushed).asked
            before, said = asked.numbers(), asked.said(whole=True)
            assert (said.failed, said.tracebacks, said.healthy) == ([], [], True), said
            assert said.numbers is not None
            self._right[pushed] = before, said.numbers
        return self._right[pushed]


def trouble(rounds: Rounds, number: int) -> tuple[str, list[str]]:
    """Damage something; what was damaged, and what went wrong that must not."""
    rng = random.Random(f"{SEED} {number}")
    beside = rng.random() < OTHERS
    before, right = rounds.numbers(pushed=beside)
    lake, others, asked = rounds.new(pushed=beside)
    files = others if beside else lake
    names = [name for name in files.names() if not (beside and name.startswith("lake/"))]
    done = damage(files, rng, names)
    if done is None:
        return "nothing", []
    said = asked.said(whole=rng.random() < 0.5)
    area = done.names[0].partition("/")[0] if beside else "lake"
    found = [f"traceback: {text}" for text in said.tracebacks]
    errors = wrong(said, right, before)
    if not beside:
        found += [f"wrong: {text}" for text in errors]
        there = set(lake.names())
        mended = all(name in there and lake.read(name) == rounds.undamaged(name) for name in done.names)
        found += ["damage that is not named"] if said.healthy and not mended else []
    elif said.healthy:
        found += [f"not named: {text}" for text in errors]
        found += ["not named: what is missing or failed"] if said.failed or said.numbers != right else []
    return area, [f"{number}: {done.kind} of {', '.join(done.names)}: {text}" for text in found]


@pytest.mark.slow
@pytest.mark.parametrize("where", ["folder", pytest.param("s3", marks=pytest.mark.s3)])
def test_damage_makes_no_wrong_number_and_no_traceback(
    where: str, model: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    endpoint = request.getfixturevalue("storage_server") if where == "s3" else None
    rounds = Rounds(model, tmp_path / "data", endpoint)
    found = [
        line
        for number in range(ROUNDS if where == "folder" else -(-ROUNDS // 3))
        for line in trouble(rounds, number)[1]
    ]
    assert not found, "\n".join(found)
