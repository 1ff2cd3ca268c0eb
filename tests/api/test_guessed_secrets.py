"""Guessing secrets: none is found, nothing is told, nothing grows, and the right one works again after the wait."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportdata.limits import Guesses, MustWait
from tests.support.calling import CORP, NOW, add_sample
from tests.support.clocks import Clock
from tests.support.folders import Folder
from tests.support.serving import serving

Post = Callable[[str, str], tuple[int, dict[str, str], dict[str, object]]]


@pytest.fixture
def clock() -> Clock:
    """The server's clock."""
    return Clock(NOW)


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


@pytest.mark.whole
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


@pytest.mark.whole
def test_keys_that_do_not_exist_end_no_wait_of_an_app(
    folder: Folder, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Guesses, "MOST", 20)
    app, secret = folder.add_app(CORP)
    for _ in range(2 * Guesses.FREE):
        post(app.app_key, "wrong")
    for number in range(3 * Guesses.MOST):
        for _ in range(Guesses.FREE):
            assert post(f"made-up-{number}", "wrong")[0] == 400
    status, headers, _ = post(app.app_key, secret)
    assert (status, int(headers["retry-after"]) > 0) == (400, True)


@pytest.mark.whole
def test_many_keys_do_not_take_up_memory() -> None:
    guesses = Guesses()
    for number in range(3 * Guesses.MOST):
        guesses.wrong(f"{number}" * 1_000, "192.0.2.1", NOW)
    assert len(guesses) == Guesses.MOST
    for number in range(2 * Guesses.MOST):
        guesses.wrong(f"{number}", "192.0.2.1", NOW, exists=False)
    assert len(guesses) == 2 * Guesses.MOST


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
            guesses.right("key", "192.0.2.1", "right", now)
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


def test_who_was_right_lately_is_not_shut_out_by_others(folder: Folder, post: Post, clock: Clock) -> None:
    app, secret = folder.add_app(CORP)
    token = post(app.app_key, secret)[2]["accessToken"]
    before = [post(app.app_key, f"{number:064}") for number in range(8)][-1]
    for _ in range(3):
        status, headers, body = post(app.app_key, secret)
        assert (status, body["accessToken"]) == (200, token)
        assert "retry-after" not in headers
        again = post(app.app_key, "another wrong one")
        assert (again[0], again[1]["retry-after"], again[2]["code"], again[2]["message"]) == (
            before[0],
            before[1]["retry-after"],
            before[2]["code"],
            before[2]["message"],
        ), "a guess is answered as before, and gains no free ones"
    clock.now += 900
    assert post(app.app_key, "wrong")[1].get("retry-after") is None, "it was its turn"
    assert int(post(app.app_key, "wrong")[1]["retry-after"]) > 1, "and counting went on"


def test_a_secret_that_was_right_and_is_not_any_more_waits_as_others(folder: Folder, post: Post) -> None:
    app, secret = folder.add_app(CORP)
    assert post(app.app_key, secret)[0] == 200
    for number in range(8):
        told = post(app.app_key, f"{number:064}")
    folder.store.change_app(app.app_key, lambda found: msgspec.structs.replace(found, disabled=True))
    for _ in range(2):
        status, headers, body = post(app.app_key, secret)
        assert (status, headers["retry-after"], body["code"]) == (told[0], told[1]["retry-after"], told[2]["code"])


def test_the_right_secret_waits_where_it_never_was(folder: Folder, post: Post) -> None:
    app, secret = folder.add_app(CORP)
    for number in range(8):
        post(app.app_key, f"{number:064}")
    assert post(app.app_key, secret)[1]["retry-after"]


_TRIES = st.lists(
    st.tuples(st.sampled_from(["right", "wrong", "worse"]), st.sampled_from(["a", "b"]), st.floats(0, 90_000)),
    max_size=40,
)


@given(_TRIES)
def test_proofs_are_of_one_key_and_place_and_end(tries: list[tuple[str, str, float]]) -> None:
    """A plain model: what was right last, where, and when."""
    guesses, now, proven = Guesses(), NOW, dict[str, tuple[str, float]]()
    for secret, key, after in tries:
        now += after
        for other in ("right", "wrong", "worse"):
            known, at = proven.get(key, ("", 0.0))
            expected = known == other and now < at + Guesses.PROVEN
            assert guesses.is_proven(key, "192.0.2.1", other, now) == expected
            assert not guesses.is_proven(key, "192.0.2.2", other, now)
        if secret == "right":
            guesses.right(key, "192.0.2.1", secret, now)
            proven[key] = secret, now
        else:
            guesses.wrong(key, "192.0.2.1", now)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("192.0.2.1", "192.0.2.2", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("", "unix:", False),
    ],
)
def test_addresses_of_one_network_count_as_one(one: str, other: str, same: bool) -> None:
    guesses = Guesses()
    for _ in range(Guesses.FREE + 3):
        guesses.wrong("key", one, NOW)
    waits = True
    try:
        guesses.require_turn("key", other, NOW)
        waits = False
    except MustWait:
        pass
    assert waits == same


def test_proofs_do_not_take_up_memory() -> None:
    guesses = Guesses()
    for number in range(2 * Guesses.MOST):
        guesses.right(f"{number}", "192.0.2.1", "s", NOW)
    assert not guesses.is_proven("0", "192.0.2.1", "s", NOW)
    assert guesses.is_proven(f"{2 * Guesses.MOST - 1}", "192.0.2.1", "s", NOW)
