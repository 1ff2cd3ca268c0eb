"""Organisations, apps and tokens in SQLite."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from sqlite3 import Connection

import msgspec

from reportdata.errors import AlreadyKnown, NotKnown
from reportdata.identity import TOKEN_LIFETIME, App, Caller, Organisation, Token
from reportdata.store.rows import APP, app_of, row_of
from reportdata.store.sqlite.damaged import reading
from reportdata.store.sqlite.numbers import Counted
from reportdata.store.zones import Row, rows_of_zones

_APP = ", ".join(APP)
_CLIENT_TOKEN_LIFETIME = 86_400
_ZONES = "select distinct time_zone from organisations"
_UNTOLD = f"{_ZONES} where time_zone not in (select time_zone from zone_offsets)"


class Identities:
    """The part of the store that knows who asks."""

    database: Counted

    @reading
    def organisations(self) -> list[Organisation]:
        rows = self.database.rows("select corp_id, time_zone from organisations order by corp_id")
        if any(None in row for row in rows):
            raise ValueError("a value is missing")
        return [Organisation(*row) for row in rows]

    def add_organisations(self, organisations: Iterable[Organisation]) -> None:
        with self.database.writing() as connection:
            for corp_id, time_zone in ((o.corp_id, o.time_zone) for o in organisations):
                known = connection.execute(
                    "select time_zone from organisations where corp_id = ?", (corp_id,)
                ).fetchone()
                if known is None:
                    connection.execute("insert into organisations values (?, ?)", (corp_id, time_zone))
                elif known[0] != time_zone:
                    raise AlreadyKnown(
                        f"the organisation {corp_id} is known, with the time zone {known[0]}",
                        "its days were counted in that zone, so it cannot be changed",
                    )
            _put_zones(connection, rows_of_zones(zone for (zone,) in connection.execute(_UNTOLD)))

    def tell_zones(self, *, again: bool = False) -> None:
        told = self.database.rows("select * from zone_offsets order by 1, 2") if again else []
        rows = rows_of_zones(zone for (zone,) in self.database.rows(_ZONES if again else _UNTOLD) if zone)
        if rows != told:
            with self.database.writing() as connection:
                connection.executemany("delete from zone_offsets where time_zone = ?", {(name,) for name, *_ in rows})
                _put_zones(connection, rows)

    @reading
    def apps(self) -> list[App]:
        return [app_of(row) for row in self.database.rows(f"select {_APP} from apps order by app_key")]

    @reading
    def app(self, app_key: str) -> App | None:
        row = self.database.row(f"select {_APP} from apps where app_key = ?", (app_key,))
        return app_of(row) if row else None

    def add_app(self, app: App, now: float) -> None:
        with self.database.writing_access() as connection:
            connection.execute(
                f"insert into apps ({_APP}, created_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*row_of(app), int(now * 1000)),
            )

    def change_app(self, app_key: str, change: Callable[[App], App]) -> App:
        with self.database.writing_access() as connection:
            row = connection.execute(f"select {_APP} from apps where app_key = ?", (app_key,)).fetchone()
            if row is None:
                raise NotKnown(f"there is no app {app_key!r}", "`reportdata app list` shows all")
            before = app_of(row)
            after = change(before)
            connection.execute(
                f"update apps set ({_APP}) = (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) where app_key = ?",
                (*row_of(after), app_key),
            )
            if before.secret_hash not in after.secret_hashes:
                for table in ("tokens", "sessions"):
                    connection.execute(f"delete from {table} where app_key = ?", (app_key,))
        return after

    def caller(self, token_hash: str) -> Caller | None:
        row = self.database.row(
            f"select {_APP}, expires_at from tokens join apps using (app_key) where token_hash = ?",
            (token_hash,),
        )
        return Caller(app_of(row[:-1]), row[-1]) if row else None

    def callers(self, token_hashes: Sequence[str]) -> list[Caller | None]:
        return [self.caller(token_hash) for token_hash in token_hashes]

    def issue_token(self, app_key: str, decide: Callable[[App | None, Token | None], tuple[str, Token]]) -> str:
        with self.database.writing_access() as connection:
            row = connection.execute(
                "select token_hash, app_key, nonce, expires_at from tokens where app_key = ? and nonce <> '' "
                "order by expires_at desc limit 1",
                (app_key,),
            ).fetchone()
            text, token = decide(self.app(app_key), Token(*row) if row else None)
            _keep(connection, token)
        return text

    def add_token(self, token: Token) -> None:
        with self.database.writing_access() as connection:
            _keep(connection, token)

    def claim_client_token(self, app_key: str, client_token: str, request: str, now: float) -> bool:
        with self.database.writing_access() as connection:
            connection.execute("delete from client_tokens where used_at <= ?", (int(now) - _CLIENT_TOKEN_LIFETIME,))
            connection.execute(
                "insert into client_tokens values (?, ?, ?, ?) on conflict (app_key, client_token) "
                "do update set used_at = excluded.used_at where request = excluded.request",
                (app_key, client_token, request, int(now)),
            )
            row = connection.execute(
                "select request from client_tokens where app_key = ? and client_token = ?",
                (app_key, client_token),
            ).fetchone()
        return bool(row[0] == request)


def _keep(connection: Connection, token: Token) -> None:
    """Keep a token, and let go of those of its app that had expired when it was issued."""
    issued_at = token.expires_at - TOKEN_LIFETIME
    connection.execute("delete from tokens where app_key = ? and expires_at <= ?", (token.app_key, issued_at))
    connection.execute("insert or replace into tokens values (?, ?, ?, ?)", msgspec.structs.astuple(token))


def _put_zones(connection: Connection, rows: Sequence[Row]) -> None:
    connection.executemany("insert or ignore into zone_offsets values (?, ?, ?)", rows)
