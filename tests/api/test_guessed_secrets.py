"""Guessing secrets: none is found, nothing is told, nothing grows, and the right one works again after the wait."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportdata.limits import Guesses, MustWait
from tests.support.calling import CORP, NOW, add_sample
from tests.support.folders import Folder
from tests.support.serving import serving

Post = Callable[[str, str], tuple[int, dict[str, str], dict[str, object]]]


class Clock:
    """A clock that is moved by hand."""

    now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The server's clock."""
    return Clock()


@pytest.fixture
def post(folder: Folder, clock: Clock) -> Iterator[Post]:
    """Asks a server for a token: key and secret to status, headers and body."""
    add_sample(folder)
    with serving(folder, clock=clock) as found:
        connection = HTTPConnection(*found.address)

        def ask(app_key: str, secret: str) -> tuple[int, dict[str, str], dict[str, object]]:
            body = json.dumps({"appKey": app_key, "appSecret": secret})
            connection.request("POST", "/v1.0/oauth2/accessToken", body, {"content-type": "application/json"})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), json.loads(answer.read())

        yield ask
        connection.close()


@pytest.mark.parametrize("guesses", [500, pytest.param(10_000, marks=pytest.mark.slow)])
def test_wrong_secrets_find_nothing_and_the_right_one_works_after_the_wait(
    folder: Folder, post: Post, clock: Clock, guesses: int
) -> None:
    app, secret = folder.add_app(CORP)
    size = folder.store.size()
    for number in range(guesses):
        if number % (guesses // 10) == 0:
            clock.now += 3  # some guesses find that they need not wait
        status, _, body = post(app.app_key, f"{number:064}")
        assert (status, body["code"]) == (400, "invalidClientIdOrSecret")
    status, headers, body = post(app.app_key, secret)
    assert (status, body["code"]) == (400, "invalidClientIdOrSecret")
    wait = int(headers["retry-after"])
    assert 0 < wait <= Guesses.LONGEST_WAIT
    clock.now += wait
    status, headers, body = post(app.app_key, secret)
    assert (status, body["expireIn"]) == (200, 7200)
    assert "retry-after" not in headers
    assert folder.store.size() <= size + 100_000
    with closing(sqlite3.connect(folder.settings.store)) as store:
        assert store.execute("select count(*) from tokens").fetchall() == [(1,)]


def test_an_app_that_does_not_exist_is_answered_as_one_that_does(folder: Folder, post: Post) -> None:
    known, _ = folder.add_app(CORP)
    disabled, _ = folder.add_app(CORP, disabled=True)
    told = []
    for app_key in (known.app_key, disabled.app_key, "dingwhoisthis000000"):
        answers = []
        for _ in range(8):
            status, headers, body = post(app_key, "x" * 64)
            answers.append((status, headers.get("retry-after"), body["code"], body["message"]))
        told.append(answers)
    assert told[0] == told[1] == told[2]
    assert told[0][-1][1] == "1"


def test_others_need_not_wait(folder: Folder, post: Post) -> None:
    guessed, _ = folder.add_app(CORP)
    other, secret = folder.add_app(CORP)
    for _ in range(20):
        post(guessed.app_key, "wrong")
    assert post(other.app_key, secret)[0] == 200


def test_many_keys_do_not_take_up_memory() -> None:
    guesses = Guesses()
    for number in range(3 * Guesses.MOST):
        guesses.wrong(f"{number}" * 1_000, "192.0.2.1", NOW)
    assert len(guesses) == Guesses.MOST


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 5_000)), max_size=40))
def test_the_wait_grows_is_bounded_and_ends_with_the_right_secret(tries: list[tuple[bool, float]]) -> None:
    """``tries`` are whether a secret was right, and how many seconds after the one before."""
    guesses = Guesses()
    now = NOW
    wrong = 0
    last = None
    for right, after in tries:
        now += after
        if last is not None and now - last >= Guesses.FORGOTTEN:
            wrong = 0
        wait = 0.0
        if wrong >= Guesses.FREE and last is not None:
            wait = max(0.0, last + min(2 ** (wrong - Guesses.FREE), Guesses.LONGEST_WAIT) - now)
        told = _told_to_wait(guesses, now)
        assert wait <= told < wait + 1
        if told:
            continue
        if right:
            guesses.right("key", "192.0.2.1")
            wrong, last = 0, None
        else:
            guesses.wrong("key", "192.0.2.1", now)
            wrong, last = wrong + 1, now


def _told_to_wait(guesses: Guesses, now: float) -> int:
    try:
        guesses.require_turn("key", "192.0.2.1", now)
    except MustWait as refused:
        return refused.seconds
    return 0


def test_a_clock_that_is_set_back_locks_nobody_out_for_longer() -> None:
    guesses = Guesses()
    for _ in range(30):
        guesses.wrong("key", "192.0.2.1", NOW)
    guesses.require_turn("key", "192.0.2.1", NOW - 86_400)
