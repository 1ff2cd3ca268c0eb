"""Damage to what is at rest: one file of a data folder or of a lake in object storage is flipped, cut, zeroed, deleted,
replaced, or swapped with another; and what then is said of its numbers."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from click.testing import CliRunner, Result

from reportdata.cli import cli

KINDS = ("flip", "digit", "cut", "zero", "empty", "delete", "replace", "swap")


class Files(Protocol):
    """Files by names, which can be damaged."""

    def names(self) -> list[str]: ...

    def read(self, name: str) -> bytes: ...

    def write(self, name: str, content: bytes) -> None: ...

    def delete(self, name: str) -> None: ...


class FolderFiles:
    """The files of a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> list[str]:
        paths = (path for path in self._folder.rglob("*") if path.is_file())
        names = (path.relative_to(self._folder).as_posix() for path in paths)
        return sorted(name for name in names if not name.endswith(("lock", "-shm", "verified", "garbage")))

    def read(self, name: str) -> bytes:
        return (self._folder / name).read_bytes()

    def write(self, name: str, content: bytes) -> None:
        (self._folder / name).write_bytes(content)

    def delete(self, name: str) -> None:
        (self._folder / name).unlink()


class Objects:
    """The objects below an address."""

    def __init__(self, client: Any, address: str) -> None:
        self._client = client
        self._bucket, _, self._prefix = address.removeprefix("s3://").partition("/")

    def names(self) -> list[str]:
        return sorted(self.digests())

    def digests(self) -> dict[str, str]:
        """Each object's MD5, in quotes."""
        found = self._client.list_objects_v2(Bucket=self._bucket, Prefix=f"{self._prefix}/")
        return {one["Key"].removeprefix(f"{self._prefix}/"): one["ETag"] for one in found.get("Contents", [])}

    def read(self, name: str) -> bytes:
        content: bytes = self._client.get_object(Bucket=self._bucket, Key=f"{self._prefix}/{name}")["Body"].read()
        return content

    def write(self, name: str, content: bytes) -> None:
        self._client.put_object(Bucket=self._bucket, Key=f"{self._prefix}/{name}", Body=content)

    def delete(self, name: str) -> None:
        self._client.delete_object(Bucket=self._bucket, Key=f"{self._prefix}/{name}")


class Damaged(NamedTuple):
    """What was done, and to which files."""

    kind: str
    names: tuple[str, ...]


def damage(files: Files, rng: random.Random, names: list[str]) -> Damaged | None:
    """Damage one of these files at random; None when it stayed as it was."""
    kind, name = rng.choice(KINDS), rng.choice(names)
    content = files.read(name)
    other = rng.choice(names)
    if kind == "swap":
        theirs = files.read(other)
        files.write(name, theirs)
        files.write(other, content)
        return Damaged(kind, (name, other)) if theirs != content else None
    if kind == "delete":
        files.delete(name)
        return Damaged(kind, (name,))
    new = _changed(content, kind, rng) if kind != "replace" else files.read(other)
    files.write(name, new)
    return Damaged(kind, (name,)) if new != content else None


def _changed(content: bytes, kind: str, rng: random.Random) -> bytes:
    if not content or kind == "empty":
        return b""
    place = rng.randrange(len(content))
    if kind == "cut":
        return content[:place]
    if kind == "zero":
        return content[:place] + bytes(min(4096, len(content) - place)) + content[place + 4096 :]
    if kind == "digit":
        digits = [at for at, byte in enumerate(content) if 48 <= byte <= 57]
        if digits:
            place = rng.choice(digits)
            return content[:place] + b"%d" % rng.randrange(10) + content[place + 1 :]
    return content[:place] + bytes([content[place] ^ (1 << rng.randrange(8))]) + content[place + 1 :]


Numbers = dict[tuple[str, str], tuple[tuple[tuple[str, int], ...], bool]]
"""By organisation and day: the numbers that are known, and whether the day is said to rest on damage."""


class Said(NamedTuple):
    """What commands say of a data folder: whether they failed, the numbers, what the doctor found, and exceptions."""

    failed: list[str]
    numbers: Numbers | None
    doctor: str
    healthy: bool
    tracebacks: list[str]


class Asked:
    """Asks a data folder by commands, in this process."""

    def __init__(self, data: Path, first: str, last: str, environment: Mapping[str, str]) -> None:
        self._data = data
        self._period = first, last
        self._environment = environment
        self._tracebacks: list[str] = []

    def run(self, *arguments: str) -> Result:
        """Run a command; what it raises is kept."""
        command = [*arguments, "--data", str(self._data)]
        result = CliRunner(env=self._environment).invoke(cli, command)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            self._tracebacks.append(f"{arguments[0]}: {result.exception!r}")
        return result

    def numbers(self) -> Numbers:
        """The numbers as they are."""
        first, last = self._period
        return _numbers(self.run("query", first, "--to", last, "--format", "json").stdout)

    def said(self, *, whole: bool) -> Said:
        """What is said after a refresh of what is stale or, ``whole``, of all days, and before it of what was
        pushed."""
        first, last = self._period
        commands = [["refresh", *(["--from", first, "--to", last] if whole else [])]]
        if (self._data / "inbox").exists():
            commands = [["work", "--once"], *commands]
        failed = [f"{c[0]}: {r.output}" for c in commands if (r := self.run(*c)).exit_code]
        asked = self.run("query", first, "--to", last, "--format", "json")
        found = self.run("doctor", "--thorough", "--json")
        healthy = False
        if found.stdout.startswith("{"):
            of_machine = ("disk", "inodes", "open files", "organisations", "apps")
            of_sample = ("collecting", "identities")  # what is never collected, and ids that are of two people
            checks = [check for check in json.loads(found.stdout)["checks"] if check["check"] not in of_machine]
            healthy = all(check["state"] == "ok" for check in checks if check["check"] not in of_sample)
            healthy = healthy and all(check["state"] != "fail" for check in checks)
        numbers = _numbers(asked.stdout) if asked.exit_code == 0 else None
        return Said(failed, numbers, found.output, healthy, self._tracebacks)


def _numbers(said: str) -> Numbers:
    rows = json.loads(said)
    return {
        (row["corp_id"], row["stat_date"]): (
            tuple(sorted((key, value) for key, value in row.items() if key.endswith("_DAY"))),
            row["state"] == "damaged",
        )
        for row in rows
    }


def wrong(said: Said, right: Numbers, before: Numbers) -> list[str]:
    """The numbers that are wrong. Days that rest on damage, or that a failed command could not compute, may have those
    of before."""
    found = []
    for key, (values, damaged) in (said.numbers or {}).items():
        allowed = dict(right[key][0]) if key in right else {}
        old = dict(before[key][0]) if key in before and (damaged or said.failed) else {}
        for kpi, value in values:
            if value != allowed.get(kpi) and value != old.get(kpi):
                found.append(f"{key} {kpi}={value}, not {allowed.get(kpi)}")
    return found


def copied(model: Path, data: Path) -> None:
    """A copy of a data folder, in place of the last one."""
    shutil.rmtree(data, ignore_errors=True)
    shutil.copytree(model, data)


def upload(folder: Path, objects: Objects) -> None:
    """The files of a lake in a folder as objects, in place of those that are there."""
    files = FolderFiles(folder)
    there = objects.digests()
    names = files.names()
    for name in names:
        content = files.read(name)
        if there.get(name) != f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"':
            objects.write(name, content)
    for name in there.keys() - set(names):
        objects.delete(name)
