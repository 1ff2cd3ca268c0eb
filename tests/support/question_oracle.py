"""The judge of questions: what the rows of an answer are, in plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from reportdata.coverage import Observation
from reportdata.days import from_date
from reportdata.statistics.question import Question
from tests.support.oracle import Commented, Fact, Sent, Withdrawn

WORDS = {"4100": "reports", "4101": "senders", "4102": "commenters"}
NEEDS = {"4100": "sent", "4101": "sent", "4102": "commented"}
STATES = ("final", "provisional", "partial", "missing")


class Known(NamedTuple):
    """What became known at a time (aware): facts, and looks."""

    at: datetime
    facts: tuple[Fact, ...]
    looks: tuple[Observation, ...]


def rows_of(
    question: Question, corp_id: str, zone: ZoneInfo, known: Sequence[Known], until: datetime | None
) -> list[dict[str, Any]]:
    """The rows, in any order."""
    seen = [batch for batch in known if until is None or batch.at <= until]
    facts = {fact for batch in seen for fact in batch.facts if fact.corp_id == corp_id}
    looks = [look for batch in seen for look in batch.looks if look.corp_id == corp_id]
    first, last = (datetime.strptime(day, "%Y%m%d").date() for day in (question.first_day, question.last_day))
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    states = {(kind, day): state_of(kind, day, zone, looks) for kind in ("sent", "commented") for day in days}
    groups = _groups(question, zone, facts, states)
    cells = _cells(question, zone, days)
    values = sorted({key[1] for key in groups})
    rows = []
    for cell, own in cells.items():
        wanted = [key[1] for key in groups if key[0] == cell] if "user" in question.by else values
        if not question.dimensions:
            wanted = [()]
        for value in wanted:
            row = _row(
                question, own, {m: groups.get((cell, value), {}).get(m, set()) for m in question.metrics}, states
            )
            if row is not None:
                names = dict(zip(question.dimensions, value, strict=True))
                heads = {"period": cell[0]} | {name: cell[1 + n] for n, name in enumerate(("weekday", "hour"))}
                rows.append({name: at for name, at in heads.items() if at is not None} | names | row)
    return rows


def items_of(
    question: Question, corp_id: str, zone: ZoneInfo, known: Sequence[Known], until: datetime | None
) -> set[str]:
    """What the one metric of a question without groupings counts."""
    seen = [batch for batch in known if until is None or batch.at <= until]
    facts = {fact for batch in seen for fact in batch.facts if fact.corp_id == corp_id}
    looks = [look for batch in seen for look in batch.looks if look.corp_id == corp_id]
    first, last = (datetime.strptime(day, "%Y%m%d").date() for day in (question.first_day, question.last_day))
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    states = {(kind, day): state_of(kind, day, zone, looks) for kind in ("sent", "commented") for day in days}
    found = _groups(question, zone, facts, states)
    return {item for group in found.values() for item in group.get(question.metrics[0], ())}


Key = tuple[tuple[Any, ...], tuple[str, ...]]


def _groups(
    question: Question, zone: ZoneInfo, facts: set[Fact], states: dict[tuple[str, date], str]
) -> dict[Key, dict[str, set[str]]]:
    gone = {fact.report_id for fact in facts if isinstance(fact, Withdrawn)}
    sent = [fact for fact in facts if isinstance(fact, Sent)]
    found: dict[Key, dict[str, set[str]]] = {}
    for fact in facts:
        if isinstance(fact, Withdrawn) or (isinstance(fact, Sent) and fact.report_id in gone):
            continue
        kind = "sent" if isinstance(fact, Sent) else "commented"
        local = fact.at.astimezone(zone)
        if states.get((kind, local.date()), "missing") == "missing":
            continue
        templates = _templates(fact, _shown(sent, question.within))
        for department in _departments(fact, sent, zone, newest=question.newest_departments):
            if question.departments and not any(
                department == named or (question.children and department.startswith(f"{named}/"))
                for named in question.departments
            ):
                continue
            if question.within and not _is_below(department, question.within):
                continue
            if question.templates and templates not in question.templates:
                continue
            if question.users and fact.user_id not in question.users:
                continue
            top = department.partition("/")[0]
            of = {"department": department, "topDepartment": top, "template": templates, "user": fact.user_id}
            key = (_cell(question, local.date(), local.hour), tuple(of[name] for name in question.dimensions))
            group = found.setdefault(key, {})
            for metric in question.metrics:
                if NEEDS[metric] == kind:
                    group.setdefault(metric, set()).add(fact.report_id if metric == "4100" else fact.user_id)
    return {key: group for key, group in found.items() if any(group.values())}


def _departments(fact: Sent | Commented, sent: Sequence[Sent], zone: ZoneInfo, *, newest: bool) -> Sequence[str]:
    if isinstance(fact, Sent) and not newest:
        return fact.departments or ("",)
    day = fact.at.astimezone(zone).date()
    own = [s for s in sent if s.user_id == fact.user_id and (newest or s.at.astimezone(zone).date() <= day)]
    latest = max(own, key=lambda s: (s.at, ",".join(s.departments)), default=None)
    return (latest.departments if latest is not None else ()) or ("",)


def _shown(sent: Sequence[Sent], within: Sequence[str]) -> Sequence[Sent]:
    """The reports of which anything may show."""
    return [s for s in sent if not within or any(_is_below(name, within) for name in s.departments)]


def _is_below(department: str, named: Sequence[str]) -> bool:
    return any(department == name or department.startswith(f"{name}/") for name in named)


def _templates(fact: Sent | Commented, sent: Sequence[Sent]) -> str:
    if isinstance(fact, Sent):
        return fact.template
    own = [s for s in sent if s.report_id == fact.report_id]
    return max(own, key=lambda s: (s.at, s.template)).template if own else ""


def _cells(question: Question, zone: ZoneInfo, days: Sequence[date]) -> dict[tuple[Any, ...], list[date]]:
    """The days of each cell, those with its hour where hours are told apart."""
    found: dict[tuple[Any, ...], list[date]] = {}
    for day in days:
        hours: set[int] = {0}
        if "hour" in question.by:
            begin = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=26)
            steps = (begin + timedelta(minutes=15 * n) for n in range(4 * 76))
            hours = {local.hour for local in (step.astimezone(zone) for step in steps) if local.date() == day}
        for hour in hours:
            found.setdefault(_cell(question, day, hour), []).append(day)
    return found


def _cell(question: Question, day: date, hour: int) -> tuple[Any, ...]:
    year, week, weekday = day.isocalendar()
    names = {
        "day": f"{day:%Y-%m-%d}",
        "week": f"{year}-W{week:02}",
        "month": f"{day:%Y-%m}",
        "quarter": f"{day.year}-Q{(day.month - 1) // 3 + 1}",
        "year": f"{day.year}",
    }
    whole = "/".join(f"{day[:4]}-{day[4:6]}-{day[6:]}" for day in (question.first_day, question.last_day))
    period = next((names[name] for name in question.by if name in names), whole)
    return period, weekday if "weekday" in question.by else None, hour if "hour" in question.by else None


def state_of(kind: str, day: date, zone: ZoneInfo, looks: Sequence[Observation]) -> str:
    """How certain a day's facts of a kind are, by an organisation's looks."""
    text = from_date(day)
    at = [look.at for look in looks if look.kind == kind and look.first_day <= text <= look.last_day]
    if not at:
        return "missing"
    after = day + timedelta(days=1)
    end = datetime(after.year, after.month, after.day, tzinfo=zone).timestamp() * 1000
    return "final" if max(at) >= end else "provisional"


def _row(
    question: Question, days: Sequence[date], groups: dict[str, set[str]], states: dict[tuple[str, date], str]
) -> dict[str, Any] | None:
    row: dict[str, Any] = {}
    each, covered = [], []
    for metric in question.metrics:
        own = [states[NEEDS[metric], day] for day in days]
        known = [state for state in own if state != "missing"]
        row[WORDS[metric]] = len(groups[metric]) if known else None
        worst = max(known, key=STATES.index, default="missing")
        each.append("partial" if known and len(known) < len(own) else worst)
        covered += [len(known)] if known else []
    if not covered:
        return None
    return row | {"state": max(each, key=STATES.index), "coveredDays": min(covered), "days": len(days)}
