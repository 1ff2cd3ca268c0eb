"""What rows hold in every store: values of KPIs and lists as JSON texts, flags as numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Sized
from typing import Any

import msgspec

from reportdata.identity import App, AppType, OldSecret
from reportdata.links import Link, Viewer
from reportdata.measures import Number, as_json, decimal_of
from reportdata.states import DayState, State
from reportdata.store import Day, Official

APP = (
    *("app_key", "name", "type", "corp_id", "secret_hash", "scopes", "allow_list", "old_secrets", "rate", "disabled"),
    "zero_unknown",
)
"""The columns of an app, in the order of `app_of` and `row_of`."""
LINK = ("link_id", "name", "corp_id", "secret_hash", "scopes", "departments", "until", "revoked_at")
"""The columns of a link, in the order of `link_of` and `row_of_link`."""
VIEWERS = (
    f"select s.session_hash, s.expires_at, {', '.join(f'a.{name}' for name in APP)}, "
    f"{', '.join(f'l.{name}' for name in LINK)} from sessions s left join apps a on a.app_key = s.app_key "
    "left join links l on l.link_id = s.link_id"
)
"""Sessions with whose they are, as `viewer_of` has them."""

_secrets = msgspec.json.Decoder(tuple[OldSecret, ...])
_texts = msgspec.json.Decoder(tuple[str, ...])
_looks = msgspec.json.Decoder(dict[str, int])
_states = msgspec.json.Decoder(list[tuple[str, State, int]])
_numbers = msgspec.json.Decoder(dict[str, int | float])
_decimals = msgspec.json.Decoder(dict[str, Any], float_hook=decimal_of)
_encoder = msgspec.json.Encoder(order="sorted", enc_hook=as_json)
texts_of = _texts.decode
"""Texts in their order, from their text."""
names_of = msgspec.json.Decoder(frozenset[str]).decode
"""Names of files, or ids of KPIs, from their text."""


def places(values: Sized) -> str:
    """A place in a statement for each value."""
    return ", ".join(["%s"] * len(values))


def json_text(content: object) -> str:
    """JSON, the same for the same content."""
    return _encoder.encode(content).decode()


def values_of(text: str | bytes) -> dict[str, Number]:
    """The numbers of KPIs, from their text; decimals have the digits that they have there."""
    found = _numbers.decode(text)
    return _decimals.decode(text) if float in map(type, found.values()) else found


def day_of(corp_id: str, stat_day: str, row: Sequence[Any]) -> Day:
    """The day of a row: its numbers, when they were computed, looks, states, the organisation's zone, computed KPIs,
    and whether files are damaged that it rests on."""
    values, computed_at, observed, states, zone, computed, damaged = row
    looks = _looks.decode(observed) if observed is not None else {}
    return Day(
        None if not looks else {} if values is None else values_of(values),
        int(computed_at or 0),
        looks,
        () if states is None else [DayState(corp_id, stat_day, *state) for state in _states.decode(states)],
        zone.decode() if isinstance(zone, bytes) else zone,
        frozenset() if computed is None else names_of(computed),
        bool(damaged),
    )


def official_of(row: Sequence[Any]) -> Official:
    """DingTalk's own figures of a row."""
    corp_id, stat_day, values, fetched_at, answer = row
    return Official(corp_id, stat_day, None if values is None else values_of(values), fetched_at, answer)


def row_of_official(service: str, found: Official) -> tuple[Any, ...]:
    """The row of DingTalk's own figures, after the service's id."""
    values = None if found.values is None else json_text(found.values)
    return service, found.corp_id, found.stat_day, values, found.fetched_at, found.answer


_READ: Mapping[str, Callable[[Any], object]] = {
    "type": AppType,
    **dict.fromkeys(("scopes", "allow_list", "departments"), texts_of),
    "old_secrets": _secrets.decode,
    **dict.fromkeys(("disabled", "zero_unknown"), bool),
}
"""How columns are read that do not stand in rows as they are."""


def app_of(row: Sequence[Any]) -> App:
    """The app of a row."""
    return App(**_read(APP, row))


def row_of(app: App) -> tuple[Any, ...]:
    """The row of an app."""
    return tuple(_cell(getattr(app, name)) for name in APP)


def link_of(row: Sequence[Any]) -> Link:
    """The link of a row."""
    return Link(**_read(LINK, row))


def row_of_link(link: Link) -> tuple[Any, ...]:
    """The row of a link."""
    return tuple(_cell(getattr(link, name)) for name in LINK)


def _read(columns: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    cells = zip(columns, row, strict=True)
    return {name: _READ[name](value) if name in _READ else value for name, value in cells}


def _cell(value: object) -> object:
    if isinstance(value, tuple):
        return msgspec.json.encode(value).decode()
    return value.value if isinstance(value, AppType) else int(value) if isinstance(value, bool) else value


def viewer_of(row: Sequence[Any]) -> Viewer:
    """Whose the session of a row of `VIEWERS` is."""
    _, expires_at, *found = row
    app, link = found[: len(APP)], found[len(APP) :]
    return Viewer(
        app_of(app) if app[0] is not None else None, link_of(link) if link[0] is not None else None, expires_at
    )
