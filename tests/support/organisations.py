"""Organisations whose apps come, change and ask for numbers, at random: no answer has anything of another's."""

from __future__ import annotations

import json
from itertools import count

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, MultipleResults, RuleBasedStateMachine, initialize, multiple, rule

from reportdata.api.admission import REFUSALS as BY_ADMISSION
from reportdata.coverage import Observation
from reportdata.identity import App, hash_of, new_secret
from reportdata.services import REPORTS as REPORT_DATA
from reportdata.store import DayKpis
from tests.support.calling import Answer, Call
from tests.support.folders import Folder
from tests.support.scopes import REPORT_READ

DAYS = ("20260921", "20260922")
REFUSALS = {"orgId.is.null", *(fault.code for fault in BY_ADMISSION.values())}
_numbers = count(1_000_000)


class Organisations(RuleBasedStateMachine):
    """Organisations with numbers that nobody else has, and their apps.

    :param address: of the server of the folder, which many runs may share, with what they leave in it.
    """

    apps = Bundle("apps")

    def __init__(self, folder: Folder, address: tuple[str, int]) -> None:
        super().__init__()
        self._folder = folder
        self._address = address
        self._state: dict[str, App] = {}
        self._tokens: dict[str, list[tuple[str, bool]]] = {}  # of an app: text, and whether it lives
        self._corps: dict[str, int] = {}

    @initialize(target=apps)
    def two_organisations(self) -> MultipleResults[str]:
        return multiple(*(self._app(self._corp()) for _ in range(2)))

    @rule(target=apps, of=apps)
    def another_app_of_an_organisation(self, of: str) -> str:
        return self._app(self._state[of].corp_id)

    @rule(target=apps)
    def another_organisation(self) -> str:
        return self._app(self._corp())

    @rule(target=apps)
    def an_app_without_an_organisation(self) -> str:
        return self._app(None)

    @rule(app_key=apps, disabled=st.booleans(), granted=st.booleans())
    def an_app_changes(self, app_key: str, disabled: bool, granted: bool) -> None:
        self._change(app_key, disabled=disabled, scopes=(REPORT_READ,) if granted else ())

    @rule(app_key=apps)
    def an_app_gets_a_new_secret(self, app_key: str) -> None:
        self._change(app_key, secret_hash=hash_of(new_secret()))
        self._tokens[app_key] = [(text, False) for text, _ in self._tokens[app_key]]

    @rule(app_key=apps)
    def an_app_gets_a_token(self, app_key: str) -> None:
        self._tokens[app_key].append((self._folder.token(self._state[app_key]), True))

    @rule(app_key=apps, day=st.sampled_from(DAYS), data=st.data())
    def an_app_asks(self, app_key: str, day: str, data: st.DataObject) -> None:
        text, lives = data.draw(st.sampled_from(self._tokens[app_key]))
        self._check(app_key, lives, day, Call(self._address, text, day).answer())

    @rule(app_key=apps, victim=apps, day=st.sampled_from(DAYS), data=st.data())
    def an_app_asks_for_another_organisation(self, app_key: str, victim: str, day: str, data: st.DataObject) -> None:
        """It names the other one wherever a request has room for it."""
        text, lives = data.draw(st.sampled_from(self._tokens[app_key]))
        wish = self._state[victim].corp_id or "none"
        headers = {"corp_id": wish, "x-corp-id": wish, "authorization": f"Bearer {victim}"}
        query = f"corp_id={wish}&corpId={wish}&token={self._tokens[victim][0][0]}"
        self._check(app_key, lives, day, Call(self._address, text, day, headers, more_query=query).answer())

    def _check(self, app_key: str, lives: bool, day: str, answer: Answer) -> None:
        app = self._state[app_key]
        may = lives and not app.disabled and bool(app.scopes) and app.corp_id is not None
        assert answer.status.endswith("200 OK") == may
        own = app.corp_id if may else None
        for corp_id, number in self._corps.items():
            if corp_id != own:
                assert corp_id.encode() not in answer.body
                assert str(number).encode() not in answer.body
        if own is None:
            assert json.loads(answer.body)["code"] in REFUSALS
            return
        numbers = {f"{kpi}_DAY": self._corps[own] for kpi in (4100, 4101, 4102)}
        assert json.loads(answer.body)["dataList"] == [{"stat_date": day, "corp_id": own} | numbers]

    def _corp(self) -> str:
        number = next(_numbers)
        corp_id = f"dingcorp{number}"
        self._folder.add_organisation(corp_id)
        rows = [DayKpis(corp_id, day, {"4100": number, "4101": number, "4102": number}) for day in DAYS]
        only = {day: [corp_id] for day in DAYS}
        self._folder.store.put_days(REPORT_DATA, dict.fromkeys(DAYS, "x"), rows, 0, only=only)
        looks = [Observation(corp_id, DAYS[0], DAYS[1], 0, kind) for kind in ("sent", "commented")]
        self._folder.store.put_coverage(REPORT_DATA, looks, ())
        self._corps[corp_id] = number
        return corp_id

    def _app(self, corp_id: str | None) -> str:
        app, _ = self._folder.add_app(corp_id)
        self._state[app.app_key] = app
        self._tokens[app.app_key] = [(self._folder.token(app), True)]
        return app.app_key

    def _change(self, app_key: str, **properties: object) -> None:
        self._state[app_key] = self._folder.store.change_app(
            app_key, lambda app: msgspec.structs.replace(app, **properties)
        )
