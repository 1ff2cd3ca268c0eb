"""What rows hold in every store: values of KPIs and lists as JSON texts, flags as numbers."""

from __future__ import annotations

from typing import Any

import msgspec

from reportdata.identity import App, AppType

_texts = msgspec.json.Decoder(tuple[str, ...])


def json_text(content: object) -> str:
    """JSON, the same for the same content."""
    return msgspec.json.encode(content, order="sorted").decode()


def app_of(row: tuple[Any, ...]) -> App:
    """The app of a row."""
    key, name, type_, corp_id, secret_hash, scopes, allow_list, rate, disabled, zero_unknown = row
    return App(
        app_key=key,
        name=name,
        type=AppType(type_),
        corp_id=corp_id,
        secret_hash=secret_hash,
        scopes=_texts.decode(scopes),
        allow_list=_texts.decode(allow_list),
        rate=rate,
        disabled=bool(disabled),
        zero_unknown=bool(zero_unknown),
    )


def row_of(app: App) -> tuple[Any, ...]:
    """The row of an app."""
    return (
        app.app_key,
        app.name,
        app.type.value,
        app.corp_id,
        app.secret_hash,
        msgspec.json.encode(app.scopes).decode(),
        msgspec.json.encode(app.allow_list).decode(),
        app.rate,
        int(app.disabled),
        int(app.zero_unknown),
    )
