"""Secrets that leave the program: files that only their owner can read, and a word where others can."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from reportdata.cli.language import say
from reportdata.errors import BadValue
from reportdata.files import write


@contextmanager
def secret_file(path: Path | None, content: dict[str, str]) -> Iterator[None]:
    """Write a secret to a new file, which is claimed before the block and is not there when the block raises.

    :param path: None for no file.
    :raises BadValue: when it cannot be written, or there is one.
    """
    if path is None:
        yield
        return
    try:
        write(path, msgspec.json.encode(content) + b"\n", new=True)
    except FileExistsError:
        raise BadValue(f"there is a file {path} already", "name a new one, so that no secret is lost") from None
    except OSError as error:
        raise BadValue(f"{path} cannot be written: {error.strerror or error}", "name another file") from error
    try:
        yield
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def warn_of_readers() -> None:
    """Say so on standard error when standard output goes to a file that others can read."""
    try:
        mode = os.fstat(sys.stdout.fileno()).st_mode
    except (OSError, ValueError):
        return
    if stat.S_ISREG(mode) and mode & (stat.S_IRGRP | stat.S_IROTH):
        say(
            f"Warning: others can read the file that the secret is written to ({stat.S_IMODE(mode):04o}): "
            f"`chmod 600` it; --output FILE makes a file that only its owner can read.",
            err=True,
        )
