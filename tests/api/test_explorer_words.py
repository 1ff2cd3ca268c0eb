"""The explorer has Chinese words for all that the description says, as its sources show without a browser."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from tests.support.calling import connected
from tests.support.folders import Folder
from tests.support.paths import ROOT
from tests.support.serving import serving

STATIC = ROOT / "src/reportdata/web/static"
SENTENCE = re.compile("[a-z]{3,} [a-z]{2,} [a-z]")
"""English words in a row, which a name of something is not."""
Json = dict[str, Any]


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Json:
    """The description, of a server with all services."""
    folder = Folder(tmp_path_factory.mktemp("described"))
    with closing(folder.store), serving(folder) as served, connected(served.address) as ask:
        found: Json = json.loads(ask(b"GET /openapi.json HTTP/1.1\r\nHost: h\r\n\r\n").body)
    return found


def _keys(file: str, name: str) -> set[str]:
    """The keys of an object in a source of the pages."""
    text = (STATIC / file).read_text("utf-8")
    (block,) = re.findall(rf"^const {name} = {{\n(.*?)^}};", text, re.MULTILINE | re.DOTALL)
    found = re.findall(r"""^  (?:'([^'\n]+)'|"([^"\n]+)"|([\w$]+)):""", block, re.MULTILINE)
    return {"".join(one) for one in found}


def _calls(document: Json) -> Iterator[Json]:
    for methods in document["paths"].values():
        yield from methods.values()


def _descriptions(schema: Json) -> Iterator[str]:
    """What is said of the fields of an answer, from the outside in."""
    for one in schema.get("properties", {}).values():
        yield one.get("description", "")
        yield from _descriptions(one)
    if schema.get("type") == "array":
        yield from _descriptions(schema.get("items", {}))


def _answers(call: Json) -> Iterator[tuple[str, Json]]:
    for status, one in call["responses"].items():
        if "application/json" in one.get("content", {}):
            yield status, one["content"]["application/json"]


def test_each_field_of_an_answer_has_chinese_words(document: Json) -> None:
    said = {
        text
        for call in _calls(document)
        for status, content in _answers(call)
        if status.startswith("2")
        for text in _descriptions(content.get("schema", {}))
        if SENTENCE.search(text)
    }
    assert said <= _keys("meanings.js", "DESCRIBED"), "fields of answers without Chinese words in meanings.js"


def test_each_call_has_chinese_words(document: Json) -> None:
    named = {call["operationId"] for call in _calls(document) if call["tags"][0] not in {"statistics", "closed calls"}}
    assert named == _keys("meanings.js", "CALLS")


def test_each_parameter_and_each_group_has_chinese_words(document: Json) -> None:
    parameters, groups = _keys("meanings.js", "PARAMETERS"), _keys("meanings.js", "TAGS")
    for call in _calls(document):
        assert call["tags"][0] in groups
        for one in call.get("parameters", ()):
            assert {one["name"], f"{call['operationId']}.{one['name']}"} & parameters, (call["operationId"], one)


def test_each_error_has_a_reason_in_both_languages(document: Json) -> None:
    reasons = _keys("reasons.js", "REASONS")
    faults = {
        (status, example["value"]["code"])
        for call in _calls(document)
        for status, content in _answers(call)
        if status[0] in "45"
        for example in content.get("examples", {}).values()
        if "code" in example["value"]
    }
    assert len(faults) > 30
    assert not {(status, code) for status, code in faults if not {code, f"{status} {code}"} & reasons}
