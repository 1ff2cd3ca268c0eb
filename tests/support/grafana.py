"""The dashboard for Grafana: `python -m tests.support.grafana > deploy/grafana/reportdata.json` writes it anew."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

CONTRACT = 'api="/v1.0/datacenter/reportData"'


class Panel(NamedTuple):
    """What a panel shows: its title in both languages, its queries with their legends, its unit, its width of 24."""

    title: str
    queries: tuple[tuple[str, str], ...]
    unit: str = "short"
    width: int = 12
    kind: str = "timeseries"


PANELS = (
    Panel("Running · 运行中", (('up{job="reportdata"}', ""),), width=4, kind="stat"),
    Panel("Stale days · 过期的日子", (("max(reportdata_stale_days)", ""),), width=4, kind="stat"),
    Panel(
        "Withdrawals not applied · 未生效的撤回",
        (("max(reportdata_unapplied_withdrawal_files)", ""),),
        width=4,
        kind="stat",
    ),
    Panel("Damaged files · 损坏的文件", (("max(reportdata_damaged_files)", ""),), width=4, kind="stat"),
    Panel("Damaged days · 受影响的日子", (("max(reportdata_damaged_days)", ""),), width=4, kind="stat"),
    Panel("Corrections · 已纠正的日子", (("max(reportdata_corrections)", ""),), width=4, kind="stat"),
    Panel(
        "Answers a second, by outcome · 每秒应答，按结果",
        (("sum by (outcome) (rate(reportdata_requests_total[5m]))", "{{outcome}}"),),
        "reqps",
    ),
    Panel(
        "Time to an answer of reportData · reportData 的应答时间",
        tuple(
            (
                f"histogram_quantile({share}, sum by (le) (rate(reportdata_request_seconds_bucket{{{CONTRACT}}}[5m])))",
                f"{float(share):.0%}",
            )
            for share in ("0.5", "0.99")
        ),
        "s",
    ),
    Panel(
        "Tokens issued a second · 每秒签发的 token", (("sum(rate(reportdata_tokens_issued_total[5m]))", ""),), "reqps"
    ),
    Panel(
        "Connections · 连接",
        (
            ("sum(reportdata_connections)", "open"),
            ("sum by (outcome) (rate(reportdata_connections_refused_total[5m]))", "refused a second: {{outcome}}"),
        ),
    ),
    Panel(
        "Questions about statistics · 统计查询",
        (
            ("sum(reportdata_questions_waiting)", "waiting"),
            ("sum(reportdata_questions_running)", "running"),
            ("sum by (outcome) (rate(reportdata_questions_total[5m]))", "a second: {{outcome}}"),
        ),
    ),
    Panel(
        "Time to an answer about statistics, 90% · 统计查询的应答时间，90%",
        (("histogram_quantile(0.9, sum by (le) (rate(reportdata_question_seconds_bucket[15m])))", ""),),
        "s",
    ),
    Panel(
        "Pushed facts a second · 每秒推送的记录",
        (
            ("sum(rate(reportdata_facts_accepted_total[5m]))", "accepted"),
            ("sum(rate(reportdata_facts_refused_total[5m]))", "refused"),
        ),
    ),
    Panel(
        "Files that people bring, an hour · 每小时上传的文件",
        (
            ("sum(increase(reportdata_brought_bytes_total[1h])) / 1e6", "MB"),
            ("sum by (what, outcome) (increase(reportdata_import_runs_total[1h]))", "{{what}}: {{outcome}}"),
        ),
    ),
    Panel(
        "Time since the newest covered day ended · 距最新已覆盖日结束",
        (("topk(20, max by (corp_id) (reportdata_lag_seconds))", "{{corp_id}}"),),
        "s",
    ),
    Panel(
        "End of the newest covered day · 最新已覆盖日的结束时刻",
        (("1000 * bottomk(20, max by (corp_id) (reportdata_newest_day_end_seconds))", "{{corp_id}}"),),
        "dateTimeAsIso",
    ),
    Panel(
        "This machine's clock ahead of the source's · 本机时钟超前来源",
        (("reportdata_clock_ahead_seconds", "{{source}}"),),
        "s",
    ),
)
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
HEIGHTS = {"stat": 4, "timeseries": 8}


def dashboard() -> dict[str, Any]:
    """The dashboard, as Grafana imports it."""
    panels, x, y = [], 0, 0
    for number, panel in enumerate(PANELS, 1):
        if x + panel.width > 24:
            x, y = 0, y + HEIGHTS[PANELS[number - 2].kind]
        panels.append(
            {
                "id": number,
                "type": panel.kind,
                "title": panel.title,
                "datasource": SOURCE,
                "gridPos": {"h": HEIGHTS[panel.kind], "w": panel.width, "x": x, "y": y},
                "fieldConfig": {"defaults": {"unit": panel.unit}, "overrides": []},
                "targets": [
                    {"refId": chr(65 + at), "datasource": SOURCE, "expr": query, "legendFormat": legend or "__auto"}
                    for at, (query, legend) in enumerate(panel.queries)
                ],
            }
        )
        x += panel.width
    return {
        "uid": "reportdata",
        "title": "reportdata",
        "schemaVersion": 39,
        "editable": True,
        "refresh": "1m",
        "time": {"from": "now-24h", "to": "now"},
        "templating": {
            "list": [{"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"}]
        },
        "panels": panels,
    }


def text() -> str:
    """The dashboard's file."""
    return json.dumps(dashboard(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(text(), end="")
