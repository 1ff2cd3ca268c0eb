"""Organisations, apps and tokens in PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from reportdata.errors import AlreadyKnown, NotKnown
from reportdata.identity import TOKEN_LIFETIME, App, Caller, Organisation, Token
from reportdata.store.postgres.database import Database, array
from reportdata.store.postgres.watching import Watch
from reportdata.store.rows import APP, app_of, row_of
from reportdata.store.zones import Row, rows_of_zones

if TYPE_CHECKING:
    from psycopg import Cursor

_APP = ", ".join(APP)
_CALLERS = f"select token_hash, {_APP}, expires_at from tokens join apps using (app_key) where token_hash = any($1)"
_CLIENT_TOKEN_LIFETIME = 86_400
_ZONES = "select distinct time_zone from organisations"
_UNTOLD = f"{_ZONES} where time_zone not in (select time_zone from zone_offsets)"

CHANGED = "update changes set number = number + 1"
"""The last statement of a transaction that changes what may be remembered: whoever waits for it waits shortly."""
CHANGED_ACCESS = "update changes set number = number + 1, access = access + 1"
"""The same of one that changes who may ask alone: apps, tokens, links and sessions. No answer rests on these."""


class Identities:
    """The part of the store that knows who asks."""

    database: Database
    watch: Watch | None

    def organisations(self) -> list[Organisation]:
        rows = self.database.rows("select corp_id, time_zone from organisations order by corp_id")
        return [Organisation(*row) for row in rows]

    def add_organisations(self, organisations: Iterable[Organisation]) -> None:
        # In one order for all, so that two who add the same ones do not wait for each other.
        with self.database.writing() as cursor:
            for corp_id, time_zone in sorted((o.corp_id, o.time_zone) for o in organisations):
                cursor.execute("insert into organisations values (%s, %s) on conflict do nothing", (corp_id, time_zone))
                known = _one(cursor.execute("select time_zone from organisations where corp_id = %s", [corp_id]))
                if known[0] != time_zone:
                    raise AlreadyKnown(
                        f"the organisation {corp_id} is known, with the time zone {known[0]}",
                        "its days were counted in that zone, so it cannot be changed",
                    )
            _put_zones(cursor, rows_of_zones(zone for (zone,) in cursor.execute(_UNTOLD).fetchall()))
            cursor.execute(CHANGED)

    def tell_zones(self, *, again: bool = False) -> None:
        told = self.database.rows("select * from zone_offsets order by 1, 2") if again else []
        rows = rows_of_zones(zone for (zone,) in self.database.rows(_ZONES if again else _UNTOLD))
        if rows != told:
            with self.database.writing() as cursor:
                names = sorted({name for name, *_ in rows})
                cursor.execute("delete from zone_offsets where time_zone = any(%s)", [names])
                _put_zones(cursor, rows)

    def apps(self) -> list[App]:
        return [app_of(row) for row in self.database.rows(f"select {_APP} from apps order by app_key")]

    def app(self, app_key: str) -> App | None:
        row = self.database.row(f"select {_APP} from apps where app_key = %s", [app_key])
        return app_of(row) if row else None

    def add_app(self, app: App, now: float) -> None:
        with self.database.writing() as cursor:
            cursor.execute(
                f"insert into apps ({_APP}, created_at) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                (*row_of(app), int(now * 1000)),
            )
            cursor.execute(CHANGED_ACCESS)

    def change_app(self, app_key: str, change: Callable[[App], App]) -> App:
        with self.database.writing() as cursor:
            row = cursor.execute(f"select {_APP} from apps where app_key = %s for update", [app_key]).fetchone()
            if row is None:
                raise NotKnown(f"there is no app {app_key!r}", "`reportdata app list` shows all")
            before = app_of(row)
            after = change(before)
            cursor.execute(
                f"update apps set ({_APP}) = (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) where app_key = %s",
                (*row_of(after), app_key),
            )
            if before.secret_hash not in after.secret_hashes:
                for table in ("tokens", "sessions"):
                    cursor.execute(f"delete from {table} where app_key = %s", [app_key])
            cursor.execute(CHANGED_ACCESS)
        return after

    def caller(self, token_hash: str) -> Caller | None:
        return self.callers([token_hash])[0]

    def callers(self, token_hashes: Sequence[str]) -> list[Caller | None]:
        if self.watch is not None:
            self.watch.require_reachable()
        found = {}
        for row in self.database.texts(b"callers", _CALLERS.encode(), [array(token_hashes)]):
            token_hash, *texts = (value.decode() if value is not None else None for value in row)
            numbers = (int(value) if value is not None else None for value in texts[8:])
            rate, disabled, zero_unknown, expires_at = numbers
            found[token_hash] = Caller(app_of((*texts[:8], rate, disabled, zero_unknown)), expires_at or 0)
        return [found.get(token_hash) for token_hash in token_hashes]

    def issue_token(self, app_key: str, decide: Callable[[App | None, Token | None], tuple[str, Token]]) -> str:
        with self.database.writing() as cursor:
            found = cursor.execute(f"select {_APP} from apps where app_key = %s for update", [app_key]).fetchone()
            row = cursor.execute(
                "select token_hash, app_key, nonce, expires_at from tokens where app_key = %s and nonce <> '' "
                "order by expires_at desc limit 1",
                [app_key],
            ).fetchone()
            text, token = decide(app_of(found) if found else None, Token(*row) if row else None)
            _keep(cursor, token)
        return text

    def add_token(self, token: Token) -> None:
        with self.database.writing() as cursor:
            _keep(cursor, token)

    def claim_client_token(self, app_key: str, client_token: str, request: str, now: float) -> bool:
        with self.database.writing() as cursor:
            cursor.execute("delete from client_tokens where used_at <= %s", [int(now) - _CLIENT_TOKEN_LIFETIME])
            cursor.execute(
                "insert into client_tokens values (%s, %s, %s, %s) on conflict (app_key, client_token) "
                "do update set used_at = excluded.used_at where client_tokens.request = excluded.request",
                (app_key, client_token, request, int(now)),
            )
            row = _one(
                cursor.execute(
                    "select request from client_tokens where app_key = %s and client_token = %s",
                    (app_key, client_token),
                )
            )
        return bool(row[0] == request)


def _keep(cursor: Cursor, token: Token) -> None:
    """Keep a token, and let go of those of its app that had expired when it was issued."""
    issued_at = token.expires_at - TOKEN_LIFETIME
    cursor.execute("delete from tokens where app_key = %s and expires_at <= %s", (token.app_key, issued_at))
    cursor.execute(
        "insert into tokens values (%s, %s, %s, %s) on conflict (token_hash) do update set "
        "(app_key, nonce, expires_at) = (excluded.app_key, excluded.nonce, excluded.expires_at)",
        msgspec.structs.astuple(token),
    )
    cursor.execute(CHANGED_ACCESS)


def _one(cursor: Cursor) -> tuple[Any, ...]:
    row = cursor.fetchone()
    return row if row is not None else (None,)


def _put_zones(cursor: Cursor, rows: Sequence[Row]) -> None:
    cursor.executemany("insert into zone_offsets values (%s, %s, %s) on conflict do nothing", rows)
