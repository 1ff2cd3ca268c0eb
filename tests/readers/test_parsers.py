"""No input crashes a parser: it gives facts, or one of this package's errors."""

from __future__ import annotations

import gzip
import json
import tempfile
from contextlib import suppress
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reportdata.api.contract.wire import read_call
from reportdata.days import is_day, parse_day
from reportdata.errors import BadField, BadValue, InputError
from reportdata.facts import Organisations, read_fact
from reportdata.pipeline.reading import lines_of
from reportdata.readers import Format, detect_format
from reportdata.readers.tables import read_heading
from reportdata.remarks import Remarks
from reportdata.times import read_instant
from tests.support.examples import tried_with
from tests.support.services import KINDS

ZONE = ZoneInfo("Asia/Shanghai")
NAMES = [
    "corp_id",
    "report_id",
    "user_id",
    "userid",
    "sent_at",
    "commented_at",
    "create_time",
    "template",
    "departments",
    "发送人",
    "提交时间",
    "api",
    "request",
    "response",
    "errcode",
    "result",
    "data_list",
    "comments",
]
texts = st.sampled_from(["topapi/report/list", "topapi/report/comment/list", "2026-09-21 09:00:00", "ding1"])
numbers = st.one_of(st.booleans(), st.integers(), st.integers(10**18, 10**400), st.floats())
values = st.recursive(
    st.one_of(st.none(), numbers, texts, st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES), inner, max_size=4)),
    max_leaves=12,
)
lines = st.lists(st.dictionaries(st.sampled_from(NAMES), values, max_size=7).map(json.dumps), max_size=4)
cells = st.one_of(st.sampled_from([*NAMES, "2026-09-21 09:00:00", '"', "\r", "\n", "\x00"]), st.text(max_size=5))
tables = st.lists(st.lists(cells, min_size=1, max_size=5).map(",".join), min_size=1, max_size=4).map("\n".join)
encodings = st.sampled_from(["utf-8", "gb18030", "utf-16"])
contents = st.one_of(
    st.binary(max_size=200),
    lines.map("\n".join).map(str.encode),
    st.builds(lambda text, encoding: text.encode(encoding, "replace"), tables, encodings),
    st.binary(max_size=60).map(lambda tail: b"\xff\xfe" + tail),
    st.builds(lambda text, cut: gzip.compress(text)[:-cut] + b"\x07" * cut, st.binary(max_size=80), st.integers(1, 20)),
)


@pytest.mark.whole
@tried_with(100, 1000)
def test_any_bytes_are_facts_or_an_error_of_input(examples: int) -> None:
    @settings(max_examples=examples, deadline=None)
    @given(contents, st.sampled_from(["x.csv", "x.jsonl", "x", "x.csv.gz"]), st.sampled_from([None, *Format]))
    @example(b"a\rb,c\nd", "x.csv", None)
    @example(b"\xff\xfea", "x.csv", None)
    @example(gzip.compress(b"report_id,user_id\n" * 9)[:12] + b"\xff" * 40, "x.csv.gz", None)
    @example(b"x" * 200_000 + b",report_id,user_id,sent_at\n", "x.csv", None)
    def check(content: bytes, name: str, format_: Format | None) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            path.write_bytes(content)
            with suppress(InputError):
                read_heading(path, KINDS)
            with suppress(InputError):
                _read(path, format_)

    check()


def _read(path: Path, format_: Format | None) -> None:
    organisations = Organisations({}, ZONE)
    for line in lines_of(path, format_ or detect_format(path), KINDS, Remarks()):
        if line.columns is not None:
            with suppress(BadField):
                read_fact(line.record, line.columns, organisations, "ding1")


@given(values)
def test_any_value_is_an_instant_or_no_time(value: object) -> None:
    with suppress(ValueError):
        assert isinstance(read_instant(value, ZONE), int)


@given(st.text(max_size=12))
def test_any_text_is_a_day_or_none(text: str) -> None:
    try:
        assert is_day(parse_day(text))
    except BadValue:
        assert not is_day(text)


@given(
    st.lists(st.tuples(st.sampled_from([b"x-acs-dingtalk-access-token", b"x-client-token", b"a"]), st.binary())),
    st.binary(),
)
def test_any_headers_and_query_are_a_call(headers: list[tuple[bytes, bytes]], query: bytes) -> None:
    call = read_call(headers, query)
    assert call.token != ""
    assert call.client_token != ""
