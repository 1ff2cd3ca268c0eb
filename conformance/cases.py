"""The cases: real servers, what programs are to ask them, and what they must print."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from conformance.catalogue import catalogue_cases
from conformance.kinds import Case, Line, Run, error_line, reached
from reportdata.identity import TOKEN_LIFETIME
from tests.support import periods
from tests.support.calling import EMPTY, OK, Call, import_organisation
from tests.support.causes import BY_SDK, arranged
from tests.support.folders import Folder
from tests.support.relay import Relay
from tests.support.serving import Serving, serving

PAUSES = (9, 12)
"""Seconds between two calls of one client. The Java SDK keeps connections for 10 s and does not test them: over the
first pause it keeps its connection, and its second call fails if the server has closed that; after the second pause it
makes a new one, where others keep theirs."""
CLOSED, AFTER = 4, 7
"""Seconds after which idle connections close, and after which they are used again, where that is to be seen."""
MANY = 200


def _body(rows: object) -> Line:
    return {**json.loads(EMPTY), "dataList": rows}


@contextmanager
def arranged_cases(path: Path, protocol: str) -> Iterator[list[Case]]:
    """All cases of a protocol, with their servers running on data in a folder."""
    tls = protocol == "https"
    with ExitStack() as stack:
        folder = _folder(stack, path / "organisation")
        corp_id, rows = import_organisation(folder, "sample")
        app, secret = folder.add_app(corp_id)
        expired = folder.token(app, time.time() - TOKEN_LIFETIME)
        served = stack.enter_context(serving(folder, tls=tls))
        given = reached(protocol, served) | {"key": app.app_key, "secret": secret}
        # An app of their own: whoever guesses secrets has to wait, and so has everybody with that app and address.
        guessed, _ = folder.add_app(corp_id)
        yield [
            *_answers(protocol, given, rows),
            _partly_known(folder, path, protocol, reached(protocol, served)),
            _closed(stack, reached(protocol, served) | {"token": folder.token(app)}, served, next(iter(rows.items()))),
            *_renewals(protocol, given, expired, next(iter(rows.items()))),
            *_refusals(protocol, given | {"key": guessed.app_key}),
            *_errors(stack, path, protocol),
            *_more_calls(_folder(stack, path / "periods"), stack, path, protocol),
            *catalogue_cases(_folder(stack, path / "catalogue"), stack, protocol),
        ]


def _folder(stack: ExitStack, path: Path) -> Folder:
    folder = Folder(path / "data")
    stack.enter_context(closing(folder.store))
    return folder


def _answers(protocol: str, given: dict[str, str], rows: Mapping[str, Any]) -> Iterator[Case]:
    *reported, zero, uncovered = rows
    for name, days in (
        (f"{len(reported)} days of an organisation", reported),
        ("covered day without reports", [zero]),
        ("uncovered day", [uncovered]),
    ):
        yield Case(name, protocol, tuple(Run(given | {"date": day}, (_body(rows[day]),)) for day in days))
    day = reported[0]
    line = _body(rows[day])
    for pause in PAUSES:
        again = {"date": day, "calls": "2", "pause": str(pause)}
        yield Case(f"two calls {pause} s apart", protocol, (Run(given | again, (line,) * 2),))
    yield Case(
        f"{MANY} calls in a row, without a rate",
        protocol,
        (Run(given | {"date": day, "calls": str(MANY)}, (line,) * MANY),),
    )


def _partly_known(folder: Folder, path: Path, protocol: str, reaching: Mapping[str, str]) -> Case:
    """Days of which files told reports, comments or both: a number that nobody observed is left out of its row; an app
    that cannot bear that is told 0."""
    corp_id, reports, comments = "dingpartly", path / "reports.csv", path / "comments.csv"
    reports.write_text("report_id,user_id,sent_at\nr1,u1,2026-09-01 09:00\nr2,u2,2026-09-02 09:00\n")
    comments.write_text("report_id,user_id,commented_at\nr1,u2,2026-09-02 09:00\nr1,u2,2026-09-03 09:00\n")
    folder.add_organisation(corp_id)
    folder.import_(reports, comments, corp_id=corp_id)
    (app, secret), (other, others) = folder.add_app(corp_id), folder.add_app(corp_id, zero_unknown=True)
    known: dict[str, dict[str, int]] = {
        "20260901": {"4100_DAY": 1, "4101_DAY": 1},
        "20260902": {"4100_DAY": 1, "4101_DAY": 1, "4102_DAY": 1},
        "20260903": {"4102_DAY": 1},
    }
    runs = []
    for day, numbers in known.items():
        row = {"stat_date": day, "corp_id": corp_id}
        asked = {**reaching, "date": day}
        runs.append(Run({**asked, "key": app.app_key, "secret": secret}, (_body([{**row, **numbers}]),)))
        zeros = dict.fromkeys(("4100_DAY", "4101_DAY", "4102_DAY"), 0)
        runs.append(Run({**asked, "key": other.app_key, "secret": others}, (_body([{**row, **zeros, **numbers}]),)))
    return Case("days with unknown numbers", protocol, tuple(runs))


def _closed(stack: ExitStack, given: dict[str, str], served: Serving, row: tuple[str, Any]) -> Case:
    """What a server that keeps connections too short would do to calls that are `PAUSES` apart."""
    day, expected = row
    impatient = stack.enter_context(closing(Relay(served.address[1], CLOSED)))
    again = {"endpoint": f"127.0.0.1:{impatient.port}", "date": day, "calls": "2", "pause": str(AFTER)}
    name = f"two calls {AFTER} s apart, closed after {CLOSED} s"
    return Case(name, given["protocol"], (Run(given | again, (_body(expected),) * 2),), closed=True)


def _renewals(protocol: str, given: dict[str, str], expired: str, row: tuple[str, Any]) -> Iterator[Case]:
    day, expected = row
    run = Run(given | {"token": expired, "date": day}, (_body(expected),))
    yield Case("expired token renewed", protocol, (run,))


def _refusals(protocol: str, given: dict[str, str]) -> Iterator[Case]:
    for name, secret, code, message in (
        ("wrong secret", "wrong", "invalidClientIdOrSecret", "无效的clientId或者clientSecret"),
        ("no secret", "", "MissingappSecret", "appSecret is mandatory for this action."),
    ):
        yield Case(name, protocol, (Run(given | {"secret": secret}, (error_line(code, 400, message),)),))


def _errors(stack: ExitStack, path: Path, protocol: str) -> Iterator[Case]:
    for number, (name, cause) in enumerate(BY_SDK.items()):
        folder = _folder(stack, path / str(number))
        call = stack.enter_context(arranged(folder, cause, tls=protocol == "https"))
        asked = {"token": call.token, "date": call.stat_date, "client-token": call.headers.get("x-client-token")}
        arguments = reached(protocol, call) | {key: value for key, value in asked.items() if value is not None}
        error = error_line(cause.code, cause.error.status, cause.error.message)
        yield Case(name, protocol, (Run(arguments, (error,)),), prefix=bool(call.prefix))


def _more_calls(folder: Folder, stack: ExitStack, path: Path, protocol: str) -> Iterator[Case]:
    """The other calls for the same numbers: of a day, its week and its month, and the closed ones."""
    organisation = periods.Organisation()
    organisation.imported(folder, path / "files")
    app, secret = folder.add_app(periods.CORP, scopes=periods.SCOPES)
    now = time.time()
    served = stack.enter_context(serving(folder, clock=lambda: now, tls=protocol == "https"))
    reaching = reached(protocol, served)
    given = reaching | {"key": app.app_key, "secret": secret}
    day = _busiest(organisation)
    turn, last = date(2025, 1, 1), periods.LAST
    for at, counted in ((periods.PATHS["WEEK"], turn), (periods.PATHS["MONTH"], turn), (periods.PATHS["WEEK"], last)):
        _count(Call(served.address, folder.token(app), f"{counted:%Y%m%d}", path=at), reaching)
    by_department = Call(served.address, folder.token(app), None, path=periods.DEPARTMENTS_PATH.format(f"{day:%Y%m%d}"))
    _count(by_department._replace(more_query="nextToken=0&maxResults=1"), reaching)

    def period(name: str, day: date, *, partial: bool = False) -> Run:
        rows = organisation.told(day, name, partial=partial).rows
        kpis = [{**kpi, "period": name} for kpi in json.loads(EMPTY)["metaList"]]
        asked = {"call": name.lower(), "date": f"{day:%Y%m%d}"} | ({"partial": "include"} if partial else {})
        return Run(given | asked, ({"metaList": kpis, "dataList": rows},))

    runs = tuple(period(name, turn) for name in periods.PATHS)
    yield Case("a day, its week in two years, its month", protocol, runs)
    runs = tuple(period("WEEK", last, partial=partial) for partial in (False, True))
    yield Case("a partly covered week", protocol, runs)
    yield _by_department(organisation, given, protocol)
    yield _of_organisation(organisation, given, protocol)


def _count(call: Call, reaching: Mapping[str, str]) -> None:
    """Have the server count what programs ask for, which it remembers while its clock stands: one SDK waits no longer
    than 3 s, and this machine is busy."""
    assert call._replace(ca=Path(reaching["ca"]) if "ca" in reaching else None).answer().status == OK


def _busiest(organisation: periods.Organisation) -> date:
    """A day of reports of several departments."""
    days = (periods.FIRST + timedelta(days=number) for number in range(30))
    return max(days, key=lambda day: len(organisation.departments(day)))


def _by_department(organisation: periods.Organisation, given: dict[str, str], protocol: str) -> Case:
    day = _busiest(organisation)
    rows = organisation.departments(day)
    assert len(rows) > 2
    asked = given | {"call": "departments", "date": f"{day:%Y%m%d}", "max-results": "2"}
    first = {"data": rows[:2], "nextToken": 2, "hasMore": True}
    beyond = {"data": [], "nextToken": 99, "hasMore": False}
    illegal = error_line("param.illegal", 400, "参数不合法")
    runs = (
        Run(asked | {"next-token": "0"}, (first,)),
        Run(asked | {"next-token": "99"}, (beyond,)),
        Run(asked | {"next-token": "0", "max-results": "0"}, (illegal,)),
    )
    return Case("a day by department, and an invalid page", protocol, runs)


def _of_organisation(organisation: periods.Organisation, given: dict[str, str], protocol: str) -> Case:
    asked = given | {"call": "organisation"}
    known = {"date": f"{periods.FIRST:%Y%m%d}"}
    runs = (
        Run(asked | known, (organisation.commenters(periods.FIRST),)),
        Run(asked | {"date": "20300101"}, ({},)),
        Run(asked | {"date": "2030-01-01"}, (error_line("param.illegal", 400, "参数不合法"),)),
    )
    return Case("commenters of a day by the closed call", protocol, runs)
