"""Writing facts as the files that people have: CSV, JSON Lines, Parquet, and saved exchanges with DingTalk."""

from __future__ import annotations

import csv
import gzip
import itertools
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from reportdata.times import END_OF_SECONDS
from tests.support.oracle import Commented, Fact, Sent, Withdrawn

BEIJING = ZoneInfo("Asia/Shanghai")
TIMES = ("iso", "local", "seconds", "milliseconds")
FORMATS = ("csv", "tsv", "csv.gz", "gb18030", "bom", "jsonl", "parquet", "dingtalk")


def time_text(at: datetime, style: str, zone: ZoneInfo) -> str | int:
    """A time in one of the forms that are understood. A local time that happens twice is written with its offset."""
    local = at.astimezone(zone)
    if style == "local" and local.replace(fold=0).astimezone(UTC) == at.astimezone(UTC):
        return local.strftime("%Y-%m-%d %H:%M:%S")
    if style == "seconds" and at.timestamp() < END_OF_SECONDS:
        return int(at.timestamp())
    if style in ("seconds", "milliseconds"):
        return int(at.timestamp()) * 1000
    return local.isoformat()


def records(facts: Iterable[Fact], style: str, zones: dict[str, ZoneInfo]) -> dict[str, list[dict[str, object]]]:
    """The facts as records, by kind."""
    found: dict[str, list[dict[str, object]]] = {"sent": [], "commented": [], "withdrawn": []}
    for fact in facts:
        at = time_text(fact.at, style, zones[fact.corp_id])
        record: dict[str, object] = {"corp_id": fact.corp_id, "report_id": fact.report_id}
        if isinstance(fact, Sent):
            more = {
                "user_id": fact.user_id,
                "sent_at": at,
                "template": fact.template,
                "departments": [*fact.departments],
            }
            found["sent"].append({**record, **more})
        elif isinstance(fact, Commented):
            found["commented"].append({**record, "user_id": fact.user_id, "commented_at": at})
        else:
            found["withdrawn"].append({**record, "withdrawn_at": at})
    return found


def write(
    folder: Path, facts: Sequence[Fact], format_: str, style: str, zones: dict[str, ZoneInfo]
) -> list[tuple[Path, str | None]]:
    """Files that hold the facts, each with the organisation it needs to be told (None when it names its own).

    DingTalk's exchanges cannot say that a report was withdrawn; such facts go to a file of JSON Lines.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if format_ == "dingtalk":
        return _exchanges(folder, facts, zones)
    by_kind = records(facts, style, zones)
    if format_ == "jsonl":
        lines = [json.dumps(record, ensure_ascii=False) for found in by_kind.values() for record in found]
        path = folder / "facts.jsonl"
        path.write_text("".join(line + "\n" for line in lines), "utf-8")
        return [(path, None)] if lines else []
    written: list[tuple[Path, str | None]] = []
    for kind, found in by_kind.items():
        if found:
            write_table = _parquet if format_ == "parquet" else _table
            written.append((write_table(folder, kind, found, format_), None))
    return written


def _table(folder: Path, kind: str, found: list[dict[str, object]], format_: str) -> Path:
    suffix = {"gb18030": "csv", "bom": "csv"}.get(format_, format_)
    path = folder / f"{kind}-{format_.split('.')[0]}.{suffix}"
    encoding = {"gb18030": "gb18030", "bom": "utf-8-sig"}.get(format_, "utf-8")
    with (gzip.open if path.suffix == ".gz" else open)(path, "wt", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, list(found[0]), delimiter="\t" if format_ == "tsv" else ",")
        writer.writeheader()
        for record in found:
            departments = record.get("departments")
            joined = {"departments": ",".join(departments)} if isinstance(departments, list) else {}
            writer.writerow(record | joined)
    return path


def _parquet(folder: Path, kind: str, found: list[dict[str, object]], _format: str) -> Path:
    source, path = folder / f"{kind}.json", folder / f"{kind}.parquet"
    source.write_text("\n".join(json.dumps(record, ensure_ascii=False) for record in found), "utf-8")
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (select * from read_json('{source}', format = 'newline_delimited')) to '{path}' (format parquet)"
        )
    source.unlink()
    return path


def _exchanges(folder: Path, facts: Sequence[Fact], zones: dict[str, ZoneInfo]) -> list[tuple[Path, str | None]]:
    written: list[tuple[Path, str | None]] = []
    for corp_id in sorted({fact.corp_id for fact in facts}):
        own = [fact for fact in facts if fact.corp_id == corp_id]
        lines = [*_report_lists([f for f in own if isinstance(f, Sent)])]
        lines += _comment_lists([f for f in own if isinstance(f, Commented)])
        if lines:
            path = folder / f"{corp_id}-exchanges.jsonl"
            path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), "utf-8")
            written.append((path, corp_id))
        gone = [f for f in own if isinstance(f, Withdrawn)]
        if gone:
            written += write(folder / f"{corp_id}-withdrawn", gone, "jsonl", "iso", zones)
    return written


def _report_lists(reports: Sequence[Sent]) -> Iterable[dict[str, object]]:
    for cursor in range(0, len(reports), 20):
        page = reports[cursor : cursor + 20]
        items = [
            {
                "contents": [{"key": "今日完成工作", "sort": "0", "type": "1", "value": "never kept"}],
                "create_time": int(report.at.timestamp()) * 1000,
                "creator_id": report.user_id,
                "creator_name": "never kept",
                "dept_name": ",".join(report.departments),
                "report_id": report.report_id,
                "template_name": report.template,
            }
            for report in page
        ]
        more = cursor + 20 < len(reports)
        result = {"data_list": items, "has_more": more, "next_cursor": 2862455276 + cursor, "size": 20}
        response = {"errcode": 0, "errmsg": "ok", "result": result, "request_id": "5c8q6ic6wyah"}
        yield {"api": "topapi/report/list", "request": {"cursor": cursor, "size": 20}, "response": response}


def _comment_lists(comments: Sequence[Commented]) -> Iterable[dict[str, object]]:
    for report_id, own in itertools.groupby(sorted(comments), key=lambda comment: comment.report_id):
        items = [
            {
                "content": "never kept",
                "create_time": comment.at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S"),
                "userid": comment.user_id,
            }
            for comment in own
        ]
        yield {
            "api": "topapi/report/comment/list",
            "request": {"report_id": report_id, "offset": 0, "size": 20},
            "response": {"errcode": 0, "result": {"comments": items, "has_more": False}, "success": True},
        }
