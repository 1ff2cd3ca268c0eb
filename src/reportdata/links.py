"""View links and sessions: how people come in who have no app key.

A view link is an address whose fragment holds a secret. A browser exchanges it for a session, whose own secret lies in
a cookie; an app's key and secret are exchanged in the same way. Of both secrets only hashes are kept. Everything here
is pure: the time is passed in.
"""

from __future__ import annotations

import hmac
import secrets
from enum import Enum
from typing import NamedTuple

import msgspec

from reportdata.errors import BadValue, Reason, Refused
from reportdata.identity import App, hash_of, new_secret

MOST_SESSIONS = 1_000
"""Sessions of one link or app at most; the one that ends first makes room for another."""
LONGEST_NAME = 100
_SEPARATOR = "."


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A view link of an organisation.

    ``name`` says whom it is for, in the words of whoever made it. ``departments`` are all that it shows, with those
    below them; empty for the whole organisation. Times are seconds since 1970; ``until`` is None for no end.
    """

    link_id: str
    name: str
    corp_id: str
    secret_hash: str
    scopes: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    until: int | None = None
    revoked_at: int | None = None

    def as_app(self) -> App:
        """The link as a caller whose scopes, rate and organisation are checked like an app's; it has no secret."""
        return App(
            app_key=self.link_id, name=self.name, corp_id=self.corp_id, secret_hash="", scopes=self.scopes, rate=None
        )


class Session(msgspec.Struct, frozen=True):
    """What is kept of a session: the hash of its secret, whose it is (an app's key or a link's id, the other is None),
    and its end, in seconds since 1970."""

    session_hash: str
    app_key: str | None
    link_id: str | None
    expires_at: int


class Viewer(msgspec.Struct, frozen=True):
    """Whose a session is, an app or a link, and its end."""

    app: App | None
    link: Link | None
    expires_at: int


class Ending(Enum):
    """Why somebody who was let in is not any more."""

    SESSION = "the session has ended"
    REVOKED = "the link was revoked"
    LINK = "the link has ended"
    DISABLED = "the app is disabled"


class Holder(NamedTuple):
    """Whose a session is to be: an app's key or a link's id, the other is None."""

    app_key: str | None = None
    link_id: str | None = None


class NewSession(NamedTuple):
    """A session's secret, for the cookie; what is kept of it; and whose it is."""

    secret: str
    kept: Session
    viewer: Viewer


def new_link_id() -> str:
    """A fresh id of a link."""
    return "link" + secrets.token_hex(8)


def new_link_secret(link_id: str) -> str:
    """A fresh secret of a link: its id, by which it is found, and what a secret of an app is."""
    return f"{link_id}{_SEPARATOR}{new_secret()}"


def read_link_name(text: str) -> str:
    """The name of a link.

    :raises BadValue: when it is none that the audit and a page could show.
    """
    name = " ".join(text.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise BadValue(f"{text[:LONGEST_NAME]!r} is no name", f"give 1 to {LONGEST_NAME} characters that can be seen")
    return name


def link_id_in(secret: str) -> str:
    """The id of the link that a secret says to be of; whatever stands there when it is none."""
    return secret.partition(_SEPARATOR)[0][:100]


def require_secret(link: Link | None, secret: str) -> Link:
    """The link, when the secret is its own.

    :raises Refused: when it is not, or there is none; the reason does not say which.
    """
    right = hmac.compare_digest(hash_of(secret), link.secret_hash if link is not None else hash_of(""))
    if link is None or not right:
        raise Refused(Reason.CREDENTIALS)
    return link


def ended(viewer: Viewer | None, now: float) -> Ending | None:
    """Why a session is none any more; None while it is one."""
    if viewer is None:
        return Ending.SESSION
    if viewer.link is not None and (found := link_ended(viewer.link, now)) is not None:
        return found
    if viewer.app is not None and viewer.app.disabled:
        return Ending.DISABLED
    return Ending.SESSION if viewer.expires_at <= now else None


def link_ended(link: Link, now: float) -> Ending | None:
    """Why a link lets nobody in any more; None while it does."""
    if link.revoked_at is not None:
        return Ending.REVOKED
    return Ending.LINK if link.until is not None and link.until <= now else None


def begin_session(holder: App | Link, hours: float, now: float) -> NewSession:
    """A session of an app or a link, which ends after ``hours``, and no later than the link."""
    secret = secrets.token_urlsafe(32)
    expires_at = int(now + hours * 3600)
    if isinstance(holder, App):
        kept = Session(hash_of(secret), holder.app_key, None, expires_at)
        return NewSession(secret, kept, Viewer(holder, None, expires_at))
    expires_at = expires_at if holder.until is None else min(expires_at, holder.until)
    return NewSession(
        secret, Session(hash_of(secret), None, holder.link_id, expires_at), Viewer(None, holder, expires_at)
    )
