"""Checks of what the machine gives: rights, space, limits, the clock, the certificate."""

from __future__ import annotations

import math
import os
import pwd
import resource
import shutil
import stat
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shlex import quote
from tempfile import TemporaryFile

from reportdata.certificates import validity
from reportdata.cli.doctor.findings import Examined, Finding, fail, ok, warn
from reportdata.cli.local_times import local_text
from reportdata.cli.output import size_text
from reportdata.files import files_within
from reportdata.plurals import count_of

_LITTLE, _TOO_LITTLE = 1_000_000_000, 100_000_000
"""Free bytes."""
_PACE = 30
"""Days whose writing tells how long the free bytes last, and for how many they are to last."""
_FEW, _TOO_FEW = 10_000, 100
"""Free inodes."""
_OPEN_FILES = 4096
_TOLERANCE = 60
"""Seconds by which clocks may differ: the folder may have come from another machine."""
_SOON = timedelta(days=30)
_BEGIN, _END = datetime(2025, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""No clock is right that is before this program or after the last day that facts may have."""


def rights(examined: Examined) -> Iterator[Finding]:
    """Others cannot read the data folder, this user can write it."""
    data = examined.settings.data
    mode = stat.S_IMODE(data.stat().st_mode)
    try:
        with TemporaryFile(dir=data):
            pass
    except OSError as error:
        yield fail(f"this user cannot write {data}: {error.strerror}", "run as the user whom the folder belongs to")
        return
    if mode & 0o077:
        yield warn(f"{data} is open to other users of the machine ({mode:04o})", f"chmod 700 {quote(str(data))}")
    else:
        yield ok("writable by this user, closed to others")


def owner(examined: Examined) -> Iterator[Finding]:
    """The data folder and what is in it belong to the user who runs this."""
    settings, user = examined.settings, os.geteuid()
    places = (
        settings.data,
        settings.store,
        *settings.data.glob(f"{settings.store.name}-*"),
        settings.lake,
        settings.audit,
    )
    owners = {path: path.stat().st_uid for path in (*places, settings.lake / "incoming") if path.exists()}
    of_folder = owners[settings.data]
    foreign = [path for path, of in owners.items() if of != of_folder]
    if foreign:
        whose = f"{_name(owners[foreign[0]])}, the data folder to {_name(of_folder)}"
        chown = f"chown -R {_name(of_folder)} {quote(str(settings.data))}"
        yield warn(f"{foreign[0]} belongs to {whose}", chown)
    elif of_folder != user:
        named = _name(of_folder)
        yield warn(f"the data folder belongs to {named}, this is {_name(user)}", f"run commands as {named}")
    else:
        yield ok(_name(user))


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)


def space(examined: Examined) -> Iterator[Finding]:
    """The data folder's disk has room for bytes and for files."""
    usage = shutil.disk_usage(examined.settings.data)
    found = f"{size_text(usage.free)} free of {size_text(usage.total)}"
    advice = "make room, or move the data folder to a larger disk"
    days = _days_until_full(examined.settings.data, usage.free, examined.now)
    if usage.free < _TOO_LITTLE:
        yield fail(found, advice)
    elif days < _PACE:
        yield warn(
            f"{found}: at the pace of the last {_PACE} days it lasts for {count_of(round(days), 'day', 'days')}", advice
        )
    elif usage.free < max(_LITTLE, usage.total / 10):
        yield warn(found, advice)
    else:
        yield ok(found)


def _days_until_full(data: Path, free: int, now: float) -> float:
    """For how many days the free bytes last if as much is written as the last days left."""
    written = 0
    for folder, _, names in os.walk(data):
        for name in names:
            with suppress(OSError):  # gone meanwhile
                found = Path(folder, name).stat()
                written += found.st_size if found.st_mtime > now - _PACE * 86400 else 0
    return free / written * _PACE if written else math.inf


def inodes(examined: Examined) -> Iterator[Finding]:
    """The data folder's disk can hold more files."""
    disk = os.statvfs(examined.settings.data)
    found = f"{disk.f_favail:,} more files of {disk.f_files:,}"
    advice = "remove files, or move the data folder to a file system with more inodes"
    if disk.f_files == 0:
        yield ok("as many files as there is room for")
    elif disk.f_favail < _TOO_FEW:
        yield fail(found, advice)
    elif disk.f_favail < max(_FEW, disk.f_files / 10):
        yield warn(found, advice)
    else:
        yield ok(found)


def open_files(_examined: Examined) -> Iterator[Finding]:
    """A server may hold many connections."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit != resource.RLIM_INFINITY and limit < _OPEN_FILES:
        advice = "`ulimit -n 65536` before serving, or LimitNOFILE=65536 in its systemd unit"
        yield warn(f"a process may open {limit:,} files and connections", advice)
    else:
        yield ok("no limit" if limit == resource.RLIM_INFINITY else f"{limit:,}")


def clock(examined: Examined) -> Iterator[Finding]:
    """The clock is not before what it once recorded: tokens would live too long, days would be missing."""
    at = datetime.fromtimestamp(examined.now, UTC)
    advice = "set the clock, and keep it right with NTP (timedatectl set-ntp true)"
    (newest, what), zone = max(_recorded(examined)), examined.zone
    if not _BEGIN <= at < _END:
        yield fail(f"the year is {at.year}", advice)
    elif newest > examined.now + _TOLERANCE:
        recorded = datetime.fromtimestamp(newest, UTC)
        yield fail(f"it is {_text(at, zone)}, but {what} is from {_text(recorded, zone)}", advice)
    else:
        yield ok(_text(at, zone))


def _recorded(examined: Examined) -> Iterator[tuple[float, str]]:
    """Times that this machine's clock gave, and what to."""
    settings = examined.settings
    yield (examined.store.newest() if examined.store else 0.0), "a day's computation or an app"
    for folder in (settings.data, settings.lake):
        yield from _modified([path for path in folder.glob("*") if path.is_file()])
    for kind in (*examined.lake.kinds(), "coverage"):
        yield from _modified([*files_within(settings.lake / kind)])


def _modified(paths: list[Path]) -> Iterator[tuple[float, str]]:
    for path in paths:
        with suppress(FileNotFoundError):  # gone meanwhile
            yield path.stat().st_mtime, str(path)


def _text(at: datetime, zone: str) -> str:
    return f"{local_text(at.timestamp(), zone)} {zone}"


def certificate(examined: Examined) -> Iterator[Finding]:
    """The certificate that clients are shown is valid, and names the hosts they call."""
    if examined.certificate is None:
        return
    found = validity(examined.certificate)
    at = datetime.fromtimestamp(examined.now, UTC)
    names = ", ".join(sorted(found.names))
    renew = f"renew it, and replace {examined.certificate}: it is taken up while serving"
    if found.ends <= at:
        yield fail(f"it ended on {_text(found.ends, examined.zone)}", renew)
    elif found.begins > at:
        yield fail(
            f"it begins on {_text(found.begins, examined.zone)}", "see that the clock is right, or wait until then"
        )
    elif not names:
        yield warn("it names no host, so that clients refuse it", "have one made with subject alternative names")
    elif found.ends - at < _SOON:
        yield warn(f"it ends on {_text(found.ends, examined.zone)}; for {names}", renew)
    else:
        yield ok(f"until {_text(found.ends, examined.zone)}; for {names}")
