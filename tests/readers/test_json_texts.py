"""JSON that has a name twice in one object: neither value is taken."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportdata.json_texts import RepeatedName, decode
from tests.support.folders import Folder, run
from tests.support.pushing import pushing

_names = st.sampled_from(["a", "b", "a:", '"a', "张"])
_Value = st.recursive(
    st.none() | st.integers(0, 2) | st.sampled_from(["", '":', " : ", '" :', '{"a":1,"a":2}']),
    lambda inner: st.lists(inner, max_size=3) | st.lists(st.tuples(_names, inner), max_size=3).map(tuple),
    max_leaves=8,
)
"""Values of JSON, in which a tuple of pairs is an object."""


def _text(value: object, colon: str, ascii_: bool) -> str:
    if isinstance(value, tuple):
        members = (f"{json.dumps(name, ensure_ascii=ascii_)}{colon}{_text(of, colon, ascii_)}" for name, of in value)
        return "{" + ",\n".join(members) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_text(one, colon, ascii_) for one in value) + "]"
    return json.dumps(value, ensure_ascii=ascii_)


def _expected(value: object) -> object:
    if isinstance(value, tuple):
        found: dict[str, object] = {}
        for name, of in value:
            if name in found and _whole(found[name]) != _whole(of):
                return "twice"
            found[name] = of
        return {name: _expected(of) for name, of in found.items()}
    return [_expected(one) for one in value] if isinstance(value, list) else value


def _whole(value: object) -> object:
    """A value as a parser has it that takes the last."""
    return json.loads(_text(value, ":", ascii_=True))


def _told(value: object) -> object:
    if isinstance(value, dict):
        return {name: _told(of) for name, of in value.items()}
    if isinstance(value, list):
        return [_told(one) for one in value]
    return "twice" if isinstance(value, RepeatedName) else value


@given(_Value, st.sampled_from([":", ": ", " : ", "  :", "\t:\t", "\n:"]), st.booleans())
def test_only_objects_that_have_a_name_twice_are_wrong(value: object, colon: str, ascii_: bool) -> None:
    text = _text(value, colon, ascii_)
    expected = _expected(value)
    found = _told(decode(text))
    if expected == found:
        return
    # Equal values that differ within: the last is taken, as parsers do.
    assert "twice" not in json.dumps(found)
    assert found == msgspec.json.decode(text)


RECORD = '{"report_id":"r1","userid":"u1","sent_at":"2024-01-05 08:03:00"}'
TWICE = '{"report_id":"r2","userid":"u2","userid":"u3","sent_at":"2024-01-05 08:03:00"}'
FORMS = {
    "lines": (f"{RECORD}\n{TWICE}\n", 2),
    "an array": (f"[{RECORD},\n{TWICE}]", 2),
    "printed": (f"[\n{RECORD},\n{TWICE.replace(',', ',' + chr(10))}\n]", 5),
    "one after the other": (f"{RECORD}{TWICE}", 1),
    "rows of a table": (f'{{"total": 2, "rows": [{RECORD},\n{TWICE}]}}', 2),
    "an answer": (
        f'{{"errcode": 0, "result": {{"data_list": [{RECORD},\n{TWICE}]}}}}'.replace("sent_at", "create_time"),
        2,
    ),
    "a log": (f"2024-01-05 08:00:00 INFO {RECORD}\n2024-01-05 08:00:01 INFO {TWICE}\n", 2),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_file_is_refused_with_line_and_name(folder: Folder, tmp_path: Path, form: str) -> None:
    text, line = FORMS[form]
    (path := tmp_path / "in.json").write_text(text)
    folder.add_organisation("ding1")
    refused = run(folder, "import", path)
    assert refused.exit_code == 1
    assert f"line {line}: userid: stands twice in one object, with other values" in refused.output
    path.write_text(text.replace('"userid":"u2",\n', "").replace('"userid":"u2",', ""))  # as it is advised
    assert run(folder, "import", path).exit_code == 0


def test_each_of_many_is_told_with_its_line_and_first_name() -> None:
    found = decode("[\n" + ",\n".join([f"[{TWICE}", f" {RECORD}]"] * 3) + "]")
    assert isinstance(found, list)
    assert [(one[0].field, one[0].lines) for one in found] == [("userid", 1), ("userid", 3), ("userid", 5)]
    several = decode('{"a": 1, "b": 1,\n"b": 2,\n"a": 2, "b": 3}')
    assert isinstance(several, RepeatedName)
    assert (several.field, several.lines) == ("b", 1)


def test_equal_values_and_what_nobody_reads_do_no_harm(folder: Folder, tmp_path: Path) -> None:
    records = [
        RECORD.replace('"user_id"', '"userid":"u1","user_id"'),
        RECORD.replace("r1", "r2").replace("}", ',"contents":{"k":"a","k":"b"}}'),
    ]
    (path := tmp_path / "in.jsonl").write_text("\n".join(records))
    folder.add_organisation("ding1")
    result = run(folder, "import", path)
    assert result.exit_code == 0, result.output
    (row,) = json.loads(run(folder, "query", "20240105", "--json").output)
    assert row["4100_DAY"] == 2


def test_figures_are_refused(folder: Folder, tmp_path: Path) -> None:
    row = '{"stat_date":"20240105","corp_id":"ding1","4100_DAY":5,"4101_DAY":4,"4102_DAY":1,"4102_DAY":2}'
    (path := tmp_path / "in.json").write_text(f'{{"dataList":[\n{row}]}}')
    folder.add_organisation("ding1")
    assert "line 2: 4102_DAY: stands twice" in run(folder, "figures", "import", path).output
    path.write_text(f'{{"metaList":[],"dataList":[{row.replace("4102", "1")}]}}')
    refused = run(folder, "figures", "import", path, "--service", "yydActiveDayDatas")
    assert "line 1: 1_DAY: stands twice" in refused.output


@pytest.mark.whole
def test_a_push_refuses_the_record(folder: Folder) -> None:
    with pushing(folder) as pushed:
        answer = pushed.push(f"[{RECORD},{TWICE}]".encode())
        assert answer.body["added"] == 1
        (refused,) = answer.body["records"]
        assert (refused["record"], refused["field"]) == (1, "userid")
        assert refused["reason"] == "stands twice in one object, with other values"
