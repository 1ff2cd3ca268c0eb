"""What every store owes of view links and sessions, against each implementation."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from reportdata.errors import NotKnown, Reason, Refused
from reportdata.identity import App, hash_of
from reportdata.links import (
    MOST_SESSIONS,
    Ending,
    Holder,
    Link,
    NewSession,
    Session,
    Viewer,
    begin_session,
    ended,
    require_secret,
)
from reportdata.store import Store
from reportdata.store.sqlite import SQLiteStore
from tests.support.stores import NOW, together, with_app

LINK = Link(
    link_id="link1",
    name="人事部 'x'",
    corp_id="c1",
    secret_hash=hash_of("link1.secret"),
    scopes=("a",),
    departments=("研发", "市场'部"),
    until=int(NOW) + 86_400,
)
BY_APP, BY_LINK = Holder("key1"), Holder(None, "link1")


def with_link(store: Store, **properties: Any) -> Link:
    """`LINK` with other properties, which is added."""
    link = msgspec.structs.replace(LINK, **properties)
    store.add_link(link, NOW)
    return link


def begun(store: Store, holder: Holder, hours: float = 12, now: float = NOW) -> NewSession:
    """A session that was opened."""

    def decide(found: App | Link | None) -> NewSession:
        assert found is not None
        return begin_session(found, hours, now)

    return store.open_session(holder, decide, now)


def of(store: Store, *sessions: NewSession) -> list[Viewer | None]:
    return store.viewers([session.kept.session_hash for session in sessions])


def test_a_link_comes_back_as_it_was_added(store: Store, another: Callable[[], Store]) -> None:
    with_app(store)
    first, second = with_link(store), with_link(store, link_id="link0", departments=(), until=None, scopes=())
    other = another()
    assert other.links() == [second, first]
    assert (other.link("link1"), other.link("none")) == (first, None)


def test_a_session_is_its_links_or_its_apps_until_it_ends(store: Store, another: Callable[[], Store]) -> None:
    app = with_app(store, allow_list=("192.0.2.7",))
    link = with_link(store)
    by_app, by_link = begun(store, BY_APP), begun(store, BY_LINK)
    other = another()
    assert of(other, by_link, by_app) == [by_link.viewer, by_app.viewer]
    assert by_app.viewer == Viewer(app, None, int(NOW) + 43_200)
    assert by_link.viewer == Viewer(None, link, int(NOW) + 43_200)
    assert other.viewers(["none", by_app.kept.session_hash]) == [None, by_app.viewer]
    store.end_session(by_app.kept.session_hash)
    store.end_session("none")
    assert of(other, by_app, by_link) == [None, by_link.viewer]


def test_no_secret_is_kept(store: Store) -> None:
    with_app(store)
    with_link(store)
    session = begun(store, BY_LINK)
    assert not store.mentions(session.secret)
    assert not store.mentions("link1.secret")
    assert store.mentions(hash_of(session.secret))


def test_revoking_counts_at_once_and_stays(store: Store, another: Callable[[], Store]) -> None:
    with_app(store)
    with_link(store)
    session = begun(store, BY_LINK)
    assert store.revoke_link("link1", NOW + 1) == msgspec.structs.replace(LINK, revoked_at=int(NOW) + 1)
    other = another()
    assert other.revoke_link("link1", NOW + 9).revoked_at == int(NOW) + 1
    (viewer,) = of(other, session)
    assert ended(viewer, NOW + 1) is Ending.REVOKED
    with pytest.raises(NotKnown):
        store.revoke_link("none", NOW)


def test_what_is_refused_opens_nothing(store: Store) -> None:
    with_app(store)
    with_link(store)
    for holder, secret in ((BY_LINK, "link1.wrong"), (Holder(None, "none"), "none.secret")):

        def decide(found: App | Link | None, secret: str = secret) -> NewSession:
            assert not isinstance(found, App)
            return begin_session(require_secret(found, secret), 12, NOW)

        with pytest.raises(Refused) as raised:
            store.open_session(holder, decide, NOW)
        assert raised.value.reason is Reason.CREDENTIALS
    with pytest.raises(Refused):
        begin_session(require_secret(None, ""), 12, NOW)


def test_a_new_secret_of_an_app_ends_its_sessions(store: Store, another: Callable[[], Store]) -> None:
    with_app(store)
    session = begun(store, BY_APP)
    store.change_app("key1", lambda app: msgspec.structs.replace(app, disabled=True))
    (viewer,) = of(another(), session)
    assert ended(viewer, NOW) is Ending.DISABLED
    store.change_app("key1", lambda app: msgspec.structs.replace(app, disabled=False, secret_hash=hash_of("new")))
    assert of(another(), session) == [None]
    assert ended(None, NOW) is Ending.SESSION


def test_sessions_that_have_ended_are_removed_and_others_are_few(store: Store) -> None:
    with_app(store)
    with_link(store)
    short = begun(store, BY_LINK, hours=1)
    by_app = begun(store, BY_APP)
    held = short.kept
    for number in range(3):

        def decide(found: App | Link | None, number: int = number) -> NewSession:
            assert isinstance(found, Link)
            kept = Session(f"hash{number}", None, "link1", held.expires_at + number)
            return NewSession("", kept, Viewer(None, found, kept.expires_at))

        store.open_session(BY_LINK, decide, NOW)
    assert of(store, short, by_app) == [short.viewer, by_app.viewer]
    later = begun(store, BY_LINK, now=held.expires_at)
    assert of(store, short) == [None]
    assert store.viewers(["hash0", "hash1"])[1] is not None
    assert of(store, later) == [later.viewer]


def test_of_too_many_sessions_those_that_end_first_go(store: Store) -> None:
    with_app(store)
    with_link(store, until=None)
    by_app = begun(store, BY_APP, hours=0.5)
    first = begun(store, BY_LINK, hours=1)
    second = begun(store, BY_LINK, hours=2)
    columns = ("session_hash", "app_key", "link_id", "expires_at")
    rows = [(f"{number:064}", None, "link1", int(NOW) + 9_000) for number in range(MOST_SESSIONS - 2)]
    with store.tables(filling=True) as tables:
        tables.load("sessions", columns, rows)
    last = begun(store, BY_LINK)
    assert of(store, first, second, last, by_app) == [None, second.viewer, last.viewer, by_app.viewer]


def test_sessions_of_one_link_that_begin_at_once_all_begin(another: Callable[[], Store]) -> None:
    stores = another(), another()
    with_app(stores[0])
    with_link(stores[0])
    found = together(*(lambda s=s: begun(s, BY_LINK) for s in stores))
    assert of(stores[0], *found) == [session.viewer for session in found]


def test_an_organisation_is_forgotten_with_its_links_and_sessions(store: Store) -> None:
    with_app(store)
    with_link(store)
    begun(store, BY_APP)
    begun(store, BY_LINK)
    assert store.forget("c1") == 5
    assert store.links() == []
    assert not store.mentions("link1")


def test_a_copy_has_links_and_sessions(store: Store, tmp_path: Path) -> None:
    with_app(store)
    with_link(store)
    sessions = begun(store, BY_APP), begun(store, BY_LINK)
    assert store.newest() == NOW
    store.copy(tmp_path / "copy.db")
    with closing(SQLiteStore(tmp_path / "copy.db")) as copy:
        assert copy.links() == store.links()
        assert of(copy, *sessions) == [session.viewer for session in sessions]


def test_a_session_ends_no_later_than_its_link() -> None:
    session = begin_session(LINK, 48, NOW)
    assert session.kept.expires_at == LINK.until
    assert ended(session.viewer, NOW) is None
    assert ended(session.viewer, LINK.until or 0) is Ending.LINK
    assert ended(begin_session(LINK, 1, NOW).viewer, NOW + 3600) is Ending.SESSION
