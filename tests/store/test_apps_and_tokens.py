"""What every store owes of organisations, apps and tokens, against each implementation."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import msgspec
import pytest

from reportdata.errors import AlreadyKnown, NotKnown, Reason, Refused, StoreError
from reportdata.identity import TOKEN_LIFETIME, App, AppType, Organisation, Token, hash_of, mint, rotated
from reportdata.store import Store
from tests.support.stores import APP, NOW, SECRET, ask, together, with_app


def test_organisations_are_listed_by_id_and_added_once(store: Store, another: Callable[[], Store]) -> None:
    assert store.organisations() == []
    store.add_organisations([Organisation("c2", "Asia/Tokyo"), Organisation("c1", "Asia/Shanghai")])
    store.add_organisations([Organisation("c2", "Asia/Tokyo"), Organisation("组织", "Europe/Berlin")])
    listed = [(o.corp_id, o.time_zone) for o in another().organisations()]
    assert listed == [("c1", "Asia/Shanghai"), ("c2", "Asia/Tokyo"), ("组织", "Europe/Berlin")]


def test_an_organisation_with_another_zone_is_refused_and_none_is_added(store: Store) -> None:
    store.add_organisations([Organisation("c2", "Asia/Tokyo")])
    with pytest.raises(AlreadyKnown, match="Asia/Tokyo"):
        store.add_organisations([Organisation("c1", "Asia/Shanghai"), Organisation("c2", "Asia/Shanghai")])
    assert store.organisations() == [Organisation("c2", "Asia/Tokyo")]


def test_the_same_organisation_added_by_two_at_once_is_there_once(another: Callable[[], Store]) -> None:
    stores = another(), another()
    together(*(lambda s=s: s.add_organisations([Organisation("c1", "Asia/Tokyo")]) for s in stores))
    assert stores[0].organisations() == [Organisation("c1", "Asia/Tokyo")]


def test_an_app_comes_back_as_it_was_added(store: Store, another: Callable[[], Store]) -> None:
    first = with_app(store, allow_list=("192.0.2.0/24", "2001:db8::1"), name="名字 'x' \"y\"")
    second = with_app(store, app_key="key0", corp_id=None, type=AppType.THIRD_PARTY_PERSONAL, rate=None, disabled=True)
    other = another()
    assert (other.app("key1"), other.app("none")) == (first, None)
    assert other.apps() == [second, first]


def test_changing_an_app_keeps_its_tokens_unless_the_secret_changes(store: Store, another: Callable[[], Store]) -> None:
    with_app(store)
    token, other = hash_of(ask(store)), another()
    changed = store.change_app("key1", lambda app: msgspec.structs.replace(app, disabled=True, scopes=()))
    assert changed == store.app("key1") == msgspec.structs.replace(APP, disabled=True, scopes=())
    caller = other.caller(token)
    assert caller is not None
    assert caller.app == changed
    store.change_app("key1", lambda app: msgspec.structs.replace(app, secret_hash=hash_of("new"), disabled=False))
    assert other.caller(token) is None
    assert ask(store, secret="new") != ask(store, secret="new", now=NOW + TOKEN_LIFETIME)


def _rotated(app: App, secret: str, at: float) -> App:
    return rotated(app, hash_of(secret), 3600, at)


def test_an_old_secret_is_valid_until_its_end(store: Store, another: Callable[[], Store]) -> None:
    with_app(store)
    token = ask(store)
    for secret, at in (("second", NOW), ("third", NOW + 100)):
        store.change_app("key1", partial(_rotated, secret=secret, at=at))
    other = another()
    assert other.caller(hash_of(token)) is not None, "tokens live on"
    asked = {secret: ask(other, secret=secret, now=NOW + 200) for secret in (SECRET, "second", "third")}
    assert asked[SECRET] == token
    assert len(set(asked.values())) == 3
    assert all(other.caller(hash_of(issued)) for issued in asked.values())
    assert ask(other, secret=SECRET, now=NOW + 3599) == token, "asking again renews it"
    for secret, end in ((SECRET, NOW + 3600), ("second", NOW + 3700)):
        with pytest.raises(Refused):
            ask(other, secret=secret, now=end)
    changed = store.change_app("key1", lambda app: rotated(app, hash_of("last"), 0, NOW + 300))
    assert changed.old_secrets == ()
    assert all(other.caller(hash_of(issued)) is None for issued in asked.values()), "now is now"
    with pytest.raises(Refused):
        ask(other, secret="second", now=NOW + 300)


def test_a_change_that_fails_changes_nothing_and_an_unknown_app_is_said_so(store: Store) -> None:
    with_app(store)
    with pytest.raises(ZeroDivisionError):
        store.change_app("key1", lambda app: msgspec.structs.replace(app, rate=1 // 0))
    assert store.apps() == [APP]
    with pytest.raises(NotKnown, match="key2"):
        store.change_app("key2", lambda app: app)


def test_changes_by_two_at_once_are_made_one_after_the_other(store: Store, another: Callable[[], Store]) -> None:
    with_app(store, rate=1)

    def raise_rate(of: Store) -> None:
        for _ in range(25):
            of.change_app("key1", lambda app: msgspec.structs.replace(app, rate=(app.rate or 0) + 1))

    one, two = another(), another()
    together(lambda: raise_rate(one), lambda: raise_rate(two))
    app = store.app("key1")
    assert app is not None
    assert app.rate == 51


def test_a_repeated_call_gives_the_same_token_and_renews_it(store: Store, another: Callable[[], Store]) -> None:
    with_app(store)
    token = ask(store)
    assert ask(another(), now=NOW + 7000) == token
    caller = store.caller(hash_of(token))
    assert caller is not None
    assert (caller.app, caller.expires_at) == (APP, int(NOW) + 7000 + TOKEN_LIFETIME)
    assert store.caller(hash_of("another")) is None


def test_after_its_end_a_token_is_let_go_and_a_new_one_given(store: Store) -> None:
    with_app(store)
    old = ask(store)
    new = ask(store, now=NOW + TOKEN_LIFETIME)
    assert new != old
    assert store.caller(hash_of(old)) is None
    assert store.caller(hash_of(new)) is not None


def test_what_decide_raises_changes_nothing(store: Store) -> None:
    with_app(store)
    token = ask(store)
    for key, secret in (("key1", "wrong"), ("unknown", SECRET)):
        with pytest.raises(Refused) as refused:
            ask(store, key, secret, now=NOW + 100)
        assert refused.value.reason is Reason.CREDENTIALS
    caller = store.caller(hash_of(token))
    assert caller is not None
    assert caller.expires_at == int(NOW) + TOKEN_LIFETIME


def test_two_first_calls_at_once_give_tokens_that_both_work(store: Store, another: Callable[[], Store]) -> None:
    one, two = another(), another()
    for number in range(10):
        with_app(store, app_key=f"key{number}")
        tokens = together(*(lambda s=s, n=number: ask(s, f"key{n}") for s in (one, two)))
        assert all(store.caller(hash_of(token)) for token in tokens)


def test_an_added_token_works_beside_the_issued_one(store: Store, another: Callable[[], Store]) -> None:
    app = with_app(store)
    issued = ask(store)
    text, kept = mint(app, NOW + 10)
    store.add_token(kept)
    assert ask(store, now=NOW + 20) == issued
    assert all(another().caller(hash_of(token)) for token in (issued, text))
    with pytest.raises(StoreError):
        store.add_token(Token("hash", "no such app", "", int(NOW)))


def test_tokens_of_other_apps_are_left_alone(store: Store) -> None:
    with_app(store)
    with_app(store, app_key="key2")
    token = ask(store)
    ask(store, "key2", now=NOW + 2 * TOKEN_LIFETIME)
    store.change_app("key2", lambda app: msgspec.structs.replace(app, secret_hash="x"))
    assert store.caller(hash_of(token)) is not None


def test_a_client_token_serves_one_request_for_a_day(store: Store, another: Callable[[], Store]) -> None:
    day = 86_400
    assert store.claim_client_token("key1", "t", "request", NOW)
    assert another().claim_client_token("key1", "t", "request", NOW + 1)
    assert not store.claim_client_token("key1", "t", "other", NOW + 2)
    assert store.claim_client_token("key1", "t", "request", NOW + 3)
    assert store.claim_client_token("key1", "u", "other", NOW)
    assert store.claim_client_token("key2", "t", "other", NOW)
    assert store.claim_client_token("key1", "t", "other", NOW + 3 + day)
    assert not store.claim_client_token("key1", "t", "request", NOW + 4 + day)


def test_of_two_requests_with_one_client_token_at_once_one_is_refused(another: Callable[[], Store]) -> None:
    stores = {"a": another(), "b": another()}
    for number in range(10):
        claims = (lambda r=r, s=s, n=number: s.claim_client_token("k", f"{n}", r, NOW) for r, s in stores.items())
        assert sorted(together(*claims)) == [False, True]


def test_callers_asked_for_at_once_are_what_each_is(store: Store) -> None:
    for key in ("key1", "key2"):
        with_app(store, app_key=key)
        store.add_token(Token(hash_of(key), key, "", int(NOW) + 60))
    hashes = [hash_of(text) for text in ("key2", "nobody", "key1", "key2")]
    found = store.callers(hashes)
    assert found == [store.caller(one) for one in hashes]
    assert [caller and caller.app.app_key for caller in found] == ["key2", None, "key1", "key2"]
