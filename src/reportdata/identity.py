"""Organisations, apps, scopes and tokens: who asks, and what they may have.

Everything here is pure: the time is passed in, and nothing is read or written. A refusal is `Refused` with its reason.

No secret and no live token is kept. Of a secret only its hash is stored; secrets are 64 random characters, so that a
plain hash cannot be searched. A token is derived from the secret that the caller presents and a stored nonce: a
repeated call gives the same token again, and what is stored (nonce, hash of the token) does not give it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import string
from collections.abc import Collection
from enum import Enum
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import NamedTuple

import msgspec

from reportdata.errors import BadValue, Reason, Refused

TOKEN_LIFETIME = 7200
"""Seconds, as DingTalk documents for ``accessToken`` and ``gettoken``."""

_ALPHANUMERIC = string.ascii_lowercase + string.digits


class AppType(Enum):
    """The document's table of application types; only internal apps may hold the scope."""

    INTERNAL = "internal"
    THIRD_PARTY_ENTERPRISE = "third-party-enterprise"
    THIRD_PARTY_PERSONAL = "third-party-personal"


class Organisation(msgspec.Struct, frozen=True):
    """A company, with the time zone that its days are counted in."""

    corp_id: str
    time_zone: str


class OldSecret(NamedTuple):
    """A secret that an app had before: its hash, and until when it is valid, in seconds since 1970."""

    hash: str
    until: int


class App(msgspec.Struct, frozen=True, kw_only=True):
    """A program that may ask for an organisation's numbers.

    ``rate`` is calls a second, None for the server's, 0 for no limit; an empty ``allow_list`` allows every address.
    ``old_secrets`` are valid for a while beside the one of ``secret_hash``, so that programs can be changed one by one.
    ``zero_unknown`` says that the app is answered 0 in place of a KPI that is not known.
    """

    app_key: str
    name: str
    type: AppType = AppType.INTERNAL
    corp_id: str | None
    secret_hash: str
    scopes: tuple[str, ...] = ()
    allow_list: tuple[str, ...] = ()
    old_secrets: tuple[OldSecret, ...] = ()
    rate: int | None = None
    disabled: bool = False
    zero_unknown: bool = False

    @property
    def secret_hashes(self) -> tuple[str, ...]:
        """The hashes of all its secrets, the current one first; old ones may have ended."""
        return (self.secret_hash, *(old.hash for old in self.old_secrets))

    def old_secrets_at(self, now: float) -> tuple[OldSecret, ...]:
        """The old secrets that are valid at a time, in seconds since 1970."""
        return tuple(old for old in self.old_secrets if old.until > now)


class Token(msgspec.Struct, frozen=True):
    """What is kept of an issued token. ``expires_at`` is in seconds since 1970."""

    token_hash: str
    app_key: str
    nonce: str
    expires_at: int


class Caller(msgspec.Struct, frozen=True):
    """The app that a token was issued to, and the token's end."""

    app: App
    expires_at: int


def new_app_key() -> str:
    """A fresh app key, of the shape that DingTalk's have."""
    return "ding" + "".join(secrets.choice(_ALPHANUMERIC) for _ in range(16))


def new_secret() -> str:
    """A fresh secret: 64 letters, digits, ``-`` and ``_``, of 384 random bits. It does not begin with ``-``: programs
    would take it for an option."""
    while (secret := secrets.token_urlsafe(48)).startswith("-"):
        pass
    return secret


def hash_of(secret: str) -> str:
    """The hash under which a secret or a token is stored."""
    return hashlib.sha256(secret.encode()).hexdigest()


def rotated(app: App, secret_hash: str, overlap: float, now: float) -> App:
    """The app with a new secret. The one before is valid for ``overlap`` seconds more, and those before it until their
    own ends; without an overlap all end now."""
    kept = (OldSecret(app.secret_hash, int(now + overlap)), *app.old_secrets_at(now)) if overlap > 0 else ()
    return msgspec.structs.replace(app, secret_hash=secret_hash, old_secrets=kept)


def issue(app: App | None, secret: str, current: Token | None, now: float) -> tuple[str, Token]:
    """The token for a caller that presents an app's secret: the app's current one, renewed, or a new one.

    :param app: the app of the presented key, None when there is none.
    :param current: the app's latest token, None when it has none.
    :raises Refused: when key or secret are wrong or the app is disabled; the reason does not say which.
    """
    given, right = hash_of(secret), False
    for known in (app.secret_hash, *(old.hash for old in app.old_secrets_at(now))) if app else (hash_of(""),):
        right |= hmac.compare_digest(given, known)
    if app is None or app.disabled or not right:
        raise Refused(Reason.CREDENTIALS)
    nonce = current.nonce if current is not None and current.expires_at > now else secrets.token_hex(16)
    token = hmac.digest(secret.encode(), nonce.encode(), "sha256").hex()[:32]
    return token, Token(hash_of(token), app.app_key, nonce, int(now) + TOKEN_LIFETIME)


def mint(app: App, now: float) -> tuple[str, Token]:
    """A token for the operator of the data folder, who needs no secret. It is not given again."""
    token = secrets.token_hex(16)
    return token, Token(hash_of(token), app.app_key, "", int(now) + TOKEN_LIFETIME)


def authenticate(caller: Caller | None, now: float) -> App:
    """The app behind a token.

    :raises Refused: when the token is unknown or expired or its app is disabled.
    """
    if caller is None or caller.expires_at <= now or caller.app.disabled:
        raise Refused(Reason.TOKEN_INVALID)
    return caller.app


def require_address(app: App, address: str) -> None:
    """:raises Refused: when the app has an allow-list and the address is not in it."""
    if app.allow_list and not is_allowed(app.allow_list, address):
        raise Refused(Reason.ADDRESS)


def require_one_scope(app: App, scopes: Collection[str]) -> None:
    """:raises Refused: when the app's type may not hold scopes, or the app has none of these."""
    if app.type is AppType.INTERNAL:
        for scope in scopes:
            if scope in app.scopes:
                return
    raise Refused(Reason.SCOPE)


def require_organisation(app: App) -> str:
    """The organisation whose numbers the app may read.

    :raises Refused: when the app belongs to none.
    """
    if app.corp_id is None:
        raise Refused(Reason.NO_ORGANISATION)
    return app.corp_id


@lru_cache(maxsize=4096)
def is_allowed(allow_list: tuple[str, ...], address: str) -> bool:
    """Whether an address lies in one of the networks; an IPv4 address written as IPv6 counts as what it is."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return any(found in network for network in map(read_network, allow_list))


def read_network(text: str) -> IPv4Network | IPv6Network:
    """The network that an allow-list entry names: an address or a CIDR.

    :raises BadValue: when it is neither.
    """
    try:
        return ip_network(text, strict=False)
    except ValueError as error:
        raise BadValue(f"{text!r} is neither an address nor a network", "write 192.0.2.7 or 192.0.2.0/24") from error


def check_scopes(app_type: AppType, scopes: tuple[str, ...], known: Collection[str]) -> None:
    """:raises BadValue: when a scope is none of those that services have, or an app of that type may not hold it."""
    for scope in scopes:
        if scope not in known:
            raise BadValue(f"{scope!r} is not a scope", f"the scopes are: {', '.join(known)}")
        if app_type is not AppType.INTERNAL:
            raise BadValue(f"an app of type {app_type.value} may not hold {scope}", "only internal apps may")
