"""DingTalk's own figures: fetched over a socket from the twin, kept apart, and compared."""

from __future__ import annotations

import json
import re
import shlex
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import Result
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reportdata.collector.calls import BookedCalls, Pace
from reportdata.collector.suite import Access
from reportdata.days import days_between
from reportdata.errors import (
    BadCredentials,
    BadValue,
    BudgetSpent,
    InputError,
    NotPermitted,
    Rejected,
    SourceError,
    Unavailable,
)
from reportdata.identity import Organisation
from reportdata.pipeline.mirroring import Mirrored, Wanted, mirror
from reportdata.readers.figures import read_figures
from reportdata.services import REPORTS as REPORT_DATA
from reportdata.services import read_services
from reportdata.store import Official
from reportdata.suites.dingtalk.client import Client
from reportdata.suites.dingtalk.official import TRIES, OfficialFigures
from reportdata.twin import BEIJING, CALIBRES, DEFAULT_CALIBRE, Habits, Server, Twin, running
from tests.support.effort import examples
from tests.support.folders import Folder, run
from tests.support.paths import ROOT
from tests.support.twins import Caller

SERVICE = read_services().service(REPORT_DATA)
FIRST, LAST = "20260901", "20260910"
NOW = datetime(2026, 12, 1, 9, tzinfo=BEIJING)
DAYS = list(days_between(FIRST, LAST))


class StillClock:
    """The twin's time, which goes on only by waiting; counts the seconds that were waited."""

    def __init__(self, twin: Twin) -> None:
        self._twin = twin
        self.waited = 0.0

    def now(self) -> float:
        return self._twin.clock()

    def sleep(self, seconds: float) -> None:
        self.waited += seconds
        self._twin.clock.sleep(seconds)


def a_month() -> Twin:
    habits = Habits(comments_per_report=1.5)
    return Twin(people=12, habits=habits, first_day=FIRST, last_day="20260930", now=NOW, rate=0, budget=0)


@pytest.fixture
def twin() -> Iterator[Server]:
    """An organisation with a month of reports, two months later."""
    with running(a_month()) as server:
        yield server


@pytest.fixture
def known(folder: Folder, twin: Server) -> Folder:
    """A data folder that knows the organisation."""
    folder.add_organisation(twin.twin.corp_id)
    return folder


class Imported(NamedTuple):
    """A data folder with everything that an organisation's report APIs say."""

    folder: Folder
    server: Server


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Imported]:
    """The month of an organisation. What differs from test to test is what DingTalk says of it."""
    place = tmp_path_factory.mktemp("imported")
    folder = Folder(place / "data")
    with closing(folder.store), running(a_month()) as server:
        folder.add_organisation(server.twin.corp_id)
        import_all(folder, server, place)
        yield Imported(folder, server)


def client(
    server: Server, clock: StillClock | None = None, secret: str = "", endpoint: str | None = None
) -> OfficialFigures:
    twin, clock = server.twin, clock or StillClock(server.twin)
    access = Access(twin.app_key, secret or twin.app_secret, {"api": server.url if endpoint is None else endpoint})
    return OfficialFigures(Client(access, BookedCalls(Pace(10, clock), clock, tries=TRIES)), SERVICE)


def fetch(folder: Folder, server: Server, asking: OfficialFigures | None = None, **options: Any) -> Mirrored:
    asking = asking or client(server)
    again = options.pop("again", False)
    organisation = Organisation(server.twin.corp_id, "Asia/Shanghai")
    return mirror(
        folder.store,
        SERVICE,
        Wanted(organisation, FIRST, LAST, again),
        asking.figures,
        now=server.twin.clock,
        **options,
    )


def kept(folder: Folder, server: Server) -> dict[str, Any]:
    return {f.stat_day: f.values for f in folder.store.official(REPORT_DATA, server.twin.corp_id, FIRST, "20261231")}


def test_figures_are_kept_day_by_day_and_fetched_once(known: Folder, twin: Server) -> None:
    done = fetch(known, twin)
    assert (done.fetched, done.empty, done.known) == (DAYS, [], [])
    assert kept(known, twin) == twin.twin.truth(FIRST, LAST)
    assert known.days() == {}, "nothing of it is served"
    again = fetch(known, twin)
    assert (again.fetched, again.known) == ([], DAYS)
    assert twin.twin.calls.by_api["v1.0/datacenter/reportData"] == len(DAYS)
    assert fetch(known, twin, again=True).fetched == DAYS


def test_a_mirror_that_is_interrupted_goes_on(known: Folder, twin: Server) -> None:
    asking = client(twin)

    def ask(corp_id: str, day: str) -> Any:
        if day == DAYS[4]:
            raise KeyboardInterrupt
        return asking.figures(corp_id, day)

    organisation = Organisation(twin.twin.corp_id, "Asia/Shanghai")
    with pytest.raises(KeyboardInterrupt):
        mirror(known.store, SERVICE, Wanted(organisation, FIRST, LAST), ask, now=twin.twin.clock)
    assert list(kept(known, twin)) == DAYS[:4]
    done = fetch(known, twin)
    assert (done.known, done.fetched) == (DAYS[:4], DAYS[4:])


def test_days_without_figures_are_asked_for_again_and_those_that_go_on_are_left_out(
    known: Folder, twin: Server
) -> None:
    twin.twin.clock.set(datetime(2026, 9, 9, 9, tzinfo=BEIJING).timestamp(), 0)
    calls = []

    def ask(corp_id: str, day: str) -> None:
        calls.append(day)

    organisation = Organisation(twin.twin.corp_id, "Asia/Shanghai")
    for _ in range(2):
        done = mirror(known.store, SERVICE, Wanted(organisation, FIRST, LAST), ask, now=twin.twin.clock)
        assert (done.empty, done.unfinished) == (DAYS[:8], DAYS[8:])
    assert calls == DAYS[:8] * 2


def test_a_figure_from_before_the_end_of_its_day_is_fetched_anew(known: Folder, twin: Server) -> None:
    noon = int(datetime(2026, 9, 1, 12, tzinfo=BEIJING).timestamp() * 1000)
    known.store.put_official(REPORT_DATA, [Official(twin.twin.corp_id, FIRST, {"4100": 1}, noon)])
    assert fetch(known, twin).fetched == DAYS


@pytest.mark.whole
@pytest.mark.parametrize("trouble", ["busy=1,4,9", "504=2,3", "reset=3,5", "expired=4", "qps=2,3,4", "qps-all=5"])
def test_troubles_that_pass_are_waited_out(known: Folder, twin: Server, trouble: str) -> None:
    twin.twin.trouble(f"{trouble.partition('=')[0]}@v1.0/datacenter/reportData={trouble.partition('=')[2]}")
    clock = StillClock(twin.twin)
    assert fetch(known, twin, client(twin, clock)).fetched == DAYS
    assert kept(known, twin) == twin.twin.truth(FIRST, LAST)
    assert clock.waited < 60


@pytest.mark.whole
@pytest.mark.parametrize(
    ("trouble", "error", "hint"),
    [
        ("busy", Unavailable, "goes on where it stopped"),
        ("reset", Unavailable, "goes on where it stopped"),
        ("expired", BadCredentials, "enabled"),
        ("qps", Unavailable, "goes on where it stopped"),
        ("quota", BudgetSpent, "next month"),
        ("permission", NotPermitted, "2023-09-01"),
        ("address", NotPermitted, "open-dev.dingtalk.com"),
        ("ban-page", Unavailable, "5 minutes"),
        ("ban-json", Unavailable, "minutes"),
    ],
)
def test_troubles_that_stay_are_named_with_what_to_do(
    known: Folder, twin: Server, trouble: str, error: type[SourceError], hint: str
) -> None:
    twin.twin.trouble(f"{trouble}@v1.0/datacenter/reportData")
    with pytest.raises(error) as raised:
        fetch(known, twin)
    assert hint in raised.value.hint
    assert FIRST in raised.value.message
    assert twin.twin.calls.by_api["v1.0/datacenter/reportData"] <= 5
    assert kept(known, twin) == {}
    twin.twin.trouble()
    twin.twin.clock.sleep(60)
    assert fetch(known, twin).fetched == DAYS


def test_wrong_access_is_named(known: Folder, twin: Server) -> None:
    with pytest.raises(BadCredentials, match="secret is wrong"):
        fetch(known, twin, client(twin, secret="wrong"))
    with pytest.raises(Unavailable, match="no connection"):
        fetch(known, twin, client(twin, endpoint="http://127.0.0.1:9"))
    for endpoint in ("127.0.0.1:8080", "file:///etc/passwd", "https://"):
        with pytest.raises(BadValue, match="no endpoint"):
            client(twin, endpoint=endpoint)
    with pytest.raises(Rejected, match="belongs to the organisation"):
        client(twin).figures("another", FIRST)


def test_calls_keep_their_distance(twin: Server) -> None:
    clock = StillClock(twin.twin)
    asking = client(twin, clock)
    for day in DAYS:
        asking.figures(twin.twin.corp_id, day)
    assert clock.waited == pytest.approx(len(DAYS) * 0.1)


# The commands.


def access(server: Server) -> dict[str, str]:
    """The twin's app, as commands find it in the environment."""
    return {
        "REPORTDATA_DINGTALK_APP_KEY": server.twin.app_key,
        "REPORTDATA_DINGTALK_APP_SECRET": server.twin.app_secret,
        "REPORTDATA_DINGTALK_ENDPOINT": server.url,
    }


def command(folder: Folder, server: Server, *arguments: object) -> Result:
    """Run ``mirror`` with the twin's app in the environment."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in access(server).items():
            patch.setenv(name, value)
        return run(folder, "mirror", *arguments)


def import_all(folder: Folder, server: Server, tmp_path: Path) -> None:
    """Import what the twin's report APIs say, as saved exchanges."""
    path = tmp_path / "exchanges.jsonl"
    with Caller(server) as caller, path.open("w") as file:
        start = int(datetime(2026, 9, 1, tzinfo=BEIJING).timestamp() * 1000)
        end = int(datetime(2026, 10, 1, tzinfo=BEIJING).timestamp() * 1000)
        for report in caller.reports(start, end):
            sent = {"report_id": report["report_id"], "user_id": report["creator_id"], "sent_at": report["create_time"]}
            file.write(json.dumps(sent) + "\n")
            for comment in caller.comments(report["report_id"]):
                made = {"report_id": report["report_id"], "user_id": comment["userid"]}
                at = f"{comment['create_time']}+08:00"
                file.write(json.dumps({**made, "commented_at": at}) + "\n")
    folder.import_(path, corp_id=server.twin.corp_id, first_day=FIRST, last_day="20260930")


@pytest.mark.whole
def test_the_command_fetches_and_says_what_is_next(known: Folder, twin: Server, tmp_path: Path) -> None:
    period = ("--from", FIRST, "--to", LAST, "--rate", 20)
    said = command(known, twin, *period)
    assert said.exit_code == 0, said.output
    assert "figures of 10 days from 20260901 to 20260910" in said.output
    assert "reportdata reconcile" in said.output
    assert json.loads(command(known, twin, *period, "--json").output)["known"] == DAYS
    file = tmp_path / "app.json"
    file.write_text(json.dumps({"appKey": twin.twin.app_key, "appSecret": twin.twin.app_secret}))
    by_file = run(known, "mirror", *period, "--again", "--app-file", file, "--endpoint", twin.url)
    assert by_file.exit_code == 0, by_file.output
    secret = twin.twin.app_secret.encode()
    assert not [path for path in known.path.rglob("*") if path.is_file() and secret in path.read_bytes()]


def test_the_command_says_what_it_lacks(known: Folder, twin: Server, tmp_path: Path) -> None:
    for arguments, words in {
        (): "--from",
        ("--from", FIRST): "REPORTDATA_DINGTALK_APP_SECRET",
        ("--from", FIRST, "--corp", "nobody"): "not known",
        ("--from", LAST, "--to", FIRST): "before",
    }.items():
        said = run(known, "mirror", *arguments)
        assert said.exit_code == 1
        assert words in said.output
    inside = known.path / "app.json"
    inside.write_text("{}")
    assert "holds no secret" in run(known, "mirror", "--from", FIRST, "--app-file", inside).output
    (tmp_path / "bad.json").write_text("{}")
    assert "holds no app" in run(known, "mirror", "--from", FIRST, "--app-file", tmp_path / "bad.json").output
    known.add_organisation("second")
    assert "name one with --corp" in run(known, "mirror", "--from", FIRST).output


def test_a_saved_export_is_read_in_every_form(known: Folder, twin: Server, tmp_path: Path) -> None:
    corp = twin.twin.corp_id
    rows = [
        {"stat_date": day, "corp_id": corp, "4100_DAY": n, "4101_DAY": n, "4102_DAY": 1} for n, day in enumerate(DAYS)
    ]
    expected = {day: {"4100": n, "4101": n, "4102": 1} for n, day in enumerate(DAYS)}
    bodies = [json.dumps({"metaList": [], "dataList": [row]}) for row in rows]
    table = ["stat_date,corp_id,4100_DAY,4101_DAY,4102_DAY", *(",".join(map(str, row.values())) for row in rows)]
    forms = {
        "bodies.jsonl": "\n".join(bodies),
        "bodies.json": json.dumps([json.loads(body) for body in bodies]),
        "rows.json": json.dumps(rows),
        "rows.jsonl": "\n".join(map(json.dumps, rows)),
        "rows.csv": "\n".join(table),
        "bom.csv": "\ufeff" + "\r\n".join(table),
        "one.json": json.dumps({"metaList": [], "dataList": rows}, indent=1),
    }
    for name, text in forms.items():
        (tmp_path / name).write_text(text, newline="")
        known.store.put_official(REPORT_DATA, [Official(corp, day, None, 0) for day in DAYS])
        said = run(known, "mirror", "--file", tmp_path / name)
        assert (said.exit_code, kept(known, twin)) == (0, expected), said.output
    run(known, "mirror", "--file", tmp_path / "rows.csv", "--from", "20260902", "--to", "20260903")
    bad = {
        "": "no figures",
        "[]": "no figures",
        '{"dataList":[1]}': "no object",
        "{": "no JSON",
        '{"stat_date":"20260931"}': "stat_date",
        json.dumps({**rows[0], "corp_id": ""}): "corp_id",
        json.dumps({**rows[0], "4101_DAY": -1}): "4101_DAY",
        json.dumps({**rows[0], "corp_id": "nobody"}): "not known",
    }
    for text, words in bad.items():
        (tmp_path / "bad").write_text(text)
        said = run(known, "mirror", "--file", tmp_path / "bad")
        assert said.exit_code == 1
        assert words in said.output, text


@pytest.mark.whole
@pytest.mark.parametrize("calibre", CALIBRES, ids=str)
def test_reconcile_finds_the_calibre_by_which_the_twin_counts(imported: Imported, calibre: Any) -> None:
    folder, server = imported
    server.twin.calibre = calibre
    fetch(folder, server, again=True)
    found = json.loads(run(folder, "reconcile", "--to", "20260930", "--json").output)
    assert (found["verdict"], found["fitting"]) == ("one", [str(calibre)])
    assert [day["statDate"] for day in found["days"]] == DAYS
    assert all(day["judged"] for day in found["days"])
    assert all(set(day["differences"]) <= {"4102"} for day in found["days"])
    assert found["unofficial"] == list(days_between("20260911", "20260930"))
    against = {trial["calibre"]: trial["against"] for trial in found["calibres"]}
    assert against[str(calibre)] == []
    assert all(trial for name, trial in against.items() if name != str(calibre))
    said = run(folder, "reconcile")
    assert said.exit_code == 0
    assert f"counts by {calibre}" in said.output
    assert ("is served" in said.output) == (calibre == DEFAULT_CALIBRE)
    assert "against" in said.output


def simple(folder: Folder, tmp_path: Path, *official: int, at: float | None = None) -> Any:
    """An organisation with a comment on each of some days, and official figures of 4102."""
    folder.add_organisation("c1")
    path = tmp_path / "facts.jsonl"
    lines = []
    for number, _ in enumerate(official, 1):
        lines.append({"report_id": f"r{number}", "user_id": "a", "sent_at": f"2026-09-0{number} 09:00:00"})
        lines.append({"report_id": f"r{number}", "user_id": "b", "commented_at": f"2026-09-0{number} 10:00:00"})
    path.write_text("\n".join(map(json.dumps, lines)))
    folder.import_(path, corp_id="c1", exported_at=int((time.time() if at is None else at) * 1000))
    figures = [
        Official("c1", f"2026090{n}", {"4100": 1, "4101": 1, "4102": value}, 1) for n, value in enumerate(official, 1)
    ]
    folder.store.put_official(REPORT_DATA, figures)


def test_several_calibres_may_fit(folder: Folder, tmp_path: Path) -> None:
    simple(folder, tmp_path, 1, 1)
    found = json.loads(run(folder, "reconcile", "--json").output)
    assert (found["verdict"], found["fitting"]) == ("several", list(map(str, CALIBRES)))
    said = run(folder, "reconcile").output
    assert "cannot be told apart" in said
    assert "2 days (20260901, 20260902) compared; 0 differ." in said


def test_none_may_fit_and_the_days_against_each_are_named(folder: Folder, tmp_path: Path) -> None:
    simple(folder, tmp_path, 1, 7)
    found = json.loads(run(folder, "reconcile", "--json").output)
    assert (found["verdict"], found["fitting"]) == ("none", [])
    against = [{"statDate": "20260902", "official": 7, "counted": 1}]
    assert found["calibres"] == [{"calibre": str(calibre), "against": against} for calibre in CALIBRES]
    said = run(folder, "reconcile").output
    assert "no calibre agrees on all 2 final days" in said
    assert "against report-day,summed,without-own: 20260902 (7, counted 1)" in said
    assert json.loads(run(folder, "reconcile", "--to", "20260901", "--json").output)["verdict"] == "several"


def test_days_that_are_not_final_are_not_judged_by(folder: Folder, tmp_path: Path) -> None:
    simple(folder, tmp_path, 7, at=datetime(2026, 9, 1, 12, tzinfo=BEIJING).timestamp())
    found = json.loads(run(folder, "reconcile", "--json").output)
    assert (found["verdict"], found["fitting"]) == ("nothing", [])
    assert not found["days"][0]["judged"]
    assert "--provisional" in run(folder, "reconcile").output
    assert json.loads(run(folder, "reconcile", "--provisional", "--json").output)["verdict"] == "none"


def test_without_figures_reconcile_says_where_they_come_from(folder: Folder) -> None:
    folder.add_organisation("c1")
    folder.store.put_official(REPORT_DATA, [Official("c1", "20260901", {"4100": 1, "4101": 1, "4102": 1}, 1)])
    said = run(folder, "reconcile")
    assert "nothing was imported for them: 1 day (20260901)" in said.output
    assert "reportdata mirror" in said.output


@pytest.mark.whole
def test_every_command_of_the_page_works(imported: Imported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, server = imported
    server.twin.calibre = DEFAULT_CALIBRE
    rows = [
        f"{day},{server.twin.corp_id},{','.join(map(str, values.values()))}"
        for day, values in server.twin.truth(FIRST, LAST).items()
    ]
    (tmp_path / "figures.csv").write_text("\n".join(["stat_date,corp_id,4100_DAY,4101_DAY,4102_DAY", *rows]))
    monkeypatch.chdir(tmp_path)
    for name, value in access(server).items():
        monkeypatch.setenv(name, value)
    page = (ROOT / "docs" / "calibres.md").read_text("utf-8")
    lines = [line for block in re.findall(r"^```sh\n(.*?)^```$", page, re.M | re.S) for line in block.splitlines()]
    assert len(lines) == 4
    for line in lines:
        program, *arguments = shlex.split(line)
        done = run(folder, *arguments)
        assert (program, done.exit_code) == ("reportdata", 0), f"{line}\n{done.output}"
    assert json.loads(done.output)["verdict"] == "one"
    assert all(str(calibre.day) in page and str(calibre.own) in page for calibre in CALIBRES)


_scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
_keys = st.sampled_from(("stat_date", "corp_id", "4100_DAY", "4101_DAY", "4102_DAY", "dataList", "x"))
_contents = st.recursive(
    _scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=6)
)


@settings(max_examples=examples(150), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(content=st.binary(max_size=60) | _contents.map(lambda made: json.dumps(made).encode()))
def test_no_file_makes_the_reader_of_figures_fail_otherwise_than_it_says(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "figures"
    path.write_bytes(content)
    with suppress(InputError):
        assert all(set(values) == {"4100", "4101", "4102"} for _, _, values in read_figures(path, SERVICE))
