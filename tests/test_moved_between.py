"""A data folder that is moved in the instant between the look whether it is there and the making of what lies in it:
nothing is made in its place. Without a server, so that the instant is a certain one."""

from __future__ import annotations

import json
import time
import zipfile
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import pytest

from reportdata.api.faults import GONE
from reportdata.audit import Audit, Read
from reportdata.cli.places import lake_of, ledger_of, store_of
from reportdata.cli.upload_folders import UploadFolders
from reportdata.coverage import Coverage
from reportdata.errors import InboxError, LakeError, LedgerError, ReportDataError, StoreError
from reportdata.http.answers import Failed
from reportdata.inbox.folder import FolderWriter
from reportdata.lake.s3 import S3Lake
from reportdata.names.file import FileNames
from reportdata.pipeline.handed import handed_files
from reportdata.settings import Settings
from tests.support.asked import TOTALS
from tests.support.calling import CORP, DAY, PATH, add_sample
from tests.support.folders import Folder
from tests.support.lakes import add, read
from tests.support.periods import PATHS
from tests.support.scopes import REPORT_READ
from tests.support.services import fact, lines_of
from tests.support.serving import serving
from tests.support.waiting import SOON

READ = Read(1_790_000_000_000, "key", "c1", "20260921", "127.0.0.1", "id")
UPLOAD = "0" * 32
WEEK = f"{PATHS['WEEK']}?statDate={DAY}"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder, without anything in it."""
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def moved(data: Path) -> Path:
    """Move it away; returns where it is."""
    return data.rename(data.with_name("away"))


def audited(settings: Settings) -> Callable[[], object]:
    audit = Audit(settings.audit)
    return lambda: audit.write([READ])


def uploaded(settings: Settings) -> Callable[[], object]:
    uploads = UploadFolders(settings.data)
    return lambda: uploads.make("c1", UPLOAD)


def observed(settings: Settings) -> Callable[[], object]:
    lake = lake_of(settings)
    return lambda: lake.observe([Coverage("c1", "20260921", "20260921")])


def locked(settings: Settings) -> Callable[[], object]:
    lake = lake_of(settings)
    return lambda: lake.refreshing().__enter__()


def remembered(settings: Settings) -> Callable[[], object]:
    return lambda: ledger_of(settings, new=False)


def stored(settings: Settings) -> Callable[[], object]:
    return lambda: store_of(settings, new=False)


OPENED: dict[Callable[[Settings], Callable[[], object]], type[Exception]] = {
    audited: StoreError,
    uploaded: Failed,
    observed: LakeError,
    locked: LakeError,
    remembered: LedgerError,
    stored: StoreError,
}
"""What is opened while the folder is there, used when it is gone, and how it fails."""


@pytest.mark.parametrize("opened", OPENED, ids=lambda opened: opened.__name__)
def test_what_was_opened_before_makes_nothing(data: Path, opened: Callable[[Settings], Callable[[], object]]) -> None:
    use = opened(Settings(data))
    away = moved(data)
    with pytest.raises(OPENED[opened]) as caught:
        use()
    assert not isinstance(caught.value, Failed) or caught.value.fault == GONE
    assert not data.exists()
    away.rename(data)
    if opened not in (remembered, stored):  # nobody made these, so there are none
        use()


@pytest.mark.parametrize("earlier", [False, True])
def test_a_push_whose_folder_was_there_a_moment_ago_is_refused(data: Path, earlier: bool) -> None:
    """The writer looks whether it is there, and the folder is moved right then."""
    leaving: list[Path] = []
    lines = lines_of([fact("sent", "c1", 1_790_000_000_000_000, "20260921", report_id="r", user_id="u")])

    def look() -> None:
        for folder in leaving:
            moved(folder)

    with closing(FolderWriter(Settings(data).inbox, time.time, look, largest=1)) as inbox:
        if earlier:
            inbox.append(lines).result(SOON)
        leaving.append(data)
        with pytest.raises(InboxError):
            inbox.append(lines).result(SOON)
        assert not data.exists()


def test_names_that_were_there_a_moment_ago_are_not_made(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, exists = Settings(data).names, Path.exists
    with closing(FileNames(file)) as names:
        names.turn_on("c1")

    def look(path: Path) -> bool:
        there = exists(path)
        if path == file and there:
            moved(data)
        return there

    monkeypatch.setattr(Path, "exists", look)
    with closing(FileNames(file)) as names, pytest.raises(ReportDataError):
        names.count("c1")
    assert not data.exists()


def test_copies_of_what_is_imported_are_not_made_elsewhere(data: Path, tmp_path: Path) -> None:
    archive = tmp_path / "files.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("a.csv", "report_id\n")
    plain = tmp_path / "plain.csv"
    plain.write_text("report_id\n")
    handed = handed_files([plain, archive], data, lambda _: None)
    assert next(handed).path == plain
    moved(data)
    with pytest.raises(FileNotFoundError):
        next(handed)
    assert not data.exists()


@pytest.mark.s3
def test_copies_of_objects_are_not_made_elsewhere(data: Path, storage: str) -> None:
    writer = S3Lake(data.with_name("other"), storage)
    add(writer, ("sent", "20240101", b"one"))
    lake = S3Lake(data / "objects", storage)
    assert len(lake.paths("sent")) == 1
    away = moved(data)
    with pytest.raises(LakeError):
        read(lake, lake.paths("sent"))
    with pytest.raises(LakeError):
        lake.lost(lake.paths("sent"))
    assert not data.exists()
    away.rename(data)
    assert read(lake, lake.paths("sent")) == [b"one"]


@pytest.mark.whole
@pytest.mark.parametrize("started", [False, True])
@pytest.mark.parametrize("path", ["/v1/statistics?from=20210601&to=20210630&by=week&format=csv", WEEK])
def test_no_process_that_answers_makes_the_folder_anew(folder: Folder, path: str, started: bool) -> None:
    """It is started when it is first asked, from the settings of a server that began while the folder was there."""
    add_sample(folder)
    token = folder.token(folder.add_app(CORP, scopes=(REPORT_READ, TOTALS))[0])
    with serving(folder, answering=1) as served, closing(HTTPConnection(*served.address, timeout=SOON)) as connection:

        def status(asked: str) -> int:
            connection.request("GET", asked, headers={"x-acs-dingtalk-access-token": token})
            answer = connection.getresponse()
            assert answer.status == 200 or json.load(answer)["code"] == GONE.code
            answer.read()
            return answer.status

        assert status(f"{PATH}?statDate={DAY}") == 200
        if started:
            assert status("/v1/statistics?from=20210601&to=20210630&by=month&format=csv") == 200
        away = moved(folder.path)
        assert (status(path), status(path)) == (GONE.status, GONE.status)
        assert not folder.path.exists()
        away.rename(folder.path)
        assert status(path) == 200
