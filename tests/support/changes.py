"""What changed numbers, as a store tells it."""

from __future__ import annotations

import json
from typing import Any

from reportdata.store import Store
from reportdata.store.replay import Change, changes_of
from tests.support.folders import Folder, run
from tests.support.oracle import Sent
from tests.support.services import SERVICE
from tests.support.taking_back import (
    FIRST,
    LAST,
    START,
)

CORP, OTHER = "c1", "c2"


def changes_in(store: Store, corp_id: str = CORP) -> list[Change]:
    story = store.story(SERVICE.id, corp_id, FIRST, LAST)
    return changes_of(story, SERVICE, store.computed(SERVICE.id))


def told(store: Store, kpi_id: str = "4100", corp_id: str = CORP) -> list[tuple[Any, Any, str]]:
    """What the numbers of all days were and are, and why."""
    found = [change for change in changes_in(store, corp_id) if change.kpi_id == kpi_id]
    return [(change.was, change.now, ", ".join(change.causes)) for change in found]


def sent(number: int, corp_id: str = CORP) -> Sent:
    return Sent(corp_id, f"r{number}", f"user-{number}", START, "日报", ())


def explained(folder: Folder, metric: str, *options: object) -> dict[str, Any]:
    """What an explanation says of the day, to someone who may see records."""
    found = run(folder, "explain", metric, f"{START:%Y%m%d}", "--corp", CORP, "--format", "json", *options)
    assert found.exit_code == 0, found.output
    answer = json.loads(found.stdout)
    meta: dict[str, Any] = answer["meta"]
    return meta | {"rows": answer["data"]}
