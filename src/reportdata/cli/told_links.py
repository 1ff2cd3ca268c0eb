"""How view links are told: as JSON, and as rows of a table."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from reportdata.cli.link_scopes import services_shown
from reportdata.cli.local_times import local_text
from reportdata.cli.places import services_of
from reportdata.links import Ending, Link, link_ended
from reportdata.services import REPORTS
from reportdata.settings import Settings

_STATES = {None: "valid", Ending.REVOKED: "revoked", Ending.LINK: "ended"}


def described(link: Link, settings: Settings, now: float) -> dict[str, Any]:
    """What JSON tells of a link at a time, in seconds since 1970."""
    services = services_of(settings)
    return {
        "id": link.link_id,
        "name": link.name,
        "corpId": link.corp_id,
        "departments": link.departments,
        "services": [service.id for service in services_shown(services, link)],
        "records": any(service.records_scope in link.scopes for service in services),
        "import": services.service(REPORTS).push_scope in link.scopes,
        "until": _time(link.until),
        "revokedAt": _time(link.revoked_at),
        "state": _STATES[link_ended(link, now)],
    }


def row(told: dict[str, Any], until: str) -> list[object]:
    """The cells of a link in a table.

    :param told: as of `described`.
    """
    shows = ("records" if told["records"] else "totals") + (", imports" if told["import"] else "")
    if told["services"] != [REPORTS]:
        shows = f"{', '.join(told['services'])}: {shows}"
    departments = ", ".join(told["departments"]) or "all"
    return [told["id"], told["name"], told["corpId"], departments, shows, until, told["state"]]


def until_day(seconds: int | None, zone: str) -> str:
    """The last day on which a link lets anybody in, as --until names it; a time where it is not the end of a day."""
    if seconds is None:
        return "–"
    last, _, clock = local_text(seconds - 1, zone).partition(" ")
    return last if clock == "23:59:59" else local_text(seconds, zone)


def _time(seconds: int | None) -> str | None:
    return datetime.fromtimestamp(seconds, UTC).isoformat() if seconds is not None else None
