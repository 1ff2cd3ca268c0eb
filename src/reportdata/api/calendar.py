"""The calendar: ``GET /v1/calendar`` says which days are holidays and which weekend days are worked in their place."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from reportdata.api.openapi import TEXT, Json, answer, object_of, operation, parameter
from reportdata.api.resource import Context, Operation, Resource
from reportdata.days import parse_day, to_date
from reportdata.errors import BadDay, BadValue
from reportdata.holidays import published_years, special_days
from reportdata.http.answers import Failed, Fault
from reportdata.http.routes import json_response

PATH = "/v1/calendar"
NO_DAY = Fault(400, "InvalidParameter", "'' is not a day")
"""A period that cannot be had; the message says why."""
_LONGEST = 3_660
_PARAMETERS = {
    "from": "The first day, yyyy-MM-dd or yyyyMMdd.",
    "to": f"The last day, included; at most {_LONGEST} days after the first.",
}
_KEPT = {"cache-control": "public, max-age=86400"}
"""A year's holidays are published once."""


def resource(_context: Context) -> Resource:
    """The call. It needs no sign-in: everybody knows the holidays."""
    return Resource("calendar", [Operation("GET", PATH, _described, _calendar)])


async def _calendar(request: Request) -> Response:
    unknown = [name for name in request.query_params if name not in _PARAMETERS]
    if unknown:
        raise _refused(f"the parameter {unknown[0][:40]!r} is not known; there are {', '.join(_PARAMETERS)}")
    given = [request.query_params.get(name, "") for name in _PARAMETERS]
    try:
        first, last = (parse_day(day) for day in given)
    except (BadDay, BadValue) as error:
        raise _refused(error.message) from None
    if not 0 <= (to_date(last) - to_date(first)).days <= _LONGEST:
        raise _refused(f"from={first} to={last} cannot be had; name the earlier day first, at most {_LONGEST} days")
    since, until = published_years()
    data = [
        {
            "date": to_date(day.stat_day).isoformat(),
            "kind": "workday" if day.is_worked else "holiday",
            "name": day.name,
            "nameEn": day.name_en,
        }
        for day in special_days(first, last)
    ]
    return json_response({"data": data, "meta": {"firstYear": since, "lastYear": until}}, _KEPT)


def _refused(message: str) -> Failed:
    return Failed(NO_DAY._replace(message=message))


def _described() -> Json:
    kind: Json = TEXT | {"enum": ["holiday", "workday"]}
    day = object_of({"date": TEXT, "kind": kind, "name": TEXT, "nameEn": TEXT})
    year: Json = {"type": "integer"}
    schema = object_of(
        {"data": {"type": "array", "items": day}, "meta": object_of({"firstYear": year, "lastYear": year})}
    )
    return operation(
        "getCalendar",
        "China's holidays, and the weekend days that are worked in their place",
        answer(schema),
        [NO_DAY],
        description="Days that are not named are ordinary: worked from Monday to Friday. Of years outside firstYear "
        "and lastYear no holidays are known.",
        parameters=[parameter("query", name, meaning) for name, meaning in _PARAMETERS.items()],
    )
