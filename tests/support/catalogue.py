"""What the documents of DingTalk's catalogue of data (数据目录) show, and the calls of its SDK for it."""

from __future__ import annotations

import inspect
import json
import re
from typing import Any

from alibabacloud_dingtalk.datacenter_1_0 import client as sdk

from reportdata.measures import Number, decimal_of
from reportdata.services import Service, read_services
from tests.support.paths import DATA

SAMPLES = dict(line.split(" ", 1) for line in (DATA / "family.txt").read_text("utf-8").splitlines())
"""The answers that the documents show, by path, without the spaces that their printing added."""
FIGURES = [service for service in read_services() if service.path in SAMPLES and not service.has_facts]
"""The services of which nothing is counted."""
_CALL = re.compile(r"action='(\w+)',(?:(?!action=).)*?pathname=f?'(/v1\.0/datacenter/\w+)'", re.DOTALL)


def row_of(service: Service) -> dict[str, Any]:
    """The row that a document shows; decimals have their digits."""
    (row,) = json.loads(SAMPLES[service.path], parse_float=decimal_of)["dataList"]
    return dict(row)


def figures_of(service: Service) -> dict[str, Number]:
    """The numbers of that row, by KPI id."""
    row = row_of(service)
    return {kpi.id: row[kpi.key] for kpi in service.kpis}


def sdk_calls() -> dict[str, str]:
    """The names of the official SDK's calls, by path."""
    return {path: action for action, path in _CALL.findall(inspect.getsource(sdk))}
