"""DingTalk's own figures, day by day: ``GET /v1.0/datacenter/reportData``, and the like of other services."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from reportdata.collector.suite import Trouble
from reportdata.errors import BudgetSpent, NotPermitted, Rejected, Unavailable
from reportdata.measures import Kpi, Number, decimal_of
from reportdata.services import Relayed, Service
from reportdata.services.relayed import RelayedAnswer, read_relayed
from reportdata.suites.dingtalk.client import Client

TRIES: Mapping[Trouble, int] = {Trouble.FAULT: 4, Trouble.BUSY: 5, Trouble.CROWDED: 5}
"""How often a call is sent at most while somebody waits for it: a ban is not waited out."""
_AGAIN = "run the same command again: it goes on where it stopped"


_DIGITS = re.compile(r"\d{1,15}", re.ASCII)
_decoder = msgspec.json.Decoder(float_hook=decimal_of)


class _Figures(msgspec.Struct):
    """An answer; one that has neither list is none of DingTalk's."""

    data: list[dict[str, Any]] | msgspec.UnsetType | None = msgspec.field(name="dataList", default=msgspec.UNSET)
    meta: msgspec.UnsetType | list[Any] | None = msgspec.field(name="metaList", default=msgspec.UNSET)


class OfficialFigures:
    """The figures of one service, asked for by a client."""

    def __init__(self, client: Client, service: Service) -> None:
        self._client = client
        self._service = service

    def figures(self, corp_id: str, stat_day: str) -> Mapping[str, Number] | None:
        """DingTalk's numbers of a day, by KPI id; None when it has none. A number that its row lacks is left out, and
        decimals keep their digits.

        :raises SourceError: when it does not tell.
        """
        path = self._service.path
        content = _asked(self._client, path, stat_day)
        try:
            found = msgspec.convert(_decoder.decode(content), _Figures)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Unavailable(f"{path} answered {stat_day} with something else: {error}") from error
        if found.data is msgspec.UNSET and found.meta is msgspec.UNSET:
            raise Unavailable(f"{path} answered {stat_day} without figures, and without saying that there are none")
        rows = found.data or []
        if not rows:
            return None
        if len(rows) > 1:
            raise Unavailable(f"{path} answered {stat_day} with {len(rows)} rows")
        return self._checked(rows[0], corp_id, stat_day)

    def _checked(self, row: Mapping[str, Any], corp_id: str, stat_day: str) -> Mapping[str, Number]:
        _check_organisation(row.get("corp_id"), corp_id)
        values = {kpi: _number_of(value) for kpi in self._service.kpis if (value := row.get(kpi.key)) is not None}
        good = all(_fits(kpi, value) for kpi, value in values.items())
        if str(row.get("stat_date")) != stat_day or not values or not good:
            raise Unavailable(f"{self._service.path} answered {stat_day} with another row: {dict(row)}")
        return {kpi.id: value for kpi, value in values.items()}


class RelayedFigures:
    """The answers of one service whose KPIs nobody knows but from them, asked for by a client."""

    def __init__(self, client: Client, service: Relayed) -> None:
        self._client = client
        self._path = service.path

    def figures(self, corp_id: str, stat_day: str) -> RelayedAnswer | None:
        """What DingTalk answers for a day; None when it has no figures of it.

        :raises SourceError: when it does not tell.
        """
        content = _asked(self._client, self._path, stat_day)
        try:
            found = read_relayed(content)
        except ValueError as error:
            raise Unavailable(f"{self._path} answered {stat_day} with something else: {error}") from error
        if not found:
            return None
        _check_organisation(found[0].corp_id, corp_id)
        return found[0]


def figures_of(client: Client, service: Service | Relayed) -> OfficialFigures | RelayedFigures:
    """What asks for the figures of a service."""
    return RelayedFigures(client, service) if isinstance(service, Relayed) else OfficialFigures(client, service)


def _asked(client: Client, path: str, stat_day: str) -> bytes:
    try:
        return client.get(path.lstrip("/"), f"statDate={stat_day}", f"{path} for {stat_day}")
    except NotPermitted as error:
        if not error.scope:
            raise
        raise NotPermitted(
            error.message,
            f"only apps that were granted the permission for {path} before 2023-09-01 have it; is this one? "
            "Figures that were saved can be read with `reportdata figures import`",
            error.scope,
        ) from error
    except BudgetSpent as error:
        hint = f"in the next month, {_AGAIN}; or with --calls N, where the organisation has more"
        raise BudgetSpent(error.message, hint) from error
    except Unavailable as error:
        hint = f"{error.hint}; then {_AGAIN}, with a lower --rate" if error.hint else f"later, {_AGAIN}"
        raise Unavailable(error.message, hint) from error


def _check_organisation(found: object, wanted: str) -> None:
    if found != wanted:
        raise Rejected(f"the app belongs to the organisation {found}, not to {wanted}", "another organisation")


def _number_of(value: Any) -> Any:
    """A number that is written as a text; all else as it is."""
    return int(value) if isinstance(value, str) and _DIGITS.fullmatch(value) else value


def _fits(kpi: Kpi, value: object) -> bool:
    """Whether a value may be a KPI's number."""
    if isinstance(value, float):
        return kpi.may_be_broken and value >= 0
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
