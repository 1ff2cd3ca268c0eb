"""The twin's own paths, ``/twin/…``: counts, clock, switches and truth, for tests in any language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from reportdata.days import SECOND, day_of, days_between, parse_day
from reportdata.errors import InputError
from reportdata.times import read_instant
from reportdata.twin.activity import BEIJING
from reportdata.twin.answers import JSON_NEW, Answer, Request, json_answer
from reportdata.twin.calibres import Calibre
from reportdata.twin.troubles import TROUBLES
from reportdata.twin.twin import Twin


def answer_control(twin: Twin, request: Request) -> Answer:
    """The answer to a call of ``/twin/…``."""
    try:
        said = msgspec.json.decode(request.body, type=dict[str, object]) if request.body else {}
        match request.method, request.path.strip("/").removeprefix("twin/"):
            case "GET", "app":
                content: object = {"corpId": twin.corp_id, "appKey": twin.app_key, "appSecret": twin.app_secret}
            case "GET", "calls":
                content = twin.calls.summary()
            case "DELETE", "calls":
                twin.calls.forget()
                content = twin.calls.summary()
            case "GET", "log":
                content = [call._asdict() for call in twin.calls.log]
            case (("GET" | "POST"), "clock"):
                content = _clock(twin, said)
            case (("GET" | "POST" | "DELETE"), "troubles"):
                content = _troubles(twin, request.method, said)
            case "GET", "truth":
                content = _truth(twin, request.queried())
            case _:
                return json_answer(404, {"error": "there is no such path; see docs/twin.md"}, JSON_NEW)
    except (InputError, msgspec.DecodeError, ValueError) as error:
        return json_answer(400, {"error": str(error)}, JSON_NEW)
    return json_answer(200, content, JSON_NEW)


def _clock(twin: Twin, said: Mapping[str, object]) -> object:
    if said.get("now") is not None:
        twin.clock.set(read_instant(said["now"], BEIJING) / SECOND)
    if said.get("speed") is not None:
        twin.clock.set(speed=msgspec.convert(said["speed"], float))
    if said.get("advance") is not None:
        twin.clock.sleep(msgspec.convert(said["advance"], float))
    now = twin.clock()
    return {"now": now, "local": f"{datetime.fromtimestamp(now, BEIJING):%Y-%m-%d %H:%M:%S}", "speed": twin.clock.speed}


def _troubles(twin: Twin, method: str, said: Mapping[str, object]) -> object:
    if method == "DELETE":
        twin.trouble()
    elif method == "POST":
        texts = msgspec.convert(said.get("troubles"), list[str])
        twin.trouble(*texts)
    return {"troubles": list(twin.troubles), "known": TROUBLES}


def _truth(twin: Twin, asked: Mapping[str, object]) -> object:
    """The truth of days; of another service than the reports', the figures that it answers."""
    last = str(asked.get("to") or asked.get("from") or day_of(int(twin.clock()) * SECOND, BEIJING))
    first = str(asked.get("from") or last)
    if "service" in asked:
        return {
            day: twin.figures(str(asked["service"]), day) for day in days_between(parse_day(first), parse_day(last))
        }
    calibre = Calibre.parse(str(asked["calibre"])) if "calibre" in asked else twin.calibre
    return twin.truth(parse_day(first), parse_day(last), calibre=calibre)
