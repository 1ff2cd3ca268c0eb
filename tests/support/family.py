"""Numbers of several services beside those of reports: figures that were brought, and facts that are counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from reportdata.days import from_date
from reportdata.measures import Digits, Number
from reportdata.pipeline.mirroring import keep_export
from reportdata.services import read_services
from reportdata.store import Official
from tests.support.folders import Folder
from tests.support.sample import NOW

COUNTED = Path("counted/checkins"), Path("counted/approvals")
"""Services that are counted, as the setting names them."""
SERVICES = read_services(*COUNTED)
DAYS = 75
"""Days before today of which something is known."""


def _online(day: int, people: int) -> dict[str, Number]:
    active = people - 3 - day % 7
    found: dict[str, Number] = {"4001": people, "4002": active, "4004": active - 2, "4005": active - 4, "4006": active}
    if day % 11:  # or no rate was brought
        found["4003"] = active / people
    return found


def _types(day: int, people: int) -> dict[str, Number]:
    ids = [kpi.id for kpi in SERVICES.service("employeeTypeData").kpis]
    return {kpi_id: people + day // 20 if place == 0 else (place * 7) % 5 for place, kpi_id in enumerate(ids)}


def _active(day: int, people: int) -> dict[str, Number]:
    return {"4007": people - 2 + day // 40, "4008": Digits("0.9871794871794872")}


def _messages(day: int, people: int) -> dict[str, Number]:
    sent = people * (40 + day % 9)
    return {"4004": people - 4, "4026": sent, "4027": people - 9, "4028": sent // 3, "4029": Digits(f"{sent / 7:.4f}")}


_BROUGHT: dict[str, tuple[Callable[[int, int], dict[str, Number]], int]] = {
    "onlineUserData": (_online, 1),
    "activeUserData": (_active, 1),
    "employeeTypeData": (_types, 2),
    "singleMessagerData": (_messages, 400),
}
"""What was brought, by service, and how many days before today the newest of it is."""


def fill_family(folder: Folder, corp_id: str, people: int) -> None:
    """Bring numbers of other services for an organisation that is there."""
    today = NOW.date()
    at = int(NOW.timestamp() * 1000) - 1
    for service_id, (numbers, newest) in _BROUGHT.items():
        days = [from_date(today - timedelta(days=newest + day)) for day in range(DAYS)]
        figures = [Official(corp_id, day, numbers(place, people), at) for place, day in enumerate(reversed(days))]
        keep_export(folder.store, SERVICES.service(service_id), figures)
    place = folder.path.parent
    files = {"checkins": list(_checkins(people)), "approvals": list(_approvals(people)), "forms": list(_forms())}
    for name, lines in files.items():
        (place / f"{name}.csv").write_text("\n".join(lines) + "\n", "utf-8")
    paths = [place / f"{name}.csv" for name in files]
    folder.import_(*paths, corp_id=corp_id, exported_at=int(NOW.timestamp() * 1000))


def _checkins(people: int) -> Iterator[str]:
    yield "user_id,checked_in_at"
    for back in range(DAYS):
        day = NOW.date() - timedelta(days=back)
        if day.weekday() == 6:
            continue
        for person in range(people - (back * 5) % 9):
            yield f"u{person},{day} {8 + person % 3:02}:{(person * 7 + back) % 60:02}"


def _approvals(people: int) -> Iterator[str]:
    yield "approval_id,form_id,user_id,approval_submitted_at"
    for back in range(1, DAYS):
        day = NOW.date() - timedelta(days=back)
        for number in range(1 + (back * 3) % 7):
            yield f"a{back}-{number},f{number % 3},u{number % people},{day} {9 + number:02}:10"


def _forms() -> Iterator[str]:
    yield "forms,custom_forms,forms_stated_at"
    for back in range(1, DAYS):
        yield f"{120 - back // 10},{90 - back // 10},{NOW.date() - timedelta(days=back)} 23:00"
