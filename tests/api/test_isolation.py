"""A token of one organisation never yields a byte of another's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, multiple, rule, run_state_machine_as_test

from reportdata.api.datacenter import wire
from reportdata.catalogue import REPORT_DATA
from reportdata.days import Observation
from reportdata.identity import REPORT_READ, App, hash_of, new_secret
from reportdata.store import DayKpis
from tests.support.calling import Call
from tests.support.folders import Folder
from tests.support.serving import Serving, serving

DAYS = ("20260921", "20260922")
_numbers = count(1_000_000)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Folder, Serving]]:
    """A server that all runs share, with what they left in it."""
    folder = Folder(tmp_path_factory.mktemp("many") / "data")
    with serving(folder) as found:
        yield folder, found
    folder.store.close()


def test_no_token_reads_another_organisation(place: tuple[Folder, Serving]) -> None:
    folder, found = place

    class Organisations(RuleBasedStateMachine):
        """Organisations with numbers that nobody else has, and apps that come, go and ask."""

        apps = Bundle("apps")

        def __init__(self) -> None:
            super().__init__()
            self.state: dict[str, App] = {}
            self.tokens: dict[str, list[tuple[str, bool]]] = {}  # of an app: text, and whether it lives
            self.corps: dict[str, int] = {}

        @initialize(target=apps)
        def two_organisations(self) -> object:
            return multiple(*(self._app(self._corp()) for _ in range(2)))

        def _corp(self) -> str:
            number = next(_numbers)
            corp_id = f"dingcorp{number}"
            folder.add_organisation(corp_id)
            rows = [DayKpis(corp_id, day, {"4100": number, "4101": number, "4102": number}) for day in DAYS]
            folder.store.put_days(REPORT_DATA, dict.fromkeys(DAYS, "x"), [*self._others(), *rows], 0)
            folder.store.put_coverage(REPORT_DATA, [Observation(corp_id, DAYS[0], DAYS[1])], ())
            self.corps[corp_id] = number
            return corp_id

        def _others(self) -> list[DayKpis]:
            found = folder.store.kpis_between(REPORT_DATA, None, *DAYS)
            return [row for row in found if row.values]

        def _app(self, corp_id: str | None) -> str:
            app, _ = folder.add_app(corp_id)
            self.state[app.app_key] = app
            self.tokens[app.app_key] = [(folder.token(app), True)]
            return app.app_key

        @rule(target=apps, of=apps)
        def another_app_of_an_organisation(self, of: str) -> str:
            return self._app(self.state[of].corp_id)

        @rule(target=apps)
        def another_organisation(self) -> str:
            return self._app(self._corp())

        @rule(target=apps)
        def an_app_without_an_organisation(self) -> str:
            return self._app(None)

        @rule(app_key=apps, disabled=st.booleans(), granted=st.booleans())
        def an_app_changes(self, app_key: str, disabled: bool, granted: bool) -> None:
            scopes = (REPORT_READ,) if granted else ()
            self.state[app_key] = folder.store.change_app(
                app_key, lambda app: msgspec.structs.replace(app, disabled=disabled, scopes=scopes)
            )

        @rule(app_key=apps)
        def an_app_gets_a_new_secret(self, app_key: str) -> None:
            self.state[app_key] = folder.store.change_app(
                app_key, lambda app: msgspec.structs.replace(app, secret_hash=hash_of(new_secret()))
            )
            self.tokens[app_key] = [(text, False) for text, _ in self.tokens[app_key]]

        @rule(app_key=apps)
        def an_app_gets_a_token(self, app_key: str) -> None:
            self.tokens[app_key].append((folder.token(self.state[app_key]), True))

        @rule(app_key=apps, victim=apps, day=st.sampled_from(DAYS), data=st.data())
        def an_app_asks(self, app_key: str, victim: str, day: str, data: st.DataObject) -> None:
            """And names another organisation wherever a request has room for it."""
            text, lives = data.draw(st.sampled_from(self.tokens[app_key]))
            wish = self.state[victim].corp_id or "none"
            headers = {"corp_id": wish, "x-corp-id": wish, "authorization": f"Bearer {victim}"}
            query = f"corp_id={wish}&corpId={wish}&token={self.tokens[victim][0][0]}"
            if data.draw(st.booleans()):
                headers, query = {}, ""
            answer = Call(found.address, text, day, headers, more_query=query).answer()
            app = self.state[app_key]
            may = lives and not app.disabled and bool(app.scopes) and app.corp_id is not None
            assert answer.status.endswith("200 OK") == may
            own = app.corp_id if may else None
            for corp_id, number in self.corps.items():
                if corp_id != own:
                    assert corp_id.encode() not in answer.body
                    assert str(number).encode() not in answer.body
            if may:
                (row,) = json.loads(answer.body)["dataList"]
                assert row == {"stat_date": day, "corp_id": own} | {
                    f"{kpi}_DAY": self.corps[str(own)] for kpi in (4100, 4101, 4102)
                }
            else:
                assert json.loads(answer.body)["code"] in {
                    "orgId.is.null",
                    *(fault.code for fault in wire.REFUSALS.values()),
                }

    run_state_machine_as_test(
        Organisations,
        settings=settings(
            max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
