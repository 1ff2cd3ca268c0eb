"""The contract in bytes: what is answered to whom, and which check comes first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.support.calling import (
    CORP,
    DAY,
    EMPTY,
    NOW,
    OK,
    OTHER_DAY,
    PATH,
    SAMPLE,
    UNCOVERED_DAY,
    Call,
    add_sample,
    connected,
)
from tests.support.causes import APP_KEY, CAUSES, DOCUMENTED, Cause, all_arranged, first_of_row
from tests.support.folders import Folder
from tests.support.serving import serving

STATUS = {400: "400 Bad Request", 403: "403 Forbidden", 404: "404 Not Found", 500: "500 Internal Server Error"}


def assert_answered(call: Call, cause: Cause) -> None:
    answer = call.answer()
    assert answer.status == f"HTTP/1.1 {STATUS[cause.error.status]}"
    assert answer.body == cause.body(answer.request_id)
    assert int(answer.request_id.replace("-", "")[:12], 16) == int(NOW * 1000)


class Sample(NamedTuple):
    """A server of the sample organisation whose clock stands, and a good call."""

    call: Call
    folder: Folder


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    folder = Folder(tmp_path_factory.mktemp("sample"))
    add_sample(folder)
    token = folder.token(folder.add_app(CORP)[0], NOW)
    with serving(folder, clock=lambda: NOW) as served:
        yield Sample(Call(served.address, token), folder)
    folder.store.close()


def test_the_documents_sample_is_answered_byte_for_byte(sample: Sample) -> None:
    answer = sample.call.answer()
    assert (answer.status, answer.body) == (OK, SAMPLE)


def test_a_day_that_is_not_covered_has_no_row(sample: Sample) -> None:
    answer = sample.call._replace(stat_date=UNCOVERED_DAY).answer()
    assert (answer.status, answer.body) == (OK, EMPTY)


def test_every_check_and_every_documented_error_has_a_cause() -> None:
    assert {cause.row for cause in CAUSES} == set(range(1, 15))
    assert set(DOCUMENTED) <= {cause.code for cause in CAUSES}


# Every two neighbours, but where one rules the other out: without a token there is no app that could be wrong, and a
# date that is not given has no format.
Scenes = dict[str, tuple[Cause, ...]]
_PAIRS = [(1, 2), (1, 3), (2, 8), (2, 11), *((row, row + 1) for row in range(3, 11)), (10, 12), (11, 13), (12, 13)]
ALONE: Scenes = {cause.name: (cause,) for cause in CAUSES}
PAIRS: Scenes = {f"{a} and {b}": (first_of_row(a), first_of_row(b)) for a, b in _PAIRS}


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Call]]:
    """The calls that run into causes, alone and in pairs."""
    with all_arranged(tmp_path_factory.mktemp("scenes"), ALONE | PAIRS) as found:
        yield found


@pytest.mark.parametrize("name", ALONE)
def test_each_cause_has_its_answer(calls: dict[str, Call], name: str) -> None:
    assert_answered(calls[name], *ALONE[name])


@pytest.mark.parametrize("name", PAIRS)
def test_of_two_checks_that_fail_the_first_answers(calls: dict[str, Call], name: str) -> None:
    assert_answered(calls[name], PAIRS[name][0])


SIGNED = (
    "authorization: acs key:c2lnbmF0dXJl\r\ndate: Sun, 22 Nov 2026 08:00:00 GMT\r\nx-acs-action: QueryReport\r\n"
    "x-acs-signature-method: HMAC-SHA1\r\nx-acs-signature-nonce: 1\r\nx-acs-version: datacenter_1.0\r\n"
)
ASYNC_PYTHON = (
    "Accept-Encoding: gzip, deflate\r\nContent-Length: 0\r\nContent-Type: application/octet-stream\r\n"
    "accept: application/json\r\nuser-agent: AlibabaCloud (Linux; x86_64) Python/3.11.7 Core/0.4.3 TeaDSL/2\r\n"
)
CURL = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"


@pytest.mark.parametrize(
    ("target", "headers"),
    [
        (f"{PATH}?statDate={DAY}", "X-ACS-DINGTALK-ACCESS-TOKEN: {token}\r\n"),
        (f"{PATH}?statDate={DAY}", "X-Acs-Dingtalk-Access-Token:{token}  \r\n"),
        (f"{PATH}?statDate={DAY}", 'x-acs-dingtalk-access-token: "{token}"\r\n'),
        (f"{PATH}?statDate={DAY}", SIGNED + "x-acs-dingtalk-access-token: {token}\r\n"),
        (f"{PATH}?statDate={DAY}", ASYNC_PYTHON + "x-acs-dingtalk-access-token: {token}\r\n"),
        (f"{PATH}?statDate={DAY}", CURL + "x-acs-dingtalk-access-token: {token}\r\n"),
        (f"{PATH}?a=1&statDate={DAY}&b=%ff&c&corp_id=ding1", "x-acs-dingtalk-access-token: {token}\r\n"),
        (f"{PATH}?stat%44ate=2021%30620", "x-acs-dingtalk-access-token: {token}\r\n"),
        (f"/{PATH}?statDate={DAY}", "x-acs-dingtalk-access-token: {token}\r\n"),
        (f"http://h{PATH}?statDate={DAY}", "x-acs-dingtalk-access-token: {token}\r\n"),
    ],
)
def test_what_old_and_odd_clients_send_is_understood(sample: Sample, target: str, headers: str) -> None:
    head = f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:8080/mock\r\n{headers.format(token=sample.call.token)}\r\n"
    with connected(sample.call.address) as ask:
        answer = ask(head.encode())
        assert (answer.status, answer.body) == (OK, SAMPLE)
        assert ask(sample.call.request).body == SAMPLE


def test_only_the_header_is_read_for_the_token_and_only_one_pair_of_quotes_is_taken_off(sample: Sample) -> None:
    call, token = sample.call, sample.call.token
    elsewhere = call._replace(more_query=f"access_token={token}", headers={"Authorization": f"Bearer {token}"})
    assert_answered(elsewhere._replace(token=None), first_of_row(2))
    assert_answered(call._replace(token='""'), first_of_row(2))
    for wrong in (f'""{token}""', f'"{token}', f"{token} {token}", str(token).upper()):
        assert_answered(call._replace(token=wrong), first_of_row(3))


def test_only_a_real_date_of_eight_digits_is_taken(sample: Sample) -> None:
    for text in ("20210631", "20211301", "20210600", "00000101", "2021062", "202106200", "-2021062", "2021062x", "a"):
        assert_answered(sample.call._replace(stat_date=text), first_of_row(12))
    for query in ("+20210620", "%2020210620", "20210620%00", "%ff%fe", "2021&statDate=20210620"):
        call = sample.call._replace(stat_date=None, more_query=f"statDate={query}")
        assert_answered(call, first_of_row(12))
    for text in ("20240229", "00010101", "99991231"):
        assert sample.call._replace(stat_date=text).answer().body == EMPTY


def test_a_client_token_is_the_same_however_it_is_sent_and_free_again_after_a_day(folder: Folder) -> None:
    add_sample(folder)
    app, _ = folder.add_app(CORP)
    now = [NOW]
    with serving(folder, clock=lambda: now[0]) as served:
        first = Call(served.address, folder.token(app, NOW))
        again = first._replace(stat_date=OTHER_DAY)
        for query in ("clientToken=a+b", "clientToken=a%20b"):
            assert first._replace(more_query=query).answer().status == OK
            assert_answered(again._replace(more_query=query), first_of_row(10))
        assert_answered(again._replace(headers={"X-Client-Token": "a b"}), first_of_row(10))
        other_app = folder.token(folder.add_app(CORP)[0], NOW)
        assert again._replace(token=other_app, more_query="clientToken=a+b").answer().status == OK
        now[0] += 86_400
        tomorrow = folder.token(app, now[0])
        assert again._replace(token=tomorrow, more_query="clientToken=a+b").answer().status == OK


def test_a_rate_holds_for_each_app_and_second(folder: Folder) -> None:
    add_sample(folder)
    now = [NOW]
    tokens = [folder.token(folder.add_app(CORP, rate=2)[0], NOW) for _ in range(2)]
    with serving(folder, clock=lambda: now[0]) as served:
        for _ in range(2):
            answers = [Call(served.address, token).answer().status for token in tokens for _ in range(3)]
            assert answers == [OK, OK, "HTTP/1.1 403 Forbidden"] * 2
            now[0] += 1


def test_an_allow_list_is_held_against_the_connection_whatever_a_header_claims(sample: Sample) -> None:
    allowed, _ = sample.folder.add_app(CORP, allow_list=("127.0.0.0/8", "::1"))
    refused, _ = sample.folder.add_app(CORP, allow_list=("192.0.2.1",), app_key=APP_KEY)
    assert sample.call._replace(token=sample.folder.token(allowed, NOW)).answer().status == OK
    claiming = {"X-Forwarded-For": "192.0.2.1", "Forwarded": "for=192.0.2.1", "X-Real-IP": "192.0.2.1"}
    assert_answered(sample.call._replace(token=sample.folder.token(refused, NOW), headers=claiming), first_of_row(4))


@pytest.mark.whole
def test_no_token_reads_another_organisation(sample: Sample) -> None:
    sample.folder.add_organisation("ding2")
    token = sample.folder.token(sample.folder.add_app("ding2")[0], NOW)
    asking = sample.call._replace(token=token, more_query=f"corpId={CORP}&corp_id={CORP}")
    assert asking.answer().body == EMPTY
