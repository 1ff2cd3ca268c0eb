"""Apps by their key or name: how they are found, changed and told of."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

import click

from reportdata.cli.known import require_written
from reportdata.cli.language import tell, translated
from reportdata.cli.language.wrapping import padded, width
from reportdata.cli.local_times import local_text
from reportdata.cli.output import print_json
from reportdata.cli.places import open_existing_store
from reportdata.cli.terminals import visible
from reportdata.errors import BadValue, NotKnown
from reportdata.identity import App
from reportdata.settings import Settings

UNKNOWN = ("left-out", "zero")
"""What an app is answered in place of a number that is not known."""


def known_app(settings: Settings, app_key: str) -> App:
    """The app of that key, or else the only one of that name."""
    store = open_existing_store(settings)
    found = store.app(app_key)
    if found is None:
        named = [app for app in store.apps() if app.name == app_key]
        if len(named) == 1:
            return named[0]
        if named:
            keys = ", ".join(app.app_key for app in named)
            raise BadValue(f"{len(named)} apps have the name {app_key!r}", f"name one by its key: {keys}")
        require_written("app_key", app_key)
        raise NotKnown(f"there is no app {app_key!r}", "`reportdata app list` shows all")
    return found


def change_app(settings: Settings, app_key: str, change: Callable[[App], App]) -> App:
    """Change the app of that key, or else the only one of that name, and return how it is now."""
    store = open_existing_store(settings)
    return store.change_app(known_app(settings, app_key).app_key, change)


def _old_end(found: App) -> int | None:
    """When the last old secret ends that is valid now, in seconds since 1970."""
    return max((old.until for old in found.old_secrets_at(time.time())), default=None)


def old_until(found: App) -> str | None:
    """When the last old secret ends that is valid now, for programs."""
    end = _old_end(found)
    return None if end is None else datetime.fromtimestamp(end, UTC).isoformat()


def old_text(found: App, zone: str) -> str:
    """When the last old secret ends that is valid now, for people."""
    end = _old_end(found)
    return "–" if end is None else local_text(end, zone)


def print_app(found: App, zone: str) -> None:
    """An app for people, without its secret."""
    headings = (
        "app key", "name", "organisation", "type", "state", "scopes", "allowed addresses", "calls a second",
        "unknown numbers", "old secret until",
    )  # fmt: skip
    states = ("disabled" if found.disabled else "enabled", "as 0" if found.zero_unknown else "left out")
    state, unknown = map(translated, states)
    rate = translated("as the server has it") if found.rate is None else f"{found.rate:,}"
    values = (
        found.app_key, found.name, found.corp_id or "–", found.type.value, state, ", ".join(found.scopes) or "–",
        ", ".join(found.allow_list) or translated("all addresses"), translated("no limit") if found.rate == 0 else rate,
        unknown, old_text(found, zone),
    )  # fmt: skip
    names = [*map(translated, headings)]
    wide = max(map(width, names)) + 2
    for name, value in zip(names, values, strict=True):
        click.echo(visible(padded(name, wide) + value))


def tell_change(changed: App, done: str, *, as_json: bool) -> None:
    """Tell what was done, or how the app is now."""
    if as_json:
        print_json(described(changed))
    else:
        tell(done)


def described(found: App) -> dict[str, object]:
    """An app as JSON has it, without its secret."""
    return {
        "appKey": found.app_key,
        "name": found.name,
        "type": found.type.value,
        "corpId": found.corp_id,
        "scopes": found.scopes,
        "allowList": found.allow_list,
        "rate": found.rate,
        "disabled": found.disabled,
        "oldSecretUntil": old_until(found),
        "unknown": UNKNOWN[found.zero_unknown],
    }
