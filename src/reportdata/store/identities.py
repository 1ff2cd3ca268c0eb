"""Organisations, apps and tokens in a store's database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec

from reportdata.errors import AlreadyKnown, NotKnown
from reportdata.identity import TOKEN_LIFETIME, App, Caller, Organisation, Token
from reportdata.store.damaged import reading
from reportdata.store.database import Database, Transaction
from reportdata.store.rows import APP, app_of, places, row_of
from reportdata.store.zones import Row, rows_of_zones

_APP = ", ".join(APP)
_CLIENT_TOKEN_LIFETIME = 86_400
_ZONES = "select distinct time_zone from organisations"
_UNTOLD = f"{_ZONES} where time_zone not in (select time_zone from zone_offsets)"


class Identities:
    """The part of the store that knows who asks."""

    database: Database

    @reading
    def organisations(self) -> list[Organisation]:
        rows = self.database.rows("select corp_id, time_zone from organisations order by corp_id")
        if any(None in row for row in rows):
            raise ValueError("a value is missing")
        return [Organisation(*row) for row in rows]

    def add_organisations(self, organisations: Iterable[Organisation]) -> None:
        # In one order for all, so that two who add the same ones do not wait for each other.
        with self.database.changing() as transaction:
            for corp_id, time_zone in sorted((o.corp_id, o.time_zone) for o in organisations):
                transaction.execute(
                    "insert into organisations values (%s, %s) on conflict do nothing", (corp_id, time_zone)
                )
                found = transaction.execute("select time_zone from organisations where corp_id = %s", (corp_id,))
                if (known := found.fetchall()) != [(time_zone,)]:
                    raise AlreadyKnown(
                        f"the organisation {corp_id} is known, with the time zone {known[0][0]}",
                        "its days were counted in that zone, so it cannot be changed",
                    )
            untold = transaction.execute(_UNTOLD).fetchall()
            _put_zones(transaction, rows_of_zones(zone for (zone,) in untold))

    def tell_zones(self, *, again: bool = False) -> None:
        told = self.database.rows("select * from zone_offsets order by 1, 2") if again else []
        rows = rows_of_zones(zone for (zone,) in self.database.rows(_ZONES if again else _UNTOLD) if zone)
        if rows != told:
            with self.database.uncounted() as transaction:
                names = sorted({(name,) for name, *_ in rows})
                transaction.executemany("delete from zone_offsets where time_zone = %s", names)
                _put_zones(transaction, rows)

    @reading
    def apps(self) -> list[App]:
        return [app_of(row) for row in self.database.rows(f"select {_APP} from apps order by app_key")]

    @reading
    def app(self, app_key: str) -> App | None:
        row = self.database.row(f"select {_APP} from apps where app_key = %s", (app_key,))
        return app_of(row) if row else None

    def add_app(self, app: App, now: float) -> None:
        row = (*row_of(app), int(now * 1000))
        with self.database.changing_access() as transaction:
            transaction.execute(f"insert into apps ({_APP}, created_at) values ({places(row)})", row)

    def change_app(self, app_key: str, change: Callable[[App], App]) -> App:
        with self.database.changing_access() as transaction:
            before = self._kept(transaction, app_key)
            if before is None:
                raise NotKnown(f"there is no app {app_key!r}", "`reportdata app list` shows all")
            after = change(before)
            transaction.execute(
                f"update apps set ({_APP}) = ({places(APP)}) where app_key = %s", (*row_of(after), app_key)
            )
            if before.secret_hash not in after.secret_hashes:
                for table in ("tokens", "sessions"):
                    transaction.execute(f"delete from {table} where app_key = %s", (app_key,))
        return after

    def caller(self, token_hash: str) -> Caller | None:
        row = self.database.row(
            f"select {_APP}, expires_at from tokens join apps using (app_key) where token_hash = %s", (token_hash,)
        )
        return Caller(app_of(row[:-1]), row[-1]) if row else None

    def callers(self, token_hashes: Sequence[str]) -> list[Caller | None]:
        return [self.caller(token_hash) for token_hash in token_hashes]

    def issue_token(self, app_key: str, decide: Callable[[App | None, Token | None], tuple[str, Token]]) -> str:
        with self.database.changing_access() as transaction:
            app = self._kept(transaction, app_key)
            row = transaction.execute(
                "select token_hash, app_key, nonce, expires_at from tokens where app_key = %s and nonce <> '' "
                "order by expires_at desc limit 1",
                (app_key,),
            ).fetchone()
            text, token = decide(app, Token(*row) if row else None)
            _keep(transaction, token)
        return text

    def add_token(self, token: Token) -> None:
        with self.database.changing_access() as transaction:
            _keep(transaction, token)

    def claim_client_token(self, app_key: str, client_token: str, request: str, now: float) -> bool:
        with self.database.uncounted() as transaction:
            transaction.execute("delete from client_tokens where used_at <= %s", (int(now) - _CLIENT_TOKEN_LIFETIME,))
            transaction.execute(
                "insert into client_tokens values (%s, %s, %s, %s) on conflict (app_key, client_token) "
                "do update set used_at = excluded.used_at where client_tokens.request = excluded.request",
                (app_key, client_token, request, int(now)),
            )
            row = transaction.execute(
                "select request from client_tokens where app_key = %s and client_token = %s", (app_key, client_token)
            ).fetchone()
        return row is not None and bool(row[0] == request)

    @reading
    def _kept(self, transaction: Transaction, app_key: str) -> App | None:
        """The app of that key, which nobody changes until the transaction ends."""
        sql = f"select {_APP} from apps where app_key = %s{self.database.locked}"
        row = transaction.execute(sql, (app_key,)).fetchone()
        return app_of(row) if row else None


def _keep(transaction: Transaction, token: Token) -> None:
    """Keep a token, and let go of those of its app that had expired when it was issued."""
    issued_at = token.expires_at - TOKEN_LIFETIME
    transaction.execute("delete from tokens where app_key = %s and expires_at <= %s", (token.app_key, issued_at))
    transaction.execute(
        "insert into tokens values (%s, %s, %s, %s) on conflict (token_hash) do update set "
        "(app_key, nonce, expires_at) = (excluded.app_key, excluded.nonce, excluded.expires_at)",
        msgspec.structs.astuple(token),
    )


def _put_zones(transaction: Transaction, rows: Sequence[Row]) -> None:
    transaction.executemany("insert into zone_offsets values (%s, %s, %s) on conflict do nothing", rows)
