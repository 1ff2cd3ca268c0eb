"""An SQLite file of any kind: migrated at once or not at all, copied, wiped, and searched."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportdata.errors import LedgerError, StoreError
from reportdata.migrations import migrations, statements
from reportdata.sqlite import Database
from reportdata.sqlite_kinds import Kind
from tests.support.steps import killed_at, moments_of

SCHEMA = """
-- A comment; with a semicolon, and a quote: it's no text.
create table facts (id integer primary key, note text default 'a;b', "odd;name" text);

create table changes (id integer, note text);

create trigger facts_changed after insert on facts begin
    insert into changes values (new.id, 'one;' || new.note);
    insert into changes select new.id, case when new.note is null then '' else ';two' end;
end;

/* another; comment */ create index facts_by_note on facts (note);
"""
LATER = "alter table facts add column more text;\ninsert into facts (id, note) values (1, 'first');\n-- nothing more;\n"


@pytest.fixture
def kind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kind]:
    """A kind of file with two migrations."""
    package = tmp_path / "packages" / "ground_schema"
    (package / "schema").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "schema" / "0001_first.sql").write_text(SCHEMA)
    (package / "schema" / "0002_later.sql").write_text(LATER)
    (package / "schema" / "README").write_text("not SQL")
    monkeypatch.syspath_prepend(package.parent)
    yield Kind("the trial", "ground_schema", LedgerError, "make it anew")
    sys.modules.pop("ground_schema", None)


def test_migrations_survive_triggers_texts_and_comments(tmp_path: Path, kind: Kind) -> None:
    database = Database(tmp_path / "trial.db", kind, 5)
    with database.writing() as connection:
        connection.execute("insert into facts (id, note) values (2, 'x')")
    assert database.rows("select * from changes order by id, note") == [
        (1, ";two"), (1, "one;first"), (2, ";two"), (2, "one;x")
    ]  # fmt: skip
    assert kind.schemas(database.path) == (2, 2)
    assert (tmp_path / "trial.db").stat().st_mode & 0o777 == 0o600
    database.close()


@given(st.lists(st.sampled_from(["create table t (a text default ';')", "select ';' /* ; */", "values (1) -- ;\n"])))
def test_statements_are_told_apart_as_sqlite_does(script: list[str]) -> None:
    assert [found.strip() for found in statements("".join(f"{one};\n" for one in script))] == [
        one.strip() for one in script
    ]


@pytest.mark.slow
@pytest.mark.whole
def test_a_kill_at_any_moment_of_a_migration_leaves_the_old_schema_or_the_new_one(tmp_path: Path, kind: Kind) -> None:
    old = tmp_path / "old.db"
    later = Path(str(migrations(kind.package)[1]))
    content = later.read_text()
    later.unlink()
    Database(old, kind, 5).close()
    later.write_text(content)

    def open_(path: Path) -> None:
        Database(path, kind, 5).close()

    shutil.copy(old, tmp_path / "counted.db")
    number = moments_of(lambda: open_(tmp_path / "counted.db"))
    versions = set()
    for moment in range(1, number + 1):
        path = tmp_path / f"{moment}.db"
        shutil.copy(old, path)
        assert killed_at(moment, lambda path=path: open_(path))  # type: ignore[misc]
        versions.add(kind.schemas(path))
        opened = Database(path, kind, 5)
        assert opened.rows("select id, note from facts") == [(1, "first")]
        assert opened.faults(thorough=True) == []
        opened.close()
    assert versions == {(1, 2), (2, 2)}


def test_a_newer_schema_and_a_damaged_file_are_errors_of_the_kind(tmp_path: Path, kind: Kind) -> None:
    path = tmp_path / "trial.db"
    Database(path, kind, 5).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("pragma user_version = 9")
    with pytest.raises(LedgerError, match=r"the trial .*trial\.db has schema 9, this program knows 2"):
        Database(path, kind, 5)
    path.write_bytes(b"no database " * 1000)
    with pytest.raises(LedgerError, match=r"the trial .* cannot answer"):
        Database(path, kind, 5)
    with pytest.raises(StoreError, match="cannot be read"):
        kind._replace(error=StoreError).schemas(tmp_path / "gone.db")


def test_who_reads_an_older_state_is_waited_for_before_nothing_is_left(tmp_path: Path, kind: Kind) -> None:
    database, reader = (Database(tmp_path / "trial.db", kind, timeout) for timeout in (0.3, 5))
    with database.writing() as connection:
        connection.execute("insert into facts (id, note) values (7, 'secret text')")
    with reader.snapshot() as connection:
        connection.execute("select * from facts").fetchall()
        database.connection.execute("delete from facts where id = 7")
        database.connection.execute("delete from changes where id = 7")
        with pytest.raises(LedgerError, match="still holds what was removed"):
            database.wipe()
    database.wipe()
    assert b"secret text" not in b"".join(path.read_bytes() for path in tmp_path.glob("trial.db*"))
    database.close()
    reader.close()


OPENING = """
import sys
from pathlib import Path
from reportdata.errors import LedgerError
from reportdata.migrations import migrations
from reportdata.sqlite import Database
from reportdata.sqlite_kinds import Kind
sys.path.insert(0, sys.argv[1])
for line in sys.stdin:
    Database(Path(line.strip()), Kind("the trial", "ground_schema", LedgerError, ""), 60).close()
    print("opened", flush=True)
"""


@pytest.mark.whole
def test_processes_may_make_the_same_file_at_once(tmp_path: Path, kind: Kind) -> None:
    command = [sys.executable, "-c", OPENING, str(tmp_path / "packages")]
    pipe = subprocess.PIPE
    children = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(3)]
    try:
        for number in range(30):
            for child in children:
                print(tmp_path / f"{number}.db", file=child.stdin, flush=True)
            for child in children:
                assert child.stdout is not None
                assert child.stdout.readline() == "opened\n"
    finally:
        for child in children:
            child.kill()
            child.communicate()


def test_a_copy_is_as_of_one_moment_and_damage_is_not_copied(tmp_path: Path, kind: Kind) -> None:
    database = Database(tmp_path / "trial.db", kind, 5)
    with database.writing() as connection:
        connection.executemany("insert into facts (id, note) values (?, ?)", [(n, "x" * 200) for n in range(2, 2000)])
    database.copy(tmp_path / "copy.db")
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600
    with closing(Database(tmp_path / "copy.db", kind, 5)) as copied:
        assert copied.rows("select count(*) from facts") == [(1999,)]
    with pytest.raises(LedgerError, match="cannot be copied"):
        database.copy(tmp_path / "copy.db")
    database.wipe()
    database.close()
    content = database.path.read_bytes()
    database.path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    with closing(Database(tmp_path / "trial.db", kind, 5)) as damaged, pytest.raises(LedgerError) as caught:
        damaged.copy(tmp_path / "other.db")
    assert caught.value.hint == "make it anew"


def test_a_text_is_found_wherever_it_stands(tmp_path: Path, kind: Kind) -> None:
    database = Database(tmp_path / "trial.db", kind, 5)
    with database.writing() as connection:
        connection.execute("insert into facts (id, \"odd;name\") values (5, 'a needle here')")
    assert database.mentions("needle") == {"facts.odd;name": 1}
    assert database.mentions("first") == {"facts.note": 1, "changes.note": 1}
    assert database.mentions("nowhere") == {}
    database.close()
