"""Writes the dashboard for Grafana, from the metrics that a server has.

python -m tests.support.grafana > deploy/grafana/reportdata.json
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

_SOURCE = {"type": "prometheus", "uid": "${source}"}
_WIDE, _HIGH = 8, 8
_ROW = 24
_JOB = '{job="reportdata"}'
"""Other programs have metrics of these names, too."""


class Panel(NamedTuple):
    """A picture: what is asked for, with the name of each line, and the unit as Grafana calls it."""

    title: str
    unit: str
    lines: dict[str, str]
    kind: str = "timeseries"


def _quantile(share: str, metric: str, by: str = "") -> str:
    return f"histogram_quantile({share}, sum by (le{by}) (rate({metric}_bucket[$__rate_interval])))"


PANELS = (
    Panel("Scraped · 可抓取", "bool_yes_no", {"{{instance}}": 'up{job="reportdata"}'}, "stat"),
    Panel("Stale days · 待计算日期", "none", {"days": "reportdata_stale_days"}, "stat"),
    Panel(
        "Damaged files · 损坏文件",
        "none",
        {"files": "reportdata_damaged_files", "days": "reportdata_damaged_days"},
        "stat",
    ),
    Panel(
        "Calls a second, by outcome · 每秒调用",
        "reqps",
        {"{{outcome}}": "sum by (outcome) (rate(reportdata_requests_total[$__rate_interval]))"},
    ),
    Panel(
        "Time to an answer · 应答时间",
        "s",
        {
            "p50": _quantile("0.5", "reportdata_request_seconds"),
            "p99": _quantile("0.99", "reportdata_request_seconds"),
        },
    ),
    Panel(
        "Connections · 连接",
        "none",
        {
            "open": "reportdata_connections",
            "refused a minute": "60 * sum(rate(reportdata_connections_refused_total[$__rate_interval]))",
        },
    ),
    Panel("Time since the newest day · 数据落后时间", "s", {"{{corp_id}}": "topk(10, reportdata_lag_seconds)"}),
    Panel(
        "Facts a second · 每秒事实",
        "short",
        {
            "accepted": "rate(reportdata_facts_accepted_total[$__rate_interval])",
            "refused": "rate(reportdata_facts_refused_total[$__rate_interval])",
        },
    ),
    Panel(
        "Withdrawals that wait, corrections · 待处理撤回与更正",
        "none",
        {"withdrawals": "reportdata_unapplied_withdrawal_files", "corrections": "reportdata_corrections"},
    ),
    Panel(
        "Questions · 统计查询",
        "none",
        {"running": "reportdata_questions_running", "waiting": "reportdata_questions_waiting"},
    ),
    Panel(
        "Time to a question's answer · 查询时间",
        "s",
        {
            "p50": _quantile("0.5", "reportdata_question_seconds"),
            "p90": _quantile("0.9", "reportdata_question_seconds"),
        },
    ),
    Panel(
        "Questions a second, by outcome · 每秒查询",
        "reqps",
        {"{{outcome}}": "sum by (outcome) (rate(reportdata_questions_total[$__rate_interval]))"},
    ),
    Panel("Lists read, ago · 距上次采集", "s", {"{{source}}": "time() - reportdata_listed_until_seconds"}),
    Panel("Calls left of the month · 本月剩余调用", "short", {"{{source}}": "reportdata_calls_left"}),
    Panel(
        "What cannot be used · 无法使用",
        "none",
        {"left alone {{source}}": "reportdata_left_alone", "set aside {{source}}": "reportdata_set_aside"},
    ),
    Panel("Metrics that cannot be read · 无法读取的指标", "none", {"{{part}}": "reportdata_unreadable"}),
    Panel(
        "CPU · 处理器",
        "percentunit",
        {"{{process}} {{pid}}": f"rate(process_cpu_seconds_total{_JOB}[$__rate_interval])"},
    ),
    Panel(
        "Memory · 内存",
        "bytes",
        {
            "{{process}} {{pid}}": f"process_resident_memory_bytes{_JOB}",
            "addresses {{process}} {{pid}}": f"process_virtual_memory_bytes{_JOB}",
        },
    ),
    Panel(
        "Open files · 打开的文件",
        "none",
        {
            "{{process}} {{pid}}": f"process_open_fds{_JOB}",
            "at most {{process}} {{pid}}": f"process_max_fds{_JOB}",
        },
    ),
    Panel(
        "Time since the start · 运行时间", "s", {"{{process}} {{pid}}": f"time() - process_start_time_seconds{_JOB}"}
    ),
    Panel("Free bytes · 剩余空间", "bytes", {"free": "reportdata_free_bytes"}),
    Panel("Age of the newest backup · 最新备份距今", "s", {"age": "time() - reportdata_backup_seconds"}),
    Panel("Certificate, left · 证书剩余时间", "s", {"left": "reportdata_certificate_end_seconds - time()"}),
    Panel(
        "Clock ahead of the suite · 时钟偏差",
        "s",
        {"{{source}}": "reportdata_clock_ahead_seconds"},
    ),
    Panel(
        "Uploads · 上传",
        "none",
        {
            "{{what}} {{outcome}}": "sum by (what, outcome) (increase(reportdata_import_runs_total[1h]))",
        },
    ),
    Panel(
        "Tokens and uploaded bytes an hour · 每小时令牌与上传字节",
        "short",
        {
            "tokens": "increase(reportdata_tokens_issued_total[1h])",
            "bytes": "increase(reportdata_brought_bytes_total[1h])",
        },
    ),
    Panel(
        "Newest day's end · 最新日期",
        "dateTimeAsIso",
        {"{{corp_id}}": "topk(10, 1000 * reportdata_newest_day_end_seconds)"},
    ),
)
"""Every metric is in one of them."""


def dashboard() -> dict[str, Any]:
    """The whole dashboard."""
    return {
        "uid": "reportdata",
        "title": "reportdata",
        "tags": ["reportdata"],
        "schemaVersion": 39,
        "version": 1,
        "refresh": "1m",
        "time": {"from": "now-24h", "to": "now"},
        "timezone": "browser",
        "templating": {
            "list": [{"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}]
        },
        "panels": [_panel(number, panel) for number, panel in enumerate(PANELS)],
    }


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    across = _ROW // _WIDE
    return {
        "id": number + 1,
        "type": panel.kind,
        "title": panel.title,
        "datasource": _SOURCE,
        "gridPos": {"x": number % across * _WIDE, "y": number // across * _HIGH, "w": _WIDE, "h": _HIGH},
        "fieldConfig": {"defaults": {"unit": panel.unit}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + place), "expr": asked, "legendFormat": name, "datasource": _SOURCE}
            for place, (name, asked) in enumerate(panel.lines.items())
        ],
    }


def written() -> str:
    """The dashboard as its file has it."""
    return json.dumps(dashboard(), ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    print(written(), end="")
