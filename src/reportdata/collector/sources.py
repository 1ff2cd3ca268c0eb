"""The organisations that are collected, and how each is reached. Their secrets lie elsewhere."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from reportdata.dingtalk.client import API, OAPI
from reportdata.dingtalk.ledger import Ledger
from reportdata.errors import BadCredentials, BadValue, NotKnown


class Source(msgspec.Struct, frozen=True):
    """An organisation at DingTalk. ``secret_file`` is empty when the secret is in a variable; ``listing`` is the
    API that lists its reports, once one was found that is allowed."""

    corp_id: str
    app_key: str
    secret_file: str
    first_day: str
    api: str = API
    oapi: str = OAPI
    listing: str = ""


_COLUMNS = "corp_id, app_key, secret_file, first_day, api, oapi, listing"


def sources(ledger: Ledger) -> list[Source]:
    """All sources, by organisation."""
    return [Source(*row) for row in ledger.rows(f"select {_COLUMNS} from sources order by corp_id")]


def source_of(ledger: Ledger, corp_id: str) -> Source:
    """The source of an organisation.

    :raises NotKnown: when there is none.
    """
    for source in sources(ledger):
        if source.corp_id == corp_id:
            return source
    raise NotKnown(
        f"there is no source for {corp_id!r}",
        f"add it with `reportdata source add dingtalk --corp {corp_id} --app-key KEY`",
    )


def put_source(ledger: Ledger, source: Source) -> None:
    """Add a source, or change what is said of it; what was collected stays.

    :raises BadValue: when an endpoint is no address.
    """
    for endpoint in (source.api, source.oapi):
        parts = urlsplit(endpoint)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.username:
            raise BadValue(f"{endpoint!r} is not an endpoint", f"write it like {API}")
    ledger.write(
        f"insert into sources ({_COLUMNS}) values (?, ?, ?, ?, ?, ?, ?) on conflict do update set "
        "app_key = excluded.app_key, secret_file = excluded.secret_file, first_day = excluded.first_day, "
        "api = excluded.api, oapi = excluded.oapi, listing = excluded.listing",
        (
            source.corp_id,
            source.app_key,
            source.secret_file,
            source.first_day,
            source.api.rstrip("/"),
            source.oapi.rstrip("/"),
            source.listing,
        ),
    )


def remove_source(ledger: Ledger, corp_id: str) -> None:
    """Remove a source; what was collected, and the month's calls, stay.

    :raises NotKnown: when there is none.
    """
    source_of(ledger, corp_id)
    ledger.write("delete from sources where corp_id = ?", (corp_id,))


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
            "set the variable REPORTDATA_DINGTALK_APP_SECRET, or name a file with "
            f"`reportdata source add dingtalk --corp {source.corp_id} --app-key {source.app_key} --secret-file FILE`",
        )
    return given
