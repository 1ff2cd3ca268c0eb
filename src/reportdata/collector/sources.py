"""The sources that organisations are collected from, and how each is reached. Their secrets lie elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from reportdata.collector.ledger import Ledger
from reportdata.errors import BadCredentials, BadValue, NotKnown


class Source(msgspec.Struct, frozen=True):
    """An organisation at a suite, under a name of its own.

    ``suite`` names the suite's kind, ``endpoints`` has its addresses, ``comments`` says whether it tells comments.
    ``secret_file`` is empty when the secret is in a variable; ``id`` is the ledger's, 0 before it is there.
    """

    name: str
    corp_id: str
    suite: str
    app_key: str
    secret_file: str
    first_day: str
    endpoints: dict[str, str] = {}
    comments: bool = True
    id: int = 0


_COLUMNS = "name, corp_id, suite, app_key, secret_file, first_day, endpoints, comments, id"


def sources(ledger: Ledger, corp_id: str | None = None) -> list[Source]:
    """All sources, by name; or those of one organisation."""
    rows = ledger.rows(
        f"select {_COLUMNS} from sources where removed = 0 and (?1 is null or corp_id = ?1) order by name", (corp_id,)
    )
    return [_source(row) for row in rows]


def source_of(ledger: Ledger, name: str) -> Source:
    """The source of that name, or the only one of the organisation of that id.

    :raises NotKnown: when there is none, or when there are several.
    """
    known = sources(ledger)
    found = [source for source in known if source.name == name] or [
        source for source in known if source.corp_id == name
    ]
    if len(found) > 1:
        names = ", ".join(source.name for source in found)
        raise NotKnown(f"the organisation {name!r} has several sources", f"name one of them: {names}")
    if not found:
        raise NotKnown(
            f"there is no source {name!r}", "see `reportdata source list`, and `reportdata source add --help`"
        )
    return found[0]


def put_source(ledger: Ledger, source: Source) -> Source:
    """Add a source, or change what is said of the one of its name; what was collected stays. Returns it as it is kept.

    :raises BadValue: when the name is that of a source of another organisation or suite.
    """
    endpoints = msgspec.json.encode(source.endpoints).decode()
    with ledger.writing() as connection:
        there = connection.execute(
            "select id, corp_id, suite from sources where name = ? and removed = 0", (source.name,)
        ).fetchone()
        if there is not None and there[1:] != (source.corp_id, source.suite):
            raise BadValue(
                f"the source {source.name!r} is there, of {there[1]} at {there[2]}",
                "give the new one a name of its own with --name",
            )
        found = (
            there
            or connection.execute(
                "select id from sources where name = ? and corp_id = ? and suite = ? order by id desc",
                (source.name, source.corp_id, source.suite),
            ).fetchone()
        )
        number = found[0] if found else None
        (number,) = connection.execute(
            f"insert into sources ({_COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict (id) do update set "
            "app_key = excluded.app_key, secret_file = excluded.secret_file, first_day = excluded.first_day, "
            "endpoints = excluded.endpoints, comments = excluded.comments, removed = 0 returning id",
            (
                source.name,
                source.corp_id,
                source.suite,
                source.app_key,
                source.secret_file,
                source.first_day,
                endpoints,
                int(source.comments),
                number,
            ),
        ).fetchone()
    return msgspec.structs.replace(source, id=number)


def remove_source(ledger: Ledger, name: str) -> Source:
    """Remove a source, which is returned; what was collected, and the month's calls, stay.

    :raises NotKnown: when there is none.
    """
    source = source_of(ledger, name)
    ledger.write("update sources set removed = 1, app_key = '', secret_file = '' where id = ?", (source.id,))
    return source


def is_there(ledger: Ledger, source: Source) -> bool:
    """Whether a source was not removed since."""
    return ledger.row("select 1 from sources where id = ? and removed = 0", (source.id,)) is not None


def secret_variable(suite: str) -> str:
    """The name of the variable with the secret of a suite's apps."""
    return f"REPORTDATA_{suite.upper()}_APP_SECRET"


def read_secret(source: Source, given: str | None) -> str:
    """The secret of a source's app: that of its file, or the one that is given.

    :raises BadCredentials: when there is none.
    """
    if source.secret_file:
        try:
            secret = Path(source.secret_file).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise BadCredentials(f"the secret's file {source.secret_file} cannot be read: {error}") from error
        if not secret:
            raise BadCredentials(f"the secret's file {source.secret_file} is empty")
        return secret
    if not given:
        raise BadCredentials(
            f"the secret of {source.corp_id}'s app {source.app_key} is not there",
            f"set the variable {secret_variable(source.suite)}, or name a file with `reportdata source add "
            f"{source.suite} --corp {source.corp_id} --app-key {source.app_key} --secret-file FILE`",
        )
    return given


class SourceNotes:
    """What a suite remembers of a source; see `reportdata.collector.suite.Notes`."""

    def __init__(self, ledger: Ledger, source: int) -> None:
        self._ledger = ledger
        self._source = source

    def read(self, name: str) -> str:
        """A text; empty when there is none."""
        row = self._ledger.row("select text from notes where source = ? and name = ?", (self._source, name))
        return str(row[0]) if row else ""

    def write(self, name: str, text: str) -> None:
        """Keep a text."""
        self._ledger.write(
            "insert into notes values (?, ?, ?) on conflict do update set text = excluded.text",
            (self._source, name, text),
        )


def _source(row: tuple[Any, ...]) -> Source:
    name, corp_id, suite, app_key, secret_file, first_day, endpoints, comments, number = row
    known = msgspec.json.decode(endpoints, type=dict[str, str])
    return Source(name, corp_id, suite, app_key, secret_file, first_day, known, bool(comments), number)
