"""Who may ask what: the part of every store that knows organisations, apps, tokens, view links and sessions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from reportdata.identity import App, Caller, Organisation, Token
from reportdata.links import Holder, Link, NewSession, Viewer


class Accounts(Protocol):
    """What `reportdata.store` says of every method holds of these."""

    def organisations(self) -> list[Organisation]:
        """All organisations, by id."""

    def add_organisations(self, organisations: Iterable[Organisation]) -> None:
        """Add organisations; those that are there stay as they are.

        :raises AlreadyKnown: when one is there with another time zone; then none is added.
        """

    def tell_zones(self, *, again: bool = False) -> None:
        """Keep what the store's views for other programs need of the organisations' time zones, where it is not there;
        ``again`` also where it is, since the rules of zones change."""

    def apps(self) -> list[App]:
        """All apps, by key."""

    def app(self, app_key: str) -> App | None:
        """The app of that key, or None."""

    def add_app(self, app: App, now: float) -> None:
        """Add an app."""

    def change_app(self, app_key: str, change: Callable[[App], App]) -> App:
        """Replace an app by what ``change`` makes of it, and return that. All its tokens and sessions end when its
        secret is none of those that it has afterwards.

        :raises NotKnown: when there is no such app.
        """

    def caller(self, token_hash: str) -> Caller | None:
        """Whom the token with that hash was issued to, or None."""

    def callers(self, token_hashes: Sequence[str]) -> list[Caller | None]:
        """What `caller` says of each."""

    def issue_token(self, app_key: str, decide: Callable[[App | None, Token | None], tuple[str, Token]]) -> str:
        """Issue a token: ``decide`` is given the app and its latest token and returns the text to hand out and what to
        keep. Two calls at once are decided one after the other. What ``decide`` raises changes nothing."""

    def add_token(self, token: Token) -> None:
        """Add a token to those that an app has."""

    def claim_client_token(self, app_key: str, client_token: str, request: str, now: float) -> bool:
        """Whether a client token is new, older than a day, or was last used for the same request; it then is taken for
        this one. Both texts are digests."""

    def links(self) -> list[Link]:
        """All view links, revoked ones too, by organisation, name and id."""

    def link(self, link_id: str) -> Link | None:
        """The view link of that id, or None."""

    def add_link(self, link: Link, now: float) -> None:
        """Add a view link."""

    def revoke_link(self, link_id: str, now: float) -> Link:
        """Let nobody in by a link from now on, and return it; one that was revoked before stays so.

        :raises NotKnown: when there is no such link.
        """

    def open_session(self, holder: Holder, decide: Callable[[App | Link | None], NewSession], now: float) -> NewSession:
        """Open a session: ``decide`` is given whose it is to be, None when there is no such app or link, and returns
        what to keep, which this returns. Sessions that have ended are removed, and of more than
        `reportdata.links.MOST_SESSIONS` of one app or link those that end first. What ``decide`` raises changes
        nothing."""

    def viewers(self, session_hashes: Sequence[str]) -> list[Viewer | None]:
        """Whose the sessions with these hashes are, None for those that there are not. Whether they have ended, and
        their links are revoked, `reportdata.links.ended` tells."""

    def end_session(self, session_hash: str) -> None:
        """Remove a session; nothing happens when there is none."""
