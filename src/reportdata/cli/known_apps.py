"""Apps by their key or name: how they are found, changed and told of."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from reportdata.cli.known import require_written
from reportdata.cli.language import tell
from reportdata.cli.output import print_json
from reportdata.cli.places import open_existing_store
from reportdata.errors import NotKnown
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
        require_written("app_key", app_key)
        raise NotKnown(f"there is no app {app_key!r}", "`reportdata app list` shows all")
    return found


def change_app(settings: Settings, app_key: str, change: Callable[[App], App]) -> App:
    """Change an app, and return how it is now."""
    return open_existing_store(settings).change_app(app_key, change)


def old_until(found: App) -> str | None:
    """When the last old secret ends that is valid now."""
    ends = [old.until for old in found.old_secrets_at(time.time())]
    return datetime.fromtimestamp(max(ends), UTC).isoformat() if ends else None


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
