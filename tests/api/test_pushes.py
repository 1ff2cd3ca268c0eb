"""``POST /v1/facts``: what is acknowledged is in the inbox as it was sent, and all else is told what is wrong."""

from __future__ import annotations

import gzip
import json
import re
import socket
import sqlite3
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from urllib.request import urlopen

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from reportdata.api.push_body import LARGEST_CONTENT, MOST_RECORDS
from reportdata.api.pushes import BODY
from tests.support.calling import CORP, Call, add_sample
from tests.support.effort import examples
from tests.support.folders import Folder
from tests.support.pushing import FACTS, TOKEN, WRITE, Pushing, Record, changed, fact, pushing, sent
from tests.support.scopes import REPORT_READ, REPORT_WRITE
from tests.support.serving import serving
from tests.support.waiting import SOON, until


@pytest.fixture
def pushed(folder: Folder) -> Iterator[Pushing]:
    with pushing(folder) as made:
        yield made


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pushing]:
    folder = Folder(tmp_path_factory.mktemp("pushes"))
    with closing(folder.store), pushing(folder) as made:
        yield made


def test_what_is_accepted_is_in_the_inbox_and_what_is_refused_is_named(pushed: Pushing) -> None:
    records = [
        sent(0),
        {"report_id": "r0", "user_id": "u2", "commented_at": "2026-09-21T23:30:00+08:00"},
        {"report_id": "r0", "withdrawn_at": "2026-09-22 00:30:00", "corp_id": CORP},
        sent(3, sent_at="yesterday"),
        sent(4, template="日报", departments=["研发,一", "二"], contents=[{"value": "hidden words"}]),
        {"report_id": "r5", "sent_at": 1_790_000_000},
        [sent(6)],
        sent(7, corp_id="dingother"),
    ]
    answer = pushed.push(records)
    assert answer.status == 200
    assert list(answer.body) == ["added", "refused", "records"]
    assert answer.body == {
        "added": 4,
        "refused": 4,
        "records": [
            {
                "record": 3,
                "field": "sent_at",
                "reason": "'yesterday' depends on when it was written, which is not known",
            },
            {"record": 5, "field": "user_id", "reason": "no column holds it; the columns are: 'report_id', 'sent_at'"},
            {"record": 6, "field": "json", "reason": "is a list, not an object"},
            {"record": 7, "field": "corp_id", "reason": "is not the organisation of the token"},
        ],
    }
    found = pushed.facts()
    assert found[0] == fact(0)
    assert [(one.kind, one.values["report_id"], one.values.get("user_id"), one.stat_day) for one in found[1:]] == [
        ("commented", "r0", "u2", "20260921"),
        ("withdrawn", "r0", None, "20260922"),
        ("sent", "r4", "u1", "20260921"),
    ]
    assert (found[3].values["template"], found[3].values["departments"]) == ("日报", "研发，一,二")
    assert not any(b"hidden" in path.read_bytes() for path in pushed.folder.settings.inbox.iterdir())


def in_forms(records: Sequence[Record]) -> dict[str, tuple[bytes, dict[str, str]]]:
    """The bodies that mean the same, with their headers."""
    lines = b"".join(json.dumps(record).encode() + b"\r\n" for record in records)
    array = json.dumps(records, ensure_ascii=False, indent=1).encode()
    packed = {"content-encoding": "gzip"}
    forms = {
        "array": (b"\n " + array, {}),
        "lines": (lines, {"content-type": "application/x-ndjson"}),
        "lines with empty ones, and no end": (b"\xef\xbb\xbf\n" + lines.replace(b"\n", b"\n \n").strip(), {}),
        "packed array": (gzip.compress(array), packed),
        "packed lines, in parts": (gzip.compress(lines[:9]) + gzip.compress(lines[9:]), {"content-encoding": "X-Gzip"}),
    }
    if len(records) == 1:
        forms |= {"alone": (json.dumps(records[0]).encode(), {}), "indented": (array.strip(b"[]\n "), {})}
    return forms


TEXTS = st.text(max_size=8) | st.sampled_from(["r1", "u1", CORP, "2026-09-21 09:00:00", "1790000000", "研发,销售"])
VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS
    | st.lists(TEXTS, max_size=3)
)
NAMES = st.sampled_from(
    ["report_id", "user_id", "corp_id", "sent_at", "commented_at", "withdrawn_at", "template", "departments", "姓名"]
)
RECORDS = st.dictionaries(NAMES | st.text(max_size=5), VALUES, max_size=6).map(lambda found: sent(1) | found) | (
    st.dictionaries(NAMES, VALUES)
)
MANY = settings(max_examples=examples(50), suppress_health_check=[HealthCheck.too_slow], deadline=None)


@pytest.mark.whole
@MANY
@given(st.lists(RECORDS, min_size=1, max_size=4))
def test_all_forms_of_a_body_give_the_same_facts(shared: Pushing, records: list[Record]) -> None:
    told = []
    for body, headers in in_forms(records).values():
        answer = shared.push(body, **headers)
        assert answer.status == 200
        assert answer.body["added"] + answer.body["refused"] == len(records)
        assert len(answer.body["records"]) == answer.body["refused"]
        told.append((answer.body, shared.news()))
        assert len(told[-1][1]) == answer.body["added"]
    assert all(found == told[0] for found in told)


@MANY
@given(
    st.binary(max_size=200)
    | st.lists(st.sampled_from([b"{", b"[", b"]", b"}", b'"sent_at":', b"1790000000", b",", b"\n", b'"a"'])).map(
        b"".join
    )
    | st.tuples(st.binary(max_size=3), st.integers(0, 90)).map(
        lambda found: json.dumps(sent(1)).encode()[: found[1]] + found[0] + json.dumps(sent(1)).encode()[found[1] :]
    ),
    st.sampled_from(["", "gzip", "identity", "br", "gzip, gzip"]),
)
@example(b"[" * 100_000, "")
@example(b'{"a":' * 100_000, "")
@example(gzip.compress(b"[]")[:-1], "gzip")
@example(json.dumps(sent(1, report_id="\ud800")).encode(), "")
@example(json.dumps(sent(1, sent_at=10**400)).encode(), "")
@example(b'{"report_id":"r1","user_id":"u1","sent_at":1e400}', "")
@example(b'[{"report_id":"r\xff","user_id":"u1","sent_at":1790000000}]', "")
def test_any_bytes_are_facts_or_a_named_error(shared: Pushing, body: bytes, coding: str) -> None:
    answer = shared.push(body, content_encoding=coding)
    if answer.status != 200:
        assert answer.error in {
            (400, "Missingbody"),
            (400, "Invalidbody"),
            (400, "InvalidRequest.ContentEncoding"),
            (415, "InvalidRequest.ContentEncoding"),
        }
        assert shared.news() == []
        return
    assert len(shared.news()) == answer.body["added"]
    for refused in answer.body["records"]:
        assert refused["field"]
        assert 0 < len(refused["reason"]) <= 200


@pytest.mark.whole
def test_what_is_too_large_is_refused_as_a_whole(pushed: Pushing, monkeypatch: pytest.MonkeyPatch) -> None:
    most = 2_000
    monkeypatch.setattr("reportdata.api.push_body.MOST_RECORDS", most)
    bomb = gzip.compress(b" " * (LARGEST_CONTENT + 1))
    assert len(bomb) < 20_000
    assert pushed.push(bomb, content_encoding="gzip").error == (413, "InvalidRequest.BodyTooLarge")
    for body in (b"{}\n" * (most + 1), b"[%b1]" % (b"1," * most), b"[%b1]" % (b"1," * 2_000_000)):
        assert pushed.push(gzip.compress(body), content_encoding="gzip").error == (413, "InvalidRequest.TooManyRecords")
    large = json.dumps(sent(1, contents="x" * (1 << 18)))
    (refused,) = pushed.push(large.encode()).body["records"]
    assert refused == {"record": 0, "field": "json", "reason": "has more than 262144 bytes"}
    assert pushed.facts() == []
    full = b"".join(json.dumps(sent(number)).encode().ljust(160) + b"\n" for number in range(most))
    assert len(full) * MOST_RECORDS / most < LARGEST_CONTENT
    assert pushed.push(gzip.compress(full), content_encoding="gzip").body["added"] == most
    assert pushed.facts() == [fact(number) for number in range(most)]


@pytest.mark.whole
@pytest.mark.parametrize("path", [FACTS, "/" + FACTS])
def test_only_this_path_takes_larger_bodies(pushed: Pushing, path: str) -> None:
    def answer(path: str, size: int) -> bytes:
        head = f"POST {path} HTTP/1.1\r\nHost: h\r\n{TOKEN}: {pushed.token}\r\nContent-Length: {size}\r\n\r\n"
        with socket.create_connection(pushed.address, SOON) as connection, connection.makefile("rb") as incoming:
            connection.sendall(head.encode() + json.dumps(sent(1)).encode().rjust(size))
            return bytes(incoming.readline())

    assert b" 200 " in answer(path, BODY.largest)
    assert b" 413 " in answer(path, BODY.largest + 1)
    assert b" 413 " in answer("/v1.0/oauth2/accessToken", 20_000)


@pytest.mark.whole
def test_a_store_that_is_locked_refuses_for_a_while_and_takes_nothing(pushed: Pushing) -> None:
    with closing(sqlite3.connect(pushed.folder.settings.store, isolation_level=None)) as other:
        other.execute("begin immediate")
        assert pushed.push([sent(1)]).status == 200
        refused = pushed.push([sent(2)], idempotency_key="k")
        assert (refused.error, refused.headers["retry-after"]) == ((503, "ServiceUnavailable"), "5")
    assert pushed.facts() == [fact(1)]
    assert pushed.push([sent(2)], idempotency_key="k").status == 200


@pytest.mark.whole
def test_many_pushes_at_once_are_all_there(pushed: Pushing) -> None:
    with ThreadPoolExecutor(50) as callers:
        answers = list(callers.map(lambda number: pushed.push([sent(number)]), range(500)))
    assert {answer.status for answer in answers} == {200}
    assert sorted(pushed.facts(), key=lambda one: one.at) == [fact(number) for number in range(500)]


def test_an_inbox_that_is_in_the_way_refuses_until_it_is_not(pushed: Pushing) -> None:
    place = pushed.folder.settings.inbox
    place.write_text("in the way")
    for _ in range(3):
        refused = pushed.push([sent(1)])
        assert (refused.error, refused.headers["retry-after"]) == ((503, "ServiceUnavailable"), "5")
    place.unlink()
    until(lambda: pushed.push([sent(1)]).status == 200)  # whether there is room is looked at every now and then
    assert pushed.facts() == [fact(1)]


def test_a_client_that_leaves_before_its_body_has_come_leaves_nothing(pushed: Pushing) -> None:
    for _ in range(20):
        with socket.create_connection(pushed.address, SOON) as connection:
            head = f"POST {FACTS} HTTP/1.1\r\nHost: h\r\n{TOKEN}: {pushed.token}\r\nContent-Length: 300\r\n\r\n"
            connection.sendall(head.encode() + json.dumps(sent(1)).encode())
    assert pushed.push([sent(2)]).status == 200
    assert pushed.facts() == [fact(2)]


@pytest.mark.whole
def test_a_stop_finishes_what_was_pushed(folder: Folder) -> None:
    with pushing(folder) as pushed:
        pushed.push([sent(1)])
    assert [path.suffix for path in folder.settings.inbox.iterdir()] == [".jsonl"]


@pytest.mark.whole
def test_metrics_count_records(folder: Folder) -> None:
    add_sample(folder)
    app, _ = folder.add_app(CORP, scopes=WRITE)
    with serving(folder, operations_port=0) as served:
        Pushing(folder, served.address, app, folder.token(app), []).push([sent(1), sent(2), {}])
        with urlopen(f"{served.server.listeners[1].url}/metrics") as answer:
            text = answer.read().decode()
    assert re.search(r"^reportdata_facts_accepted_total 2\.0$", text, re.MULTILINE)
    assert re.search(r"^reportdata_facts_refused_total 1\.0$", text, re.MULTILINE)
    assert f'api="{FACTS}",outcome="ok"}} 1.0' in text


@pytest.mark.slow
@pytest.mark.whole
@pytest.mark.parametrize("count", [30_000, MOST_RECORDS])
def test_reading_goes_on_while_much_is_pushed(folder: Folder, count: int) -> None:
    """A push of so many records takes its time; a read between does not wait for it."""
    body = gzip.compress(b"".join(json.dumps(sent(number)).encode() + b"\n" for number in range(count)))
    with pushing(folder) as pushed, changed(pushed, scopes=(REPORT_READ, REPORT_WRITE)):
        with ThreadPoolExecutor(1) as threads:
            done = threads.submit(pushed.push, body, content_encoding="gzip")
            reads = 0
            while not done.done():
                assert Call(pushed.address, pushed.token).answer().status.endswith("200 OK")
                reads += 1
        assert done.result().body["added"] == count
        assert reads > 3  # were they kept waiting, there would be one, or two
