"""The ground floor when the power fails: after any call of a verb there is the old or the new, and once it has ended
the new for good."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.disk import Disk, Image, image_of
from tests.support.paths import ROOT
from tests.support.strace import Replay, Trace, following, moments
from tests.support.tools import require_tool

pytestmark = pytest.mark.tool

ROUNDS = 150
BEGIN = "import sys\nfrom pathlib import Path\ntop = Path(sys.argv[1])\nfrom reportdata.files import *\n"


def failures(tmp_path: Path, work: str, check: Callable[[Image, bool], None]) -> None:
    """Run a program in a folder, and give what may be there after power failures to the check, and whether the program
    had ended."""
    require_tool("strace")
    top, log, rng = tmp_path / "top", tmp_path / "calls", random.Random(1)
    disk = Disk(top)
    image = image_of(top)
    command = ["strace", *following(log), sys.executable, "-c", BEGIN + work, str(top)]
    subprocess.run(command, check=True, cwd=ROOT)
    trace = Trace(log)
    replay = Replay(trace, disk)
    last = len(trace.calls)
    assert image != image_of(top)
    for moment in [*moments(trace, rng, ROUNDS), *[last] * (ROUNDS // 3)]:
        replay.to(moment)
        check(disk.after_failure(rng), moment == last)
    assert disk.now() == image_of(top)


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """A folder that stands for a disk, with a file of two lines."""
    (tmp_path / "top").mkdir()
    (tmp_path / "top" / "old").write_bytes(OLD)
    return tmp_path / "top"


OLD = b"one\ntwo\n"
NEW = b"n" * 9000


@pytest.mark.parametrize(
    ("work", "name", "wanted"),
    [
        ("write(top / 'old', b'n' * 9000)", "old", (OLD, NEW)),
        ("write(top / 'new', b'n' * 9000, new=True)", "new", (None, NEW)),
        ("make(top / 'a' / 'b')\nwrite(top / 'a' / 'b' / 'new', b'n' * 9000)", "a/b/new", (None, NEW)),
        ("(top / 'x').write_bytes(b'n' * 9000)\nmove({top / 'x': top / 'a/b/new'}, top)", "a/b/new", (None, NEW)),
        ("remove([top / 'old'])", "old", (OLD, None)),
        ("rewrite(top / 'old', lambda line: line == b'one')", "old", (OLD, b"two\n")),
    ],
)
def test_a_verb_leaves_the_old_or_the_new_and_the_new_once_it_has_ended(
    tmp_path: Path, top: Path, work: str, name: str, wanted: tuple[bytes | None, bytes | None]
) -> None:
    def check(image: Image, ended: bool) -> None:
        assert image.get(name) == wanted[1] if ended else image.get(name) in wanted

    failures(tmp_path, work, check)


def test_appended_lines_are_there_once_that_has_ended(tmp_path: Path, top: Path) -> None:
    def check(image: Image, ended: bool) -> None:
        found = image["old"]
        assert found is not None
        assert found.startswith(OLD)
        assert not ended or found == OLD + b"\nthree\n"

    failures(tmp_path, "append(top / 'old', b'three\\n')", check)


WIPED = """
from reportdata.collector.ledger import Ledger
ledger = Ledger(top / "data" / "collector.db")
for corp_id in ("ding-forgotten", "ding-kept"):
    ledger.write("insert into forgotten values (?, ?)", (corp_id, corp_id * 300))
ledger.write("delete from forgotten where corp_id = 'ding-forgotten'")
ledger.wipe()
(top / "wiped").touch()
sync(top)
ledger.close()
"""


def test_what_was_wiped_from_a_database_does_not_come_back(tmp_path: Path, top: Path) -> None:
    def check(image: Image, ended: bool) -> None:
        if "wiped" in image or ended:
            assert not [path for path, content in image.items() if b"ding-forgotten" in (content or b"")]
            assert [path for path, content in image.items() if b"ding-kept" in (content or b"")]

    failures(tmp_path, WIPED, check)
