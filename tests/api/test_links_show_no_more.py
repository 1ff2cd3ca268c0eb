"""A link for some departments never tells of others: whatever is asked, its answers are those of an organisation in
which the others never were."""

from __future__ import annotations

import csv
import io
import json
import re
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from reportdata.api.asking import Job
from reportdata.cli.answering import answering
from reportdata.services import REPORTS, read_services
from reportdata.statistics.explained import read_explained
from reportdata.statistics.question import CYCLES, DIMENSIONS, FORMATS, PERIODS
from tests.support.browsing import RECORDS, TOTALS, Answered, Browser, add_link
from tests.support.examples import tried_with
from tests.support.folders import Folder
from tests.support.serving import serving

CORP = "dinglinks"
FIRST = datetime(2026, 9, 14, tzinfo=ZoneInfo("Asia/Shanghai"))
DAYS = 10
NOW = (FIRST + timedelta(days=DAYS + 20)).timestamp()
SHOWN = ("研发", "市场'部")
INSIDE = ("研发", "研发/平台", "市场'部")
OUTSIDE = ("秘密", "秘密/甲", "研发秘", "研")
"""Departments that the link does not show; names of some begin like those of others."""
TEMPLATES, HIDDEN_TEMPLATES = ("日报", "周报", ""), ("秘报", "日报")
USERS, HIDDEN_USERS = ("u1", "u2", "u3"), ("秘u1", "v2")
NARROWED = ("/v1/statistics", "/v1/statistics/coverage", "/v1/statistics/explain")
"""Calls that tell a link of its departments; all others refuse it."""

pytestmark = pytest.mark.whole


class Record(NamedTuple):
    """A report, comment or withdrawal, as a row of a file; one that is hidden is of departments that are not shown."""

    kind: str
    row: dict[str, str]
    hidden: bool


def records(seed: int) -> list[Record]:
    """Random records of an organisation. Whoever belongs to a shown department belongs to no other meanwhile."""
    random = Random(seed)
    found = []

    def at(day: int) -> str:
        return f"{FIRST + timedelta(days=day, minutes=random.randrange(24 * 60)):%Y-%m-%d %H:%M:%S}"

    for number in range(160):
        hidden = random.random() < 0.5
        users, templates = (HIDDEN_USERS, HIDDEN_TEMPLATES) if hidden else (USERS, TEMPLATES)
        departments = random.sample(OUTSIDE if hidden else INSIDE, random.randint(0 if hidden else 1, 2))
        report, day = f"{'秘' if hidden else ''}r{number}", random.randrange(DAYS)
        row = {"report_id": report, "user_id": random.choice(users), "sent_at": at(day)}
        row |= {"template": random.choice(templates), "departments": ",".join(departments)}
        found.append(Record("sent", row, hidden))
        for _ in range(random.randint(0, 2)):
            hides = random.random() < 0.5
            comment = {"report_id": report, "user_id": random.choice(HIDDEN_USERS if hides else USERS)}
            found.append(Record("commented", comment | {"commented_at": at(day)}, hides))
        if random.random() < 0.1:
            found.append(Record("withdrawn", {"report_id": report, "withdrawn_at": at(day)}, hidden))
    return found


def import_records(folder: Folder, place: Path, given: Sequence[Record]) -> None:
    """Import records into an organisation that was observed for all days; some days' comments never were."""
    place.mkdir()
    first, last = (f"{FIRST + timedelta(days=day):%Y%m%d}" for day in (0, DAYS - 1))
    until = {"sent": last, "commented": f"{FIRST + timedelta(days=DAYS - 3):%Y%m%d}", "withdrawn": last}
    for kind, end in until.items():
        rows = [one.row for one in given if one.kind == kind]
        path = place / f"{kind}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        folder.import_(path, corp_id=CORP, first_day=first, last_day=end, exported_at=int(NOW - 86_400) * 1000)


class Pair(NamedTuple):
    """A browser of a link for `SHOWN` with the whole organisation, one with an organisation that has nothing else, and
    one that sees all."""

    whole: Browser
    shown: Browser
    unbound: Browser


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with ExitStack() as opened:
        given, browsers = records(7), []
        for name, only in (("whole", given), ("shown", [one for one in given if not one.hidden])):
            place = tmp_path_factory.mktemp(name)
            folder = Folder(place / "data")
            opened.callback(folder.store.close)
            folder.add_organisation(CORP)
            import_records(folder, place / "files", only)
            served = opened.enter_context(serving(folder, clock=lambda: NOW, answering=1))
            for departments in (SHOWN, ()):
                _, secret = add_link(folder, CORP, departments=departments, scopes=(TOTALS, RECORDS))
                browsers.append(Browser(served.address))
                assert browsers[-1].sign_in(link=secret).status == 200
        yield Pair(browsers[0], browsers[2], browsers[1])


_NAMES = {
    "department": (*INSIDE, *OUTSIDE, ""),
    "template": (*TEMPLATES, *HIDDEN_TEMPLATES),
    "user": (*USERS, *HIDDEN_USERS),
}


@st.composite
def questions(draw: st.DrawFn) -> list[tuple[str, str]]:
    """Parameters of any question, some of which is refused."""
    groupings = st.sampled_from((*CYCLES, *DIMENSIONS))
    by = draw(st.lists(st.sampled_from(PERIODS), max_size=1)) + draw(st.lists(groupings, max_size=2, unique=True))
    metrics = draw(st.lists(st.sampled_from(("reports", "senders", "commenters")), unique=True))
    first = draw(st.integers(-1, DAYS - 3))
    days = [FIRST + timedelta(days=day) for day in (first, first + draw(st.integers(0, DAYS)))]
    pairs = list(zip(("from", "to"), (f"{day:%Y-%m-%d}" for day in days), strict=True))
    if draw(st.integers(0, 7)) == 0:
        pairs = [("range", draw(st.sampled_from(("40d", "month", "lastMonth", "quarter", "year"))))]
    for name, values in _NAMES.items():
        if draw(st.integers(0, 1 if name == "department" else 4)) == 0:
            named = draw(st.lists(st.sampled_from(values), unique=True, min_size=1, max_size=2))
            pairs += [(name, value) for value in named]
    columns = ["period", *(name for name in by if name not in PERIODS), *(metrics or ["reports"])]
    order = draw(st.lists(st.tuples(st.sampled_from(("", "-")), st.sampled_from(columns)), max_size=2))
    pairs += [("by", ",".join(by)), ("metrics", ",".join(metrics)), ("order", ",".join(map("".join, order)))]
    pairs += [(name, draw(st.sampled_from(values))) for name, values in _CHOICES.items()]
    return draw(st.permutations(pairs))


_CHOICES = {
    "children": ("true", "false"),
    "departments": ("now", "then"),
    "format": FORMATS,
    "bom": ("0", "1"),
    "page": ("1", "1", "1", "2"),
    "pageSize": ("3", "1000"),
    "asOf": ("", "", "2026-09-20T12:00:00+08:00", f"{datetime.fromtimestamp(NOW, FIRST.tzinfo).isoformat()}"),
}


def said(answer: Answered, form: str) -> Any:
    """What an answer says: its status and body, without what names the call."""
    if answer.status != 200:
        return answer.status, {key: value for key, value in answer.json.items() if key != "requestid"}
    if form == "xlsx":  # its properties tell when it was made
        with zipfile.ZipFile(io.BytesIO(answer.body)) as book:
            return [(name, book.read(name)) for name in book.namelist() if not name.startswith("docProps/")]
    return answer.status, answer.body


_ALL_DAYS = list(zip(("from", "to"), (f"{FIRST + timedelta(days=day):%Y-%m-%d}" for day in (0, DAYS - 1)), strict=True))
"""What is asked of all days, in which other departments had facts, too."""


@tried_with(8, 600)
def test_nothing_of_other_departments_shows(pair: Pair, examples: int) -> None:
    different = []

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(questions())
    @example([*_ALL_DAYS, ("by", "department"), ("format", "json")])
    def check(pairs: list[tuple[str, str]]) -> None:
        address, form = f"/v1/statistics?{urlencode(pairs)}", dict(pairs)["format"]
        whole, shown = (browser.get(address) for browser in (pair.whole, pair.shown))
        assert said(whole, form) == said(shown, form)
        different.append(said(pair.unbound.get(address), form) != said(shown, form))

    check()
    assert any(different), "who sees all sees more"


@st.composite
def explanations(draw: st.DrawFn) -> list[tuple[str, str]]:
    """Parameters of any explanation."""
    dropped = ("by", "metrics", "order")
    pairs = [pair for pair in draw(questions()) if pair[0] not in dropped]
    pairs += [("metric", draw(st.sampled_from(("reports", "senders", "commenters"))))]
    pairs += [("lang", draw(st.sampled_from(("en", "zh")))), ("names", draw(st.sampled_from(("true", "false"))))]
    if draw(st.booleans()):
        day = FIRST + timedelta(days=draw(st.integers(0, DAYS)))
        other = [("day", f"{day:%Y-%m-%d}"), ("department", draw(st.sampled_from((*INSIDE, *OUTSIDE))))]
        pairs.append(("than", urlencode(other)))
    return pairs


def explained(answer: Answered) -> Any:
    """What an explanation says, without when and by which import each record came."""
    if answer.status != 200:
        return answer.status, {key: value for key, value in answer.json.items() if key != "requestid"}
    told = answer.json
    rows = [{key: value for key, value in row.items() if key not in ("origin", "knownAt")} for row in told["data"]]
    page = {key: value for key, value in told["meta"].items() if key not in ("asOf", "nextPage")}
    return rows, page


@tried_with(16, 400)
def test_nothing_of_other_departments_is_explained(pair: Pair, examples: int) -> None:
    different = []

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(explanations())
    @example([*_ALL_DAYS, ("metric", "commenters")])
    def check(pairs: list[tuple[str, str]]) -> None:
        address = f"/v1/statistics/explain?{urlencode([(k, v) for k, v in pairs if k != 'format'])}"
        whole, shown = (browser.get(address) for browser in (pair.whole, pair.shown))
        assert explained(whole) == explained(shown)
        assert "秘密" not in str(explained(whole)[0])
        assert not re.search(r"秘r\d", str(explained(shown)[0])), "the id of a report that is not shown"
        different.append(explained(pair.unbound.get(address)) != explained(shown))

    check()
    assert any(different), "who sees all sees more"


def test_a_comment_on_a_report_that_is_not_shown_does_not_name_it(pair: Pair) -> None:
    days = f"from={FIRST:%Y%m%d}&to={FIRST + timedelta(days=DAYS - 1):%Y%m%d}"
    told = pair.shown.get(f"/v1/statistics/explain?metric=commenters&{days}").json
    reports = {row["report"] for row in told["data"]}
    assert None in reports
    assert not any(report and report.startswith("秘") for report in reports)
    assert len({row["user"] for row in told["data"]}) == told["meta"]["value"] == told["meta"]["counted"]


def test_a_record_names_the_shown_departments_only(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "data")
    folder.add_organisation(CORP)
    path = tmp_path / "a.csv"
    path.write_text(
        'report_id,user_id,sent_at,departments\nr1,u1,2026-09-21 09:00:00,"秘密,研发/平台,研发秘"\n', "utf-8"
    )
    folder.import_(path, corp_id=CORP)
    service = read_services().service(REPORTS)
    asked = read_explained([("metric", "reports"), ("day", "2026-09-21")], service)
    with closing(folder.store), answering(folder.settings, store=folder.store) as work:
        for within, shown in (
            (("研发",), "研发/平台"),
            (("秘密", "研发/平台"), "秘密,研发/平台"),
            ((), "秘密,研发/平台,研发秘"),
        ):
            job = Job(CORP, time.time(), explained=asked, with_records=True, within=within)
            assert [row["departments"] for row in work.found(job).data] == [shown]
            assert bool(work.found(job).meta["history"]) is (within == ())


def test_totals_count_the_shown_departments_only(pair: Pair) -> None:
    address = f"/v1/statistics?from={FIRST:%Y%m%d}&to={FIRST + timedelta(days=DAYS - 1):%Y%m%d}&by=day"
    told = pair.whole.get(address).json
    assert told["data"] == pair.shown.get(address).json["data"]
    assert (
        0
        < sum(row["reports"] for row in told["data"])
        < sum(row["reports"] for row in pair.unbound.get(address).json["data"])
    )
    assert any("研发" in note for note in told["meta"]["notes"])
    departments = {row["department"] for row in pair.whole.get(f"{address},department").json["data"]}
    assert departments == set(INSIDE)
    for department in OUTSIDE:
        rows = pair.whole.get(f"{address}&{urlencode({'department': department, 'children': 'true'})}").json["data"]
        assert len(rows) == DAYS
        assert not any(row["reports"] or row["senders"] or row["commenters"] for row in rows)
    assert set(OUTSIDE) < {row["department"] for row in pair.unbound.get(f"{address},department").json["data"]}


def test_all_other_calls_refuse_such_a_link(pair: Pair) -> None:
    paths = [path for path in pair.whole.get("/openapi.json").json["paths"] if path.startswith("/v1/statistics")]
    assert set(NARROWED) <= set(paths)
    whole, shown = (browser.get("/v1/statistics/coverage") for browser in (pair.whole, pair.shown))
    assert whole.body == shown.body
    assert json.loads(whole.body)["meta"]["coveredDays"] == DAYS
    for path in set(paths) - set(NARROWED):
        assert pair.whole.get(path).json["code"] == "Forbidden.AccessDenied.SomeDepartments"


def test_who_is_revoked_is_told_so_at_the_next_question(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "data")
    with closing(folder.store), serving(folder, answering=1) as served:
        folder.add_organisation(CORP)
        link, secret = add_link(folder, CORP, departments=SHOWN)
        browser = Browser(served.address)
        browser.sign_in(link=secret)
        assert browser.get("/v1/statistics?range=7d").status == 200
        folder.store.revoke_link(link.link_id, NOW)
        answer = browser.get("/v1/statistics?range=7d")
        assert (answer.status, answer.json["code"]) == (401, "AuthenticationFailed.LinkRevoked")
        assert "revoked" in answer.json["message"]
