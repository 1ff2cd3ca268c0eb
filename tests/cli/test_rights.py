"""A data folder that others can read is refused, where nobody says that it has to be so."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from click.testing import CliRunner

from reportdata.cli import cli
from reportdata.cli.rights import require_closed, require_own
from reportdata.errors import BadValue
from reportdata.files import make
from tests.support.folders import Folder, run
from tests.support.processes import served
from tests.support.waiting import until

CORP = "dingclosed"


@pytest.fixture
def known(folder: Folder) -> Folder:
    folder.add_organisation(CORP)
    return folder


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("rights", [0o750, 0o705, 0o770, 0o2770, 0o755, 0o777])
@pytest.mark.parametrize("command", [["status"], ["app", "list"], ["serve", "--port", "0"], ["work", "--once"]])
def test_a_folder_that_others_can_use_is_refused_with_what_to_do(
    known: Folder, rights: int, command: list[str]
) -> None:
    known.path.chmod(rights)
    refused = run(known, *command)
    assert refused.exit_code == 1
    assert f"open to other users of the machine ({rights:04o})" in refused.output
    assert f"chmod 700 {known.path}" in refused.output
    assert "--insecure-permissions" in refused.output
    assert mode(known.path) == rights
    known.path.chmod(0o700)
    assert run(known, "app", "list").exit_code == 0


def test_it_is_used_where_that_is_said(known: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    known.path.chmod(0o2770)
    assert run(known, "app", "list", "--insecure-permissions").exit_code == 0
    monkeypatch.setenv("REPORTDATA_INSECURE_PERMISSIONS", "1")
    assert run(known, "app", "list").exit_code == 0
    assert mode(known.path) == 0o2770


@pytest.mark.whole
@pytest.mark.parametrize("more", [(), ("--workers", "2")])
def test_what_a_server_starts_is_told_so(known: Folder, more: tuple[str, ...]) -> None:
    known.path.chmod(0o750)
    with served(known, "--insecure-permissions", *more) as process:
        until(process.children)
        assert process.terminate() == 0
    assert "open to other users" not in (known.path.parent / "server.log").read_text()


def test_doctor_looks_into_it_and_warns(known: Folder) -> None:
    known.path.chmod(0o755)
    assert f"chmod 700 {known.path}" in run(known, "doctor").output


@pytest.mark.parametrize("inside", [[], ["lost+found"]])
def test_an_empty_folder_of_this_user_is_closed_when_it_is_first_used(tmp_path: Path, inside: list[str]) -> None:
    """As systemd, a container or a mount makes it."""
    data = tmp_path / "volume"
    data.mkdir()
    for name in inside:
        (data / name).mkdir()
    data.chmod(0o755)
    added = CliRunner().invoke(cli, ["org", "add", CORP, "--data", str(data)])
    assert added.exit_code == 0, added.output
    assert mode(data) == 0o700


def test_what_is_made_on_the_way_to_a_file_is_closed_too(tmp_path: Path) -> None:
    """With a store and a lake elsewhere, the data folder is made for what lies in it."""
    make(tmp_path / "data" / "objects" / "reading")
    assert [mode(path) for path in sorted(tmp_path.rglob("*"))] == [0o700] * 3


def test_a_folder_that_the_program_makes_is_closed(tmp_path: Path) -> None:
    data = tmp_path / "new" / "data"
    assert CliRunner().invoke(cli, ["org", "add", CORP, "--data", str(data)]).exit_code == 0
    assert mode(data) == 0o700


def test_a_folder_that_all_users_share_stays_open_and_a_folder_in_it_is_made(tmp_path: Path) -> None:
    """Like /tmp, which may be empty: other programs need it as it is."""
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    refused = CliRunner().invoke(cli, ["org", "add", CORP, "--data", str(shared)])
    assert refused.exit_code == 1
    advised = f"--data {shared / 'reportdata-data'}"
    assert advised in refused.output
    assert mode(shared) == 0o1777
    assert CliRunner().invoke(cli, ["org", "add", CORP, *advised.split()]).exit_code == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user")
def test_nobody_is_told_to_change_the_rights_of_another_users_folder(
    known: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only its owner and root can, and then this user could not use it."""
    known.path.chmod(0o755)
    known.path.parent.chmod(0o755)
    monkeypatch.chdir(known.path.parent)  # the folders above are root's alone
    os.seteuid(65534)
    try:
        with pytest.raises(BadValue) as refused:
            require_closed(Path(known.path.name))
    finally:
        os.seteuid(0)
    assert "it belongs to the user with the id 0: run as that one" in refused.value.hint
    assert "chmod" not in refused.value.hint


@contextmanager
def somebody_else() -> Iterator[None]:
    """This process without its rights."""
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.skipif(os.geteuid() != 0, reason="only the superuser can be somebody else")
def test_a_folder_that_this_user_cannot_read_is_refused_with_whose_it_is() -> None:
    with TemporaryDirectory(dir="/tmp") as place:
        data = Path(place) / "data"
        data.mkdir(mode=0o700)
        with somebody_else(), pytest.raises(BadValue, match="cannot look into"):
            require_own(data)
        Path(place).chmod(0o755)
        with somebody_else(), pytest.raises(BadValue, match="cannot read the data folder") as refused:
            require_own(data)
        assert "belongs to the user with the id 0" in refused.value.hint
        os.chown(data, 65534, 65534)
        data.chmod(0o000)
        with somebody_else(), pytest.raises(BadValue) as refused:
            require_own(data)
        assert refused.value.hint == f"`chmod 700 {data}`"
        data.chmod(0o700)
        with somebody_else():
            require_own(data)
            require_own(data / "not there")
