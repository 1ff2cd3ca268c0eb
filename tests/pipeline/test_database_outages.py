"""Every command that writes, on a PostgreSQL that crashes before or after anything that it is asked: what was
acknowledged is there, no number is another than before or after, and the command, run again, ends what it began."""

from __future__ import annotations

import os
import random
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import pytest

from reportdata.twin import Server
from tests.support import postgres
from tests.support.durable import judge
from tests.support.forks import Forks, forking
from tests.support.outages import Outage
from tests.support.waiting import lives, until
from tests.support.writers import NAMES, SEED, Writing

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

OUTAGES = int(os.environ.get("REPORTDATA_TESTS_OUTAGES", "0"))
"""How many are tried of each command; one of a few commands, unless that is said."""
OTHERS = {"restore", "restore in place", "source add", "store copy", "repair", "repair without"}
"""Commands that write to files alone."""
TRIED = [name for name in NAMES if name not in OTHERS] if OUTAGES else ["app rotate", "import", "work"]
WAYS = ("later", "at once", "with the client")
"""When the server is started again: after the command has ended, or while it runs; or all of it crashes together."""


_LAST = 5
"""Moments at the end of a command that are tried more often."""
_EXPIRE = """
do $$ begin
    if to_regclass('leases') is not null then update leases set expires_at = expires_at - interval '10 s'; end if;
end $$
"""
"""As if the few seconds had passed that leases last."""


class Platform(NamedTuple):
    """A server that crashes, the way on which it does, and forks whose commands take that way."""

    server: postgres.Server
    outage: Outage
    forks: Forks

    def address(self, database: str) -> str:
        """Of a database, by the server's socket."""
        return f"postgresql:///{database}?host={quote(str(self.server.folder), safe='')}&user=tests"

    def do(self, *statements: str, database: str = "postgres") -> None:
        """Run statements."""
        import psycopg

        with psycopg.connect(self.address(database), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory, suite: Server) -> Iterator[Platform]:
    """A server that waits for the disk, and crashes."""
    server = postgres.Server(durable=True)
    outage = Outage(f"{server.folder}/.s.PGSQL.5432", server.crash)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("REPORTDATA_DINGTALK_APP_SECRET", suite.twin.app_secret)
        patched.setenv("REPORTDATA_STORE", f"postgresql://tests@127.0.0.1:{outage.port}/trial?sslmode=disable")
        with forking(tmp_path_factory.mktemp("forks") / "own") as forks:
            yield Platform(server, outage, forks)
    outage.close()
    server.remove()


@pytest.fixture(autouse=True)
def _environment(platform: Platform, suite: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands of this process take the way that does not crash."""
    monkeypatch.setenv("REPORTDATA_STORE", platform.address("trial"))
    monkeypatch.setenv("REPORTDATA_DINGTALK_APP_SECRET", suite.twin.app_secret)


class Trial:
    """A command whose server crashes, each time from the same beginning.

    :param place: where folders are made.
    """

    def __init__(self, platform: Platform, writing: Writing, place: Path) -> None:
        self._platform = platform
        self._command = writing.command
        self._base, self._top = place / "base", place / "top"
        (self._base / "data").mkdir(parents=True, mode=0o700)
        platform.do("drop database if exists trial with (force)", "create database trial")
        writing.prepare(self._base)
        self._shelve("trial", "base")
        self._begin()
        self.before = self._command.look(self._top)
        self._begin()
        platform.outage.arm(0)
        assert platform.forks.wait(platform.forks.start(*self._command.words(self._top))) == 0
        self.moments = platform.outage.moments
        """In how many moments the server may crash."""
        self.after = self._command.look(self._top)

    def crash(self, at: int, way: str) -> str:
        """Have the server crash at a moment, and see that all is well."""
        server, outage, forks = self._platform
        self._begin()
        outage.arm(at)
        child = forks.start(*self._command.words(self._top))
        until(lambda: outage.crashed() or not lives(child))
        if way == "at once" and outage.crashed():
            server.start()
        status = forks.kill(child) if way == "with the client" else forks.wait(child)
        if outage.crashed() and way != "at once":
            server.start()
        outage.arm(0)
        self._platform.do(_EXPIRE, database="trial")
        assert "Traceback" not in forks.log.read_text("utf-8")
        found = judge(self._command, self._top, self.before, self.after, acknowledged=status == 0)
        return found + (", acknowledged" if status == 0 else "")

    def _begin(self) -> None:
        self._shelve("base", "trial")
        shutil.rmtree(self._top, ignore_errors=True)
        shutil.copytree(self._base, self._top)

    def _shelve(self, one: str, other: str) -> None:
        ended = f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{one}'"
        self._platform.do(
            f"drop database if exists {other} with (force)", ended, f"create database {other} template {one}"
        )


@pytest.mark.parametrize("name", TRIED)
def test_what_was_acknowledged_survives_a_crash_of_the_server_and_the_rest_is_ended_by_the_same_command(
    platform: Platform, commands: dict[str, Writing], tmp_path: Path, name: str
) -> None:
    trial, rng = Trial(platform, commands[name], tmp_path), random.Random(f"{SEED} {name}")
    outcomes: Counter[str] = Counter()
    for _ in range(OUTAGES or 1):
        first = 1 if rng.random() < 0.7 else max(1, trial.moments - _LAST)  # most write late, and then acknowledge
        at, way = rng.randint(first, trial.moments), rng.choice(WAYS)
        try:
            outcomes[f"{way}: {trial.crash(at, way)}"] += 1
        except BaseException as error:
            error.add_note(f"{name}: the server crashed at moment {at} of {trial.moments}; started again {way}")
            raise
    print(f"{name}: {trial.moments} moments; {dict(outcomes)}")
    assert outcomes.total() == (OUTAGES or 1)
