"""Whether others can look into the data folder: whoever may read it may read all numbers."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from shlex import quote

from reportdata.errors import BadValue

_OF_DISKS = {"lost+found"}
"""What a folder holds that is a disk of its own and was not used yet."""


def require_closed(data: Path) -> None:
    """An empty folder of this user's is closed: systemd, containers and mounts make such ones; but for one like /tmp,
    in which every user may make files. One that does not exist is made closed. In one that is used already nothing is
    changed, as that may be meant.

    :raises BadValue: when others can read or write it.
    """
    try:
        found = data.stat()
        mode = stat.S_IMODE(found.st_mode)
        if not mode & 0o077 or not stat.S_ISDIR(found.st_mode):
            return
        shared = bool(mode & stat.S_ISVTX)
        own = found.st_uid == os.geteuid()
        if own and not shared and set(os.listdir(data)) <= _OF_DISKS:  # noqa: PTH208 - names alone
            data.chmod(0o700)
            return
    except OSError:  # whoever uses it says so
        return
    raise BadValue(
        f"the data folder {data} is open to other users of the machine ({mode:04o})",
        f"{_way_out(data, shared=shared, closable=own or os.geteuid() == 0, owner=found.st_uid)}; "
        "or --insecure-permissions where it has to be, as a volume with a group",
    )


def require_own(data: Path) -> None:
    """A folder that is there is one that this user can use.

    :raises BadValue: when the user cannot.
    """
    try:
        owner = data.stat().st_uid
    except (FileNotFoundError, NotADirectoryError):  # whoever needs it says so
        return
    except PermissionError as error:
        raise BadValue(
            f"this user cannot look into {data.parent}, where the data folder {data} is to be",
            "run as the user whom it belongs to, or give a folder of your own by --data",
        ) from error
    if os.access(data, os.R_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
        return
    if owner == os.geteuid():
        raise BadValue(f"this user cannot read the data folder {data}", f"`chmod 700 {quote(str(data))}`")
    raise BadValue(
        f"this user cannot read the data folder {data}", _way_out(data, shared=False, closable=False, owner=owner)
    )


def _way_out(data: Path, *, shared: bool, closable: bool, owner: int) -> str:
    """What this user can do about it."""
    if shared:
        return f"all users share it: give a folder in it, like --data {quote(str(data / 'reportdata-data'))}"
    if not closable:
        return f"it belongs to the user with the id {owner}: run as that one, or give a folder of your own by --data"
    return f"`chmod 700 {quote(str(data))}`"
