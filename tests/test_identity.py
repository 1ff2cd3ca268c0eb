"""Secrets can be given to any program as they are."""

from __future__ import annotations

import re

from reportdata.identity import new_secret


def test_no_secret_looks_like_an_option() -> None:
    found = {new_secret() for _ in range(2000)}
    assert len(found) == 2000
    assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{63}", secret) for secret in found)
