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
    """An empty folder of this user's is closed: systemd, containers and mounts make such ones. One that does not exist
    is made closed. In one that is used already nothing is changed, as that may be meant.

    :raises BadValue: when others can read or write it.
    """
    try:
        found = data.stat()
        mode = stat.S_IMODE(found.st_mode)
        if not mode & 0o077 or not stat.S_ISDIR(found.st_mode):
            return
        if found.st_uid == os.geteuid() and set(os.listdir(data)) <= _OF_DISKS:  # noqa: PTH208 - names alone
            data.chmod(0o700)
            return
    except OSError:  # whoever uses it says so
        return
    raise BadValue(
        f"the data folder {data} is open to other users of the machine ({mode:04o})",
        f"`chmod 700 {quote(str(data))}`; or --insecure-permissions where it has to be, as a volume with a group",
    )
