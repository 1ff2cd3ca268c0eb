"""The cases of the catalogue of data: each of its services, and three calls that no document describes, by the SDKs'
own calls. A program makes all of them one after the other, so that a case costs one start of it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

from conformance.kinds import Case, Line, Run, error_line, reached
from reportdata.pipeline.mirroring import keep_export
from reportdata.services import read_services
from reportdata.store import Official
from tests.support.catalogue import FIGURES, SAMPLES, figures_of, sdk_calls
from tests.support.causes import ERRORS
from tests.support.folders import Folder
from tests.support.serving import serving

CORP, DAY, MISSING, UNCOVERED = "ding32xxx", "20210620", "20210621", "20200101"
_RELAYED = ("yydActiveDayDatas", "yydToatlMsgWeekDatas", "yydAppStdDatas")
RELAYED = [one for one in read_services().relayed if one.id in _RELAYED]
PLACES = [(one.path, one.scope) for one in FIGURES] + [(one.path, one.scope) for one in RELAYED]
"""Where they are called, and the scopes that they need."""
_META = [{"unit": "", "period": "DAY", "kpiId": "90001", "kpiCaliber": "占比", "kpiName": "率"}]
_LATER = 1_795_000_000_000


def catalogue_cases(folder: Folder, stack: ExitStack, protocol: str) -> Iterator[Case]:
    """All of them over HTTP; over HTTPS what documents show."""
    folder.add_organisation(CORP)
    shown, partly, empty = _brought(folder)
    scopes = tuple(dict.fromkeys(scope for _, scope in PLACES))
    token = folder.token(folder.add_app(CORP, scopes=scopes)[0])
    other = folder.token(folder.add_app(CORP)[0])
    homeless = folder.token(folder.add_app(None, scopes=scopes)[0])
    served = stack.enter_context(serving(folder, clock=time.time, tls=protocol == "https"))
    calls, paths = sdk_calls(), [path for path, _ in PLACES]
    asked = {"call": ",".join(calls[path] for path in paths), "paths": ",".join(paths), "token": token}
    given = reached(protocol, served) | asked
    yield Case("each service of the catalogue", protocol, (Run(given | {"date": DAY}, shown),))
    if protocol == "https":
        return
    days = (Run(given | {"date": UNCOVERED}, empty), Run(given | {"date": MISSING}, partly))
    yield Case("their uncovered days, and days without one of the numbers", protocol, days)
    yield Case("their errors", protocol, tuple(_errors(given, other, homeless)))


def _brought(folder: Folder) -> tuple[tuple[Line, ...], tuple[Line, ...], tuple[Line, ...]]:
    """Bring figures; what is answered of them: of a day that documents show, of one whose first number is missing, and
    of one that nothing was brought of."""
    shown: list[Line] = []
    partly: list[Line] = []
    empty: list[Line] = []
    for service in FIGURES:
        meta = json.loads(SAMPLES[service.path])["metaList"]
        numbers = figures_of(service)
        for day, lines, known in ((DAY, shown, numbers), (MISSING, partly, dict(list(numbers.items())[1:]))):
            keep_export(folder.store, service, [Official(CORP, day, known, _LATER)])
            row = {"stat_date": day, "corp_id": CORP, **{service.kpi(kpi).key: n for kpi, n in known.items()}}
            lines.append({"metaList": meta, "dataList": [row] if known else []})
        empty.append({"metaList": meta, "dataList": []})
    for relayed in RELAYED:
        body: dict[str, Any] = {"metaList": _META, "dataList": [{"90001_DAY": 0.25, "stat_date": DAY, "corp_id": CORP}]}
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        folder.store.put_official(relayed.id, [Official(CORP, DAY, {"90001_DAY": 0.25}, _LATER, text)])
        shown.append(body)
        partly.append({**body, "dataList": []})
        empty.append({**body, "dataList": []})
    return tuple(shown), tuple(partly), tuple(empty)


def _errors(given: dict[str, str], other: str, homeless: str) -> Iterator[Run]:
    no_date = {name: value for name, value in given.items() if name != "date"}
    for arguments, code in (
        (given | {"date": DAY, "token": "0" * 32}, "InvalidAuthentication"),
        (given | {"date": DAY, "token": homeless}, "orgId.is.null"),
        (no_date, "statDate.is.null"),
        (given | {"date": "20210631"}, "statDate.format.iserror"),
    ):
        yield Run(arguments, (error_line(code, ERRORS[code].status, ERRORS[code].message),) * len(PLACES))
    code = "Forbidden.AccessDenied.AccessTokenPermissionDenied"
    denied = error_line(code, 403, ERRORS[code].message)
    lines = tuple({**denied, "accessDeniedDetail": {"requiredScopes": [scope]}} for _, scope in PLACES)
    yield Run(given | {"date": DAY, "token": other}, lines)
