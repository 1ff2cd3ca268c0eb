"""DingTalk's own figures: ``GET /v1.0/datacenter/reportData``, day by day."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from reportdata.collector.suite import Trouble
from reportdata.errors import BudgetSpent, NotPermitted, Rejected, Unavailable
from reportdata.services import Service
from reportdata.suites.dingtalk.client import Client

TRIES: Mapping[Trouble, int] = {Trouble.FAULT: 4, Trouble.BUSY: 5, Trouble.CROWDED: 5}
"""How often a call is sent at most while somebody waits for it: a ban is not waited out."""
_AGAIN = "run the same command again: it goes on where it stopped"


class _Figures(msgspec.Struct):
    data: list[dict[str, int | str]] | None = msgspec.field(name="dataList")


_figures = msgspec.json.Decoder(_Figures)


class OfficialFigures:
    """The figures of one service, asked for by a client."""

    def __init__(self, client: Client, service: Service) -> None:
        self._client = client
        self._service = service

    def figures(self, corp_id: str, stat_day: str) -> Mapping[str, int] | None:
        """DingTalk's numbers of a day, by KPI id; None when it has none.

        :raises SourceError: when it does not tell.
        """
        path = self._service.path
        content = self._asked(f"{path} for {stat_day}", stat_day)
        try:
            rows = _figures.decode(content).data
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Unavailable(f"{path} answered {stat_day} with something else: {error}") from error
        if not rows:
            return None
        return self._checked(rows[0], corp_id, stat_day)

    def _asked(self, what: str, stat_day: str) -> bytes:
        try:
            return self._client.get(self._service.path.lstrip("/"), f"statDate={stat_day}", what)
        except NotPermitted as error:
            if not error.scope:
                raise
            raise NotPermitted(
                error.message,
                "only apps that were granted 数据服务目录日志统计读权限 before 2023-09-01 have it; is this one? "
                "Figures that were saved can be read with --file",
                error.scope,
            ) from error
        except BudgetSpent as error:
            raise BudgetSpent(error.message, f"in the next month, {_AGAIN}") from error
        except Unavailable as error:
            hint = f"{error.hint}; then {_AGAIN}, with a lower --rate" if error.hint else f"later, {_AGAIN}"
            raise Unavailable(error.message, hint) from error

    def _checked(self, row: Mapping[str, int | str], corp_id: str, stat_day: str) -> Mapping[str, int]:
        if row.get("corp_id") != corp_id:
            raise Rejected(
                f"the app belongs to the organisation {row.get('corp_id')}, not to {corp_id}", "another organisation"
            )
        values = {kpi.id: row.get(kpi.key) for kpi in self._service.kpis}
        if row.get("stat_date") != stat_day or not all(isinstance(value, int) for value in values.values()):
            raise Unavailable(f"{self._service.path} answered {stat_day} with another row: {dict(row)}")
        return {kpi: int(value or 0) for kpi, value in values.items()}
