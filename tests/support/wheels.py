"""The package as users have it: built as a wheel, and installed where nothing else of this project is."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

from tests.support.paths import ROOT


def installed(folder: Path) -> Path:
    """The folder of programs of a new environment with the package from a wheel; other packages are those of the tests.

    :param folder: is made.
    """
    folder.mkdir()
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(build, check=True)
    (wheel,) = folder.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")], check=True)
    programs = folder / "venv" / "bin"
    into = [
        *pip,
        "--python",
        str(programs / "python"),
        "install",
        "--no-deps",
        "--no-index",
        "--no-compile",
        str(wheel),
    ]
    subprocess.run(into, check=True)
    # A path that is added this way adds no paths by itself: the source that is installed there stays away.
    (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
    (site / "others.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return programs
