"""How a caller shows who it is."""

from __future__ import annotations

TOKEN_HEADER = b"x-acs-dingtalk-access-token"


def token_in(value: bytes) -> str | None:
    """The token in the value of its header. Some older SDKs send it in a pair of double quotes, which is taken off."""
    text = value.decode("latin-1").strip()
    return (text[1:-1] if len(text) >= 2 and text[0] == text[-1] == '"' else text) or None
