"""What changed of an organisation's numbers since a moment: read from the store alone."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from reportdata.days import MILLISECOND, SECOND, moment_of, time_zone, to_date
from reportdata.errors import BadValue, NotKnown
from reportdata.services import Service
from reportdata.states import State, least_certain
from reportdata.statistics.answers import Answer, require_few
from reportdata.statistics.changes import CHANGES_PATH, Changes, since_of, until_of, words_of_changes
from reportdata.statistics.cursors import Reached, cursor_in, cursor_text, require_story
from reportdata.statistics.parameters import url_of_page
from reportdata.store import Store
from reportdata.store.replay import Change, changes_of
from reportdata.store.standing import standing

_COLUMNS = {"day": "date", "metric": "text", "was": "", "is": "", "when": "moment", "cause": "text", "state": "text"}
"""The columns and their types; those of numbers depend on these."""


def changed(store: Store, service: Service, corp_id: str, asked: Changes, now: float) -> Answer:
    """The numbers of days that changed after a moment or a cursor, in the order in which that was committed: a page, or
    all for a file. ``nextSince`` in what is said of them is the cursor of all that is committed: since that, what comes
    later is told, without a gap and once. There is none where only changes up to a moment are asked for: more of them
    may be committed yet.

    :param now: seconds since 1970.
    :raises NotKnown: when there is no such organisation.
    :raises BadValue: when a moment is none, a cursor is not of this store, or there are too many changes.
    """
    found = next((o.time_zone for o in store.organisations() if o.corp_id == corp_id), None)
    if found is None:
        raise NotKnown(f"the organisation {corp_id!r} is not known")
    zone = time_zone(found)
    since, until = since_of(asked, zone), until_of(asked, zone, now)
    if isinstance(since, int) and since > until:
        raise BadValue(f"since={asked.since} is after asOf, or lies ahead", "name an earlier moment")
    computed = store.computed(service.id)
    if isinstance(since, Reached):
        story = store.story(service.id, corp_id, asked.first_day, asked.last_day, beyond=since.number)
        require_story(since, story.reached)
    else:
        story = store.story(service.id, corp_id, asked.first_day, asked.last_day, since // MILLISECOND)
    up_to = cursor_in(asked.up_to) or story.reached
    require_story(up_to, story.reached)
    if isinstance(since, Reached) and up_to.number < since.number:
        raise BadValue(f"upTo={asked.up_to} is before since={asked.since}", "name an earlier since, or leave upTo out")
    changes = [
        change
        for change in changes_of(story, service, computed)
        if (change.number > since.number if isinstance(since, Reached) else change.at * MILLISECOND > since)
        and change.number <= up_to.number
        and (not asked.as_of or change.at * MILLISECOND <= until)
        and change.kpi_id in asked.metrics
    ]
    require_few(len(changes))
    start = (asked.page - 1) * asked.page_size if asked.format == "json" else 0
    page = changes[start : start + asked.page_size] if asked.format == "json" else changes
    rows = _rows(store, service, corp_id, page, zone, now)
    numbers = "number" if any(service.kpi(kpi).may_be_broken for kpi in asked.metrics) else "integer"
    moment = moment_of(until, zone).isoformat(timespec="microseconds")
    following = None
    if asked.format == "json" and start + asked.page_size < len(changes):
        after = msgspec.structs.replace(asked, page=asked.page + 1, up_to=cursor_text(up_to))
        following = url_of_page(CHANGES_PATH, words_of_changes(after, service))
    return Answer(
        rows,
        {
            "since": asked.since
            if isinstance(since, Reached)
            else moment_of(since, zone).isoformat(timespec="seconds"),
            "nextSince": None if asked.as_of else cursor_text(up_to),
            "from": to_date(asked.first_day).isoformat() if asked.bounds_days else None,
            "to": to_date(asked.last_day).isoformat() if asked.bounds_days else None,
            "timeZone": zone.key,
            "asOf": moment,
            "state": least_certain([State(row["state"]) for row in rows]).value if rows else None,
            "totalRows": len(changes),
            "page": asked.page,
            "pageSize": asked.page_size if asked.format == "json" else len(changes),
            "nextPage": following,
            "emptyReason": _why_empty(rows, changes),
            "columns": [{"name": name, "type": type_ or numbers} for name, type_ in _COLUMNS.items()],
            "query": dict(words_of_changes(asked, service)),
        },
    )


def _rows(
    store: Store, service: Service, corp_id: str, changes: list[Change], zone: ZoneInfo, now: float
) -> list[dict[str, Any]]:
    """Changes as rows, each with how certain the number of the day is now."""
    if not changes:
        return []
    days = {change.stat_day for change in changes}
    states = {
        (day.stat_day, kpi.kpi_id): kpi.state.value
        for day in standing(store, service, corp_id, min(days), max(days), now)
        if day.stat_day in days
        for kpi in day.kpis
    }
    return [
        {
            "day": to_date(change.stat_day).isoformat(),
            "metric": service.kpi(change.kpi_id).name_of_column,
            "was": change.was,
            "is": change.now,
            "when": when_of(change, zone),
            "cause": ", ".join(change.causes),
            "state": states[change.stat_day, change.kpi_id],
        }
        for change in changes
    ]


def when_of(change: Change, zone: ZoneInfo) -> str | None:
    """When a change was; None when that was not kept."""
    if not change.at:
        return None
    return moment_of(change.at * MILLISECOND // SECOND * SECOND, zone).isoformat(timespec="seconds")


def _why_empty(page: list[dict[str, Any]], changes: list[Change]) -> str | None:
    if page:
        return None
    return "the page lies beyond the last row" if changes else "no number changed since then"
