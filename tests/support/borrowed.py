"""Messages that the command line prints and others made: click and the machine."""

from __future__ import annotations

import ast
import errno
import os
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from tests.support.texts import called, escaped

_OF_CLICK = ("core", "decorators", "exceptions", "formatting", "parser", "types")
_PUT_TOGETHER = (
    "File", "Directory", "Path", "boolean", "float", "float range", "integer", "integer range", "required",
    "Missing argument {param_hint}.", "Missing option {param_hint}.", "Missing option {param_hint}. {message}",
    "Invalid value for {param_hint} (env var: {var}): {message}", "{message} Did you mean {possibility}?",
    "{message} (Did you mean one of: {possibilities}?)",
)  # fmt: skip
"""What click puts together of its messages."""
_OF_SYSTEM = (
    errno.EACCES, errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.ECONNREFUSED, errno.EDQUOT, errno.EEXIST, errno.EIO,
    errno.EISDIR, errno.EMFILE, errno.ENOENT, errno.ENOSPC, errno.ENOTDIR, errno.EPERM, errno.EROFS,
)  # fmt: skip
"""Of which the machine's own messages are told."""
_OF_PROGRAMMERS = re.compile(
    r"decl|defined|prog\)|Deprecat|Choice\(|iterable|dynamic|nargs|len_type|Confirm the|continue"
)
"""Messages of click that say how it is used."""


def borrowed() -> Iterator[tuple[str, str]]:
    """Each message, and whose it is."""
    for text in (*_of_click(), *_PUT_TOGETHER):
        yield text, "click"
    for number in _OF_SYSTEM:
        yield escaped(os.strerror(number)), "system"


def _of_click() -> Iterator[str]:
    """The messages that click marks as such. Values are called what those of our own messages are."""
    spec = find_spec("click")
    assert spec is not None
    assert spec.origin is not None
    for name in _OF_CLICK:
        for node in ast.walk(ast.parse((Path(spec.origin).parent / f"{name}.py").read_text("utf-8"))):
            if isinstance(node, ast.Call) and called(node) in ("_", "ngettext"):
                for one in node.args:
                    if isinstance(one, ast.Constant) and not _OF_PROGRAMMERS.search(str(one.value)):
                        yield str(one.value).replace("{name} {filename", "{what} {filename").replace("{args}", "{rest}")
