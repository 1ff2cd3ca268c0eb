"""The programs: what each needs, how it is prepared and how it is started."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from tests.support.paths import ROOT

HERE = ROOT / "conformance"

OUTPUTS = {"build", "node_modules", "__pycache__"}
"""What preparing makes; the rest of a folder is the program."""
PATIENCE = 600
"""Seconds that a step of preparing may take."""
NO_TRACE = "-XX:-UsePerfData"
"""Keeps Java from writing how it does to /tmp."""

SAID = 300
"""Characters that are kept of what a failed step said; the cause comes first."""

Command = tuple[str, ...]


class Unprepared(Exception):
    """A program cannot be run. It is ``excused`` when a tool or a package registry is what is missing."""

    def __init__(self, reason: str, *, excused: bool) -> None:
        super().__init__(reason)
        self.excused = excused


class Language(NamedTuple):
    """A program. Its ``fetch`` commands may fail for want of a package registry, its ``build`` commands may not.

    ``prefixed``: the SDK puts an error's code before its message once more. ``prefixes``: it takes a path as a part of
    the endpoint. ``trusts``: it uses a kept connection without a test, and fails when the server has closed it.
    """

    name: str
    folder: str
    run: Command
    tools: tuple[str, ...] = ()
    fetch: tuple[Command, ...] = ()
    build: tuple[Command, ...] = ()
    prefixed: bool = False
    prefixes: bool = True
    trusts: bool = False

    @property
    def path(self) -> Path:
        """The folder of the program, in which all commands run."""
        return HERE / self.folder

    def prepare(self) -> None:
        """Fetch and build, unless that was done with what the folder holds now; raises `Unprepared`."""
        missing = [tool for tool in self.tools if shutil.which(tool) is None]
        if missing:
            raise Unprepared(f"{' and '.join(missing)} not installed", excused=True)
        if not self.fetch + self.build:
            return
        stamp, sources = self.path / "build" / "prepared", self._digest()
        stamp.parent.mkdir(exist_ok=True)
        with stamp.with_name("lock").open("w") as lock:  # tests in several processes may need it
            fcntl.flock(lock, fcntl.LOCK_EX)
            if stamp.exists() and stamp.read_text("utf-8") == sources:
                return
            for command in self.fetch:
                self._step(command, excused=True)
            for command in self.build:
                self._step(command, excused=False)
            stamp.write_text(sources, "utf-8")

    def _step(self, command: Command, *, excused: bool) -> None:
        try:
            done = subprocess.run(
                command,
                cwd=self.path,
                env={**os.environ, "JAVA_TOOL_OPTIONS": NO_TRACE},
                capture_output=True,
                text=True,
                timeout=PATIENCE,
            )
        except subprocess.TimeoutExpired:
            raise Unprepared(f"{' '.join(command)} took more than {PATIENCE} s", excused=excused) from None
        if done.returncode:
            said = " ".join(f"{done.stdout} {done.stderr}".split())[:SAID]
            raise Unprepared(f"{' '.join(command)} failed: {said}", excused=excused)

    def _digest(self) -> str:
        found = hashlib.sha256(repr((self.fetch, self.build)).encode())
        for path in sorted(self.path.rglob("*")):
            inside = path.relative_to(self.path)
            if path.is_file() and not OUTPUTS & set(inside.parts):
                found.update(f"{inside}\0{path.stat().st_size}\0".encode())
                found.update(path.read_bytes())
        return found.hexdigest()


NPM = (
    "npm",
    "ci",
    "--ignore-scripts",
    "--prefer-offline",
    "--fetch-retries=1",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
)
JAVA = ("java", NO_TRACE, "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", "build/classes:build/lib/*", "Client")

LANGUAGES = (
    Language("python", "python", (sys.executable, "client.py")),
    Language("python async", "python", (sys.executable, "client.py", "--async")),
    Language(
        "node",
        "node",
        ("node", "build/client.js"),
        tools=("node", "npm"),
        fetch=(NPM,),
        build=(("node", "node_modules/typescript/bin/tsc"),),
        prefixed=True,
    ),
    Language(
        "go",
        "go",
        ("build/client",),
        tools=("go",),
        fetch=(("go", "mod", "download"),),
        build=(("go", "build", "-o", "build/client", "."),),
    ),
    Language(
        "java",
        "java",
        JAVA,
        tools=("java", "mvn"),
        fetch=(("mvn", "-B", "-q", "dependency:resolve", "dependency:resolve-plugins"),),
        build=(("mvn", "-B", "-q", "-o", "compile"),),
        trusts=True,
    ),
    Language(
        "php",
        "php",
        ("php", "client.php"),
        tools=("php", "composer"),
        fetch=(("composer", "install", "--no-interaction", "--no-progress", "--no-plugins", "--no-scripts"),),
    ),
    Language(
        "c#",
        "csharp",
        ("dotnet", "build/client.dll"),
        tools=("dotnet",),
        fetch=(("dotnet", "restore"),),
        build=(("dotnet", "build", "--no-restore", "--configuration", "Release", "--output", "build"),),
        prefixes=False,
    ),
    Language(
        "c++",
        "cpp",
        ("build/client",),
        tools=("make", "g++"),
        fetch=(("make", "--silent", "libraries"),),
        build=(("make", "--silent"),),
    ),
)
