"""The twin itself: one organisation at an offline DingTalk, without a socket."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial

import msgspec

from reportdata.measures import Number
from reportdata.services import REPORTS, Service, read_services
from reportdata.twin import newapi, oldapi
from reportdata.twin.activity import Activity
from reportdata.twin.answers import JSON_PLAIN, Answer, Request, failed_new, html_answer, json_answer
from reportdata.twin.beginning import REPORTS_OF_A_PERSON, people_of, period_of, start_of
from reportdata.twin.calibres import DEFAULT_CALIBRE, Calibre
from reportdata.twin.clock import Clock
from reportdata.twin.counting import CALLS_A_SECOND, MONTHLY_CALLS, TOKEN_APIS, Call, Calls
from reportdata.twin.figures import made_up, with_made_up_kpis
from reportdata.twin.habits import Habits
from reportdata.twin.ids import Ids
from reportdata.twin.organisation import NAME_MARK, Organisation
from reportdata.twin.pages import TEXT_MARK
from reportdata.twin.reports import COMMENT_MARK
from reportdata.twin.tokens import Tokens
from reportdata.twin.troubles import Hit, Trouble, hit
from reportdata.twin.truth import END_OF_TIME, Kpis, true_kpis
from reportdata.twin.world import World

BAN = 300.0
"""Seconds for which DingTalk bans an address that calls too often."""
STALL = 3.0
"""Seconds of silence before a time-out is answered, as DingTalk's gateway waits for a service."""


class Twin:
    """An offline DingTalk with one made-up organisation.

    :param seed: everything that is made up depends on it.
    :param people: how many there are; by default 50, or five for four reports of a day.
    :param reports_per_day: reports of a working day; by default four for five people.
    :param habits: what else people do on average; its ``reports_per_day`` is replaced.
    :param first_day: the first day with reports.
    :param last_day: the last day with reports; without one they never end.
    :param now: when the clock starts: seconds since 1970, or a datetime. By default at the end of the period.
    :param speed: the clock's seconds for each real one; 0 stands still until it is set.
    :param budget: calls a month; 0 is without a limit.
    :param rate: calls a second (of the twin's clock) to each API; 0 is without a limit.
    :param scopes: the app's permissions; by default it has all.
    :param calibre: how its own ``datacenter/reportData`` counts.
    :param stall: real seconds that the trouble ``stall`` waits.
    """

    def __init__(
        self,
        *,
        seed: int = 1,
        people: int | None = None,
        reports_per_day: float | None = None,
        habits: Habits | None = None,
        first_day: str = "20260901",
        last_day: str | None = None,
        now: float | datetime | None = None,
        speed: float = 0.0,
        budget: int = MONTHLY_CALLS,
        rate: int = CALLS_A_SECOND,
        scopes: Iterable[str] | None = None,
        troubles: Iterable[Trouble | str] = (),
        calibre: Calibre = DEFAULT_CALIBRE,
        stall: float = STALL,
    ) -> None:
        first_day, last_day = period_of(first_day, last_day)
        people = people_of(people, reports_per_day)
        wanted = people * REPORTS_OF_A_PERSON if reports_per_day is None else reports_per_day
        self.seed = seed
        self.calibre = calibre
        self.stall = stall
        self.organisation = Organisation(seed, people)
        habits = msgspec.structs.replace(habits or Habits(), reports_per_day=wanted)
        self.activity = Activity(self.organisation, habits, seed, first_day, last_day)
        self.clock = Clock(start_of(now, first_day, last_day), speed)
        self.calls = Calls(budget, rate)
        self.troubles: tuple[Trouble, ...] = ()
        self.trouble(*troubles)
        self._catalogue = read_services()
        self._services = {
            service.path.strip("/"): service
            for service in (*self._catalogue, *map(with_made_up_kpis, self._catalogue.relayed))
        }
        own = {service.scope for service in self._services.values()}
        self.scopes = frozenset(oldapi.SCOPES | own if scopes is None else scopes)
        numbers = random.Random(f"app {seed}")  # noqa: S311 - an app that opens nothing
        self._tokens = Tokens(f"dingtwin{numbers.getrandbits(48):012x}", f"twinsecret{numbers.getrandbits(256):064x}")
        self._ids = Ids(seed)
        self._number = 0
        self._banned_until = 0.0
        self._lock = threading.RLock()

    @property
    def corp_id(self) -> str:
        """The organisation."""
        return self.organisation.corp_id

    @property
    def app_key(self) -> str:
        """The key of its one app."""
        return self._tokens.app_key

    @property
    def app_secret(self) -> str:
        """The app's secret."""
        return self._tokens.app_secret

    @property
    def marks(self) -> tuple[str, ...]:
        """What must be in no file of whoever counts reports: marks of names and texts, the secret, every token."""
        return (NAME_MARK, TEXT_MARK, COMMENT_MARK, self.app_secret, *self._tokens.issued)

    def trouble(self, *troubles: Trouble | str) -> None:
        """Replace all switches for trouble; without any, nothing goes wrong any more, and no ban goes on."""
        self._banned_until = 0.0
        self.troubles = tuple(Trouble.parse(item) if isinstance(item, str) else item for item in troubles)

    def end_token(self) -> None:
        """End the token that the app has now."""
        self._tokens.end()

    def truth(
        self, first_day: str, last_day: str, *, calibre: Calibre = DEFAULT_CALIBRE, at: float | None = None
    ) -> dict[str, Kpis]:
        """The true KPIs of each stat day: ``{"20260901": {"4100": 40, "4101": 38, "4102": 12}, …}``.

        :param at: what has happened until then counts, in seconds since 1970; None: until the clock's now.
            ``math.inf`` counts all that will ever happen.
        """
        now = self.clock() if at is None else at
        with self._lock:
            until = END_OF_TIME if now * 1000 >= END_OF_TIME else int(now * 1000)
            return true_kpis(self.activity, first_day, last_day, calibre, until)

    def answer(self, request: Request) -> Answer:
        """The answer to an HTTP request, at the clock's time."""
        with self._lock:
            now = self.clock()
            api = request.path.strip("/")
            self._number += 1
            trouble = hit(self.troubles, self.seed, self._number, api) if self.troubles else Hit()
            answer, charged = self._answered(api, request, now, trouble)
            self.calls.note(Call(self._number, now, api, _said(request), answer.outcome, charged))
        return answer

    def _answered(self, api: str, request: Request, now: float, trouble: Hit) -> tuple[Answer, bool]:
        if "ban" in trouble and now >= self._banned_until:
            self._banned_until = now + BAN
        banned = now < self._banned_until
        if "ban-page" in trouble or (banned and self._number % 2):
            return html_answer(200, "访问被限制 (Access denied)", "ban-page"), False
        if "ban-json" in trouble or banned:
            body = {"wait": 5, "source": "x5", "punish": "deny", "uuid": self._ids.of_ban()}
            return json_answer(200, {"status": 1111, **body}, JSON_PLAIN, "ban-json"), False
        answer, charged = self._routed(api, request, now, trouble)
        if "stall" in trouble:
            answer = answer._replace(stall=self.stall)
        if "reset" in trouble:
            answer = answer._replace(reset=True, outcome="reset")
        return answer, charged

    def _routed(self, api: str, request: Request, now: float, trouble: Hit) -> tuple[Answer, bool]:
        old, new = TOKEN_APIS
        if api == old:
            if trouble & {"busy", "busy-1", "504"}:
                return json_answer(200, {"errcode": -1, "errmsg": "系统繁忙"}, JSON_PLAIN, "-1"), False
            return self._tokens.old(request, now), False
        new_id = self._ids.new(now)
        if api == new and request.method == "POST":
            if trouble & {"stall", "504"}:
                return html_answer(504, "504 Gateway Timeout", "504"), False
            return self._tokens.new(request, now, new_id), False
        world = World(self.organisation, self.activity, int(now * 1000), trouble, self._number, self.seed)
        if api.startswith("topapi/"):
            return oldapi.answer_old(api, request, world, self._entrance(now), self._ids.old())
        if api in self._services and request.method == "GET":
            service = self._services[api]
            return newapi.answer_new(
                request, world, self._entrance(now), service, partial(self._figures, service), new_id
            )
        if api.startswith("v1.0/"):
            text = "Specified api is not found, please check your url and method."
            return failed_new(404, "InvalidAction.NotFound", text, new_id), False
        return json_answer(200, {"errcode": 404, "errmsg": "请求的URI地址不存在"}, JSON_PLAIN, "404"), False

    def figures(self, service_id: str, day: str) -> Mapping[str, Number]:
        """What it answers for a day of a service of its own figures, by KPI id; whether the day has ended or not.

        :raises BadValue: when there is no such service.
        """
        named = (service for service in self._services.values() if service.id == service_id)
        return self._figures(next(named, None) or self._catalogue.service(service_id), day)

    def _figures(self, service: Service, day: str) -> Mapping[str, Number]:
        if service.id == REPORTS:
            return self.truth(day, day, calibre=self.calibre)[day]
        return made_up(service, day, self.seed, len(self.organisation.people))

    def _entrance(self, now: float) -> oldapi.Entrance:
        return oldapi.Entrance(
            self.app_key,
            self.scopes,
            token_lives=lambda token: self._tokens.lives(token, now),
            end_token=self._tokens.end,
            within_rate=lambda api: self.calls.within_rate(api, now),
            within_budget=lambda: self.calls.within_budget(now),
        )


def _said(request: Request) -> str:
    """A request's parameters without tokens and secrets, in one order."""
    parameters = request.parameters()
    for name in ("access_token", "appsecret", "appSecret"):
        parameters.pop(name, None)
    return msgspec.json.encode({name: str(value) for name, value in parameters.items()}, order="sorted").decode()
