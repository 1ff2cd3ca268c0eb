"""The pages for people: files that browsers load, over the public API. They are plain ES modules and CSS; nothing is
built.

All files but the pages themselves lie under one path that has the hash of them all, so browsers may keep them for ever,
and the modules of one page are of one release. Addresses are relative: a proxy may serve everything under a path.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

FOLDER = "web"
"""The path under which the files lie."""
_PLACE = "__FILES__"
"""What stands in pages for the path of the files."""
_STATIC = Path(__file__).with_name("static")
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


class File(NamedTuple):
    """A file as it is served: compressed with gzip, and what it is."""

    packed: bytes
    media_type: str


class Pages(NamedTuple):
    """Pages by name, the hash of the other files, and these by name."""

    pages: Mapping[str, File]
    version: str
    files: Mapping[str, File]


@cache
def read_pages() -> Pages:
    """All files, compressed."""
    bodies = {path.name: path.read_bytes() for path in sorted(_STATIC.iterdir()) if path.suffix in _TYPES}
    own = {name: body for name, body in bodies.items() if not name.endswith(".html")}
    digest = hashlib.sha256()
    for name, body in own.items():
        digest.update(b"%b %d\n%b" % (name.encode(), len(body), body))
    version = digest.hexdigest()[:16]
    place = f"{FOLDER}/{version}".encode()
    pages = {
        name.removesuffix(".html"): _file(name, body.replace(_PLACE.encode(), place))
        for name, body in bodies.items()
        if name not in own
    }
    return Pages(pages, version, {name: _file(name, body) for name, body in own.items()})


def _file(name: str, body: bytes) -> File:
    return File(gzip.compress(body, 9, mtime=0), _TYPES[Path(name).suffix])
