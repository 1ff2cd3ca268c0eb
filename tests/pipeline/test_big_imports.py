"""Large files are imported in parts: exactly, within the memory that is given, and again after an interruption."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from types import FrameType
from zoneinfo import ZoneInfo

import duckdb
import pytest

from reportdata.engines.duckdb.connection import connect, failing
from reportdata.errors import BadRecord, LakeError
from reportdata.pipeline.importing import import_files
from reportdata.pipeline.imports import Options
from tests.support.effort import tried
from tests.support.folders import Folder, run
from tests.support.oracle import Commented, Fact, Sent, days_of
from tests.support.services import working
from tests.support.writing import write

pytestmark = pytest.mark.whole

# Zones of few changes: a table is converted by one expression for all changes of all zones, which takes its time.
ZONES = {"c1": ZoneInfo("Asia/Shanghai"), "c2": ZoneInfo("Asia/Kathmandu")}
MIB = 1 << 20


@pytest.fixture
def known(folder: Folder) -> Folder:
    """A data folder with two organisations."""
    for corp_id, zone in ZONES.items():
        folder.add_organisation(corp_id, str(zone))
    return folder


def some_facts(count: int, seed: int = 1) -> list[Fact]:
    """Reports and comments of some days, in the order of their days."""
    rng = random.Random(seed)
    facts: list[Fact] = []
    for number in range(count):
        corp_id = rng.choice(sorted(ZONES))
        at = datetime(2026, 3, 1) + timedelta(seconds=number * 8 * 86_400 // count)
        user, report = f"u{rng.randrange(50)}", f"r{rng.randrange(count)}"
        local = at.replace(tzinfo=ZONES[corp_id])
        if rng.random() < 0.7:
            facts.append(Sent(corp_id, report, user, local, "日报", ("研发部", "平台组")))
        else:
            facts.append(Commented(corp_id, report, user, local))
    return facts


@contextmanager
def handling(number: signal.Signals, handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """A signal is handled so until the block ends."""
    before = signal.signal(number, handler)
    try:
        yield
    finally:
        signal.signal(number, before)


def left(folder: Folder) -> list[str]:
    """What is left over of imports."""
    return sorted(path.name for path in (folder.lake.root / "incoming").iterdir())


# Importing in parts


@pytest.mark.parametrize("format_", ["csv", "tsv", "csv.gz", "bom", "gb18030", "jsonl", "parquet"])
def test_a_file_in_parts_gives_the_oracles_days(known: Folder, tmp_path: Path, format_: str) -> None:
    facts = some_facts(1000)
    for path, corp_id in write(tmp_path / "files", facts, format_, "local", ZONES):
        done = known.import_(path, corp_id=corp_id, part_size=12_000)
        assert not done.failures
        again = known.import_(path, corp_id=corp_id, part_size=50_000)
        assert (again.added, again.read, again.known) == (0, done.read, done.read)
    assert known.days() == days_of(facts, ZONES)
    assert left(known) == ["lock"]


def reports(count: int, *odd: str) -> str:
    """A table of reports, at the end of which stand odd lines."""
    lines = [f"r{number},u{number % 9},2026-09-{number % 28 + 1:02} 09:00:00,c1" for number in range(count)]
    return "\n".join(["report_id,user_id,sent_at,corp_id", *lines, *odd]) + "\n"


def test_a_bad_record_in_the_last_part_adds_nothing(known: Folder, tmp_path: Path) -> None:
    path = tmp_path / "reports.csv"
    path.write_text(reports(2000, "r,u,never,c1"))
    done = known.import_(path, part_size=4_000)
    (failure,) = done.failures
    assert failure.message == f"{path}, line 2002: sent_at: 'never' is not a time"
    assert failure.hint.startswith("write 2024-01-05 08:03,")
    assert known.lake.kinds() == ()
    assert known.store.coverage() == []
    assert left(known) == ["lock"]


def test_only_the_part_with_an_uncommon_record_is_read_one_by_one(known: Folder, tmp_path: Path) -> None:
    path = tmp_path / "reports.csv"
    path.write_text(
        reports(500, "r 1,用户,2026/9/3 8:00,c1") + reports(500, "r 2,u u,2026/9/3 9:00,c1").split("\n", 1)[1]
    )
    bad: list[int] = []
    done = known.import_(path, part_size=4_000, skip_bad=lambda record, _: bad.append(record.line))
    assert (done.read, done.added, done.failures, bad) == (1002, 502, [], [])
    assert known.days()["c1", "20260903"] == (20, 11, 0)


@pytest.mark.slow
def test_lines_of_bad_records_are_those_of_the_file_and_each_is_told_once(known: Folder, tmp_path: Path) -> None:
    text = reports(300, "r1,u1,never,c1", '"r2\r\n",u1,"20\n26",c1') + reports(300, "r3,u3,soon,c1").split("\n", 1)[1]
    # The quote that does not quote makes the parts end within quotes, so that the file is read once more as a whole.
    odd = '\nr4,5" of snow,late,c1\nr5,"a\nb",later,c1\n'
    path = tmp_path / "reports.csv"
    for content in (text, text + odd + reports(300, odd.strip())):
        path.write_text(content, newline="")
        found: dict[str, list[int]] = {"whole": [], "parts": []}
        for lines, size in zip(found.values(), (None, 3_000), strict=True):

            def note(bad: BadRecord, _record: object, lines: list[int] = lines) -> None:
                assert bad.line is not None
                lines.append(bad.line)

            options = Options(skip_bad=note, part_size=size)
            with tempfile.TemporaryDirectory() as other:
                fresh = Folder(Path(other))
                fresh.add_organisation("c1")
                with working(fresh) as work:
                    import_files(work, [path], options)
                fresh.store.close()
        assert found["parts"] == found["whole"]
        assert len(found["parts"]) >= 3


# Interruptions

IMPORT = """
import sys, time
from pathlib import Path
from reportdata.cli.places import workspace
from reportdata.pipeline.importing import import_files
from reportdata.pipeline.imports import Options
from reportdata.pipeline.refreshing import refresh
from reportdata.settings import Settings
settings, size = Settings(Path(sys.argv[1])), int(sys.argv[2])
seen = []
def progress(what, done, total):
    if what.startswith("reading") and seen[-1:] != [what, done]:
        seen.append([what, done])
print("begins", flush=True)
with workspace(settings) as work:
    done = import_files(work, [Path(name) for name in sys.argv[3:]], Options(part_size=size), progress)
    assert not done.failures, done.failures
    refresh(work, time.time())
print(done.read, done.added, len(seen), flush=True)
"""


def start(folder: Folder, size: int, files: Sequence[Path]) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", IMPORT, str(folder.path), str(size), *map(str, files)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str]) -> list[int] | None:
    """What an import says: records read, facts added, and how often it told its progress. None when it was killed."""
    out, err = process.communicate()
    assert process.returncode in (0, -signal.SIGKILL), err
    return [int(word) for word in out.split()[1:]] or None


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_an_import_that_is_killed_is_simply_run_again(known: Folder, tmp_path: Path, seed: int) -> None:
    monkey = random.Random(seed)
    facts = some_facts(20_000, seed)
    files = [path for path, _ in write(tmp_path / "files", facts, "csv", "local", ZONES)]
    said = None
    for _ in range(4):
        process = start(known, 60_000, files)
        time.sleep(monkey.uniform(0, 1.5))
        process.kill()
        said = finish(process) or said
    said = finish(start(known, 60_000, files))
    assert said is not None
    assert said[0] == len(facts)
    assert known.days() == days_of(facts, ZONES)
    assert {piece.corp_id for piece in known.store.coverage()} == set(ZONES)
    assert left(known) == ["lock"]


@pytest.mark.slow
def test_ctrl_c_is_answered_with_what_to_do(known: Folder, tmp_path: Path) -> None:
    path = tmp_path / "reports.csv"
    duckdb.execute(GENERATED.format(count=3_000_000, days=3, order="", path=path))
    command = [sys.executable, "-m", "reportdata", "import", str(path), "--data", str(known.path)]
    # A program that a shell started in the background hands on that it ignores the signal.
    with handling(signal.SIGINT, signal.default_int_handler):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not [*known.lake.root.glob("incoming/*/*/raw/1")]:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert (process.returncode, out) == (130, "")
    # A machine that is slow enough tells its progress before.
    assert "Interrupted: the same command adds what is missing." in err.splitlines()
    assert "Traceback" not in err
    assert known.import_(path, refresh=False).added == 3_000_000
    assert run(known, "import", path).exit_code == 0
    assert left(known) == ["lock"]


@pytest.mark.slow
def test_ctrl_c_ends_what_duckdb_computes() -> None:
    with closing(connect()) as connection, handling(signal.SIGALRM, signal.default_int_handler):
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(KeyboardInterrupt), failing(lambda error: LakeError(str(error))):
            connection.execute("select count(distinct md5(i::varchar)) from range(5_000_000) as rows(i)").fetchall()


@pytest.mark.slow
def test_two_imports_at_once_do_not_disturb_each_other(known: Folder, tmp_path: Path) -> None:
    files = [path for path, _ in write(tmp_path / "files", some_facts(1000), "csv", "local", ZONES)]
    said = [finish(process) for process in [start(known, 15_000, files) for _ in range(3)]]
    assert {found[0] for found in said if found} == {1000}
    assert known.days() == days_of(some_facts(1000), ZONES)
    assert left(known) == ["lock"]


def test_a_file_that_is_not_there_is_named(known: Folder, tmp_path: Path) -> None:
    done = known.import_(tmp_path / "a.csv")
    assert ["cannot be read" in failure.message for failure in done.failures] == [True]


# Room

GENERATED = """
copy (
    select md5(i::varchar) as report_id, 'u' || i % 5000 as user_id, 'c1' as corp_id,
        strftime(timestamp '2026-03-01' + to_seconds(i * {days} * 86400 // {count}), '%Y-%m-%d %H:%M:%S') as sent_at,
        repeat('x', 40) as content
    from range({count}) as numbers(i) {order}
) to '{path}' (format csv, header)
"""


@pytest.mark.slow
def test_little_memory_is_enough(known: Folder, tmp_path: Path) -> None:
    path = tmp_path / "reports.csv"
    measured = IMPORT.replace("part_size=size", "memory=size")
    peak_of_process = "peak = Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0]\n"
    measured = measured.replace("    refresh(", f"    {peak_of_process}    refresh(")
    measured = measured.replace("len(seen)", "peak")
    command = [sys.executable, "-c", measured, str(known.path), str(100 * MIB), str(path)]
    for days, order in ((20, "order by hash(i)"), (1, "")):
        duckdb.execute(GENERATED.format(count=1_500_000, days=days, order=order, path=path))
        for _ in range(2):  # the second time, everything is compared with what is there
            said = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
            read, _added, peak = map(int, said.split()[1:])
            assert read == 1_500_000
            assert peak < 400 * 1024
    assert sum(numbers[0] for numbers in known.days().values()) == 1_500_000 + 1_425_000


def test_many_organisations_are_imported_again(folder: Folder, tmp_path: Path) -> None:
    many = tried(3_000, 20_000)
    path = tmp_path / "reports.csv"
    for first in (1, 2):  # the second time, all but one of them are known
        rows = (f"ding{number},r{number},u1,2026-03-0{first} 09:00:00" for number in range(first, many + first))
        path.write_text("\n".join(["corp_id,report_id,user_id,sent_at", *rows]))
        done = folder.import_(path, add_in=ZONES["c1"])
        assert (done.failures, done.added, len(done.organisations)) == ([], many, many if first == 1 else 1)
    assert len(folder.store.coverage()) == many + 1
    assert folder.days()["ding7", "20260302"] == (1, 1, 0)


@pytest.mark.slow
def test_a_disk_that_is_too_small_is_told_of_after_the_first_part(
    known: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "reports.csv"
    path.write_text(reports(2000))
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=20_000))
    with pytest.raises(LakeError, match="are free"):
        known.import_(path, part_size=4_000)
    monkeypatch.undo()
    done = known.import_(path, part_size=4_000)
    assert done.added == 2000


def test_a_quote_after_a_blank_quotes_nothing(known: Folder, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    row = "2026-09-21 09:00:00"
    path.write_text(f'report_id,user_id,sent_at,remark\nr1,u1,{row}, "\nr2,u2,{row},"x"\nr3,u3,{row}, "y"\n')
    assert known.import_(path, corp_id="c1").added == 3
    path.write_text(f'report_id,user_id,sent_at,remark\nr4,u1,{row}, "\nr5,u2,{row},"\n')
    (failure,) = known.import_(path, corp_id="c1").failures
    assert "line 3 is not CSV" in failure.message
