"""``reportdata link``: an address is shown once, what it lets in is as it was said, and revoking it ends that."""

from __future__ import annotations

import json
import stat
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from reportdata.cli import cli
from reportdata.identity import hash_of
from reportdata.services import read_services
from tests.support.browsing import RECORDS, SESSION, TOTALS, Browser
from tests.support.folders import Folder, run
from tests.support.serving import serving

CORP = "dinglinks"


@pytest.fixture
def organisation(folder: Folder) -> Folder:
    """A data folder with an organisation."""
    folder.add_organisation(CORP)
    return folder


def secret_in(address: str) -> str:
    return address.partition("#link=")[2]


def test_an_address_lets_in_until_it_is_revoked(organisation: Folder) -> None:
    words = ("--name", "人事部", "--department", " 研发, 一部 ", "--department", "市场", "--department", "市场")
    added = run(organisation, "link", "add", "--corp", CORP, *words, "--url", "https://h.example/reports/")
    assert added.exit_code == 0, added.output
    said = dict(line.split(None, 1) for line in added.stdout.splitlines())
    assert "--url" not in added.stderr
    assert said["address"].startswith("https://h.example/reports/#link=link")
    secret = secret_in(said["address"])
    (link,) = organisation.store.links()
    assert (link.link_id, link.name, link.scopes) == (said["id"], "人事部", (TOTALS,))
    assert link.departments == ("研发， 一部", "市场")
    assert link.secret_hash == hash_of(secret)
    assert not organisation.store.mentions(secret)
    with serving(organisation) as served:
        browser = Browser(served.address)
        assert browser.sign_in(link=secret).json["departments"] == list(link.departments)
        revoked = run(organisation, "link", "revoke", "人事部")
        assert revoked.exit_code == 0, revoked.output
        assert browser.get(SESSION).json["code"] == "AuthenticationFailed.LinkRevoked"
    again = run(organisation, "link", "revoke", "人事部")
    assert again.exit_code == 1
    assert "link list" in again.output
    bare = run(organisation, "link", "add", "--corp", CORP, "--name", "p")
    assert "like http://127.0.0.1:8080; --url URL writes it whole" in bare.stderr


def test_a_department_that_no_report_names_is_warned_of(organisation: Folder, tmp_path: Path) -> None:
    today = datetime.now().astimezone()
    rows = [
        f"r{at},u1,{(today - timedelta(days=2)).isoformat()},{name}"
        for at, name in enumerate(("研发部/平台", "市场部"))
    ]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["report_id,user_id,sent_at,departments", *rows]))
    organisation.import_(path, corp_id=CORP)
    named = run(organisation, "link", "add", "--name", "a", "--department", "研发部", "--department", "市场部")
    assert "Warning: no report" not in named.stderr
    wrong = run(organisation, "link", "add", "--name", "b", "--department", "市场部", "--department", "研发")
    assert wrong.exit_code == 0
    assert "no report of the last year names the department 研发: its numbers are 0" in wrong.stderr
    assert "for example: 研发部/平台\n" in wrong.stderr
    assert "the department 市场部" not in wrong.stderr


def test_without_a_data_folder_none_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    refused = CliRunner().invoke(cli, ["link", "add", "--name", "a"])
    assert refused.exit_code == 1
    assert "there is no data folder" in refused.stderr
    assert list(tmp_path.iterdir()) == []


def test_output_for_programs(organisation: Folder, tmp_path: Path) -> None:
    given = json.loads(run(organisation, "link", "add", "--corp", CORP, "--name", "a", "--json").stdout)
    assert given["address"].startswith("/#link=")
    file = tmp_path / "link.json"
    told = run(organisation, "link", "add", "--corp", CORP, "--name", "b", "--records", "--output", file)
    kept = json.loads(file.read_text("utf-8"))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert secret_in(kept["address"]) not in told.output
    assert run(organisation, "link", "add", "--corp", CORP, "--name", "c", "--output", file).exit_code == 1
    listed = json.loads(run(organisation, "link", "list", "--json").stdout)
    assert [(link["id"], link["name"], link["records"]) for link in listed] == [
        (given["id"], "a", False),
        (kept["id"], "b", True),
    ]
    assert {link.scopes for link in organisation.store.links()} == {(TOTALS,), (TOTALS, RECORDS)}
    assert listed[0]["state"] == "valid"
    run(organisation, "link", "revoke", given["id"])
    organisation.add_organisation("another")
    table = run(organisation, "link", "list", "--corp", CORP).stdout
    assert "revoked" in table
    assert json.loads(run(organisation, "link", "list", "--corp", "another", "--json").stdout) == []


def test_a_link_shows_the_services_that_are_named(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "counted", services=(Path("counted/checkins"), Path("counted/approvals")))
    folder.add_organisation(CORP)
    services = read_services(*folder.settings.services)
    words = ("link", "add", "--corp", CORP, "--name")
    one = run(folder, *words, "one", "--service", "onlineUserData", "--service", "checkinData", "--records", "--import")
    assert one.exit_code == 0, one.output
    assert "activeUserData, too" in one.stderr
    run(folder, *words, "all", "--service", "all")
    run(folder, *words, "some", "--service", "all", "--department", "研发")
    listed = {link["name"]: link for link in json.loads(run(folder, "link", "list", "--json").stdout)}
    assert listed["one"]["services"] == ["activeUserData", "checkinData", "onlineUserData"]
    assert (listed["one"]["records"], listed["one"]["import"]) == (True, True)
    assert listed["all"]["services"] == [service.id for service in services]
    assert listed["some"]["services"] == ["reportData", "approvalData", "checkinData"]
    scopes = {link.name: link.scopes for link in folder.store.links()}
    assert scopes["one"] == (
        "DataCenter.Contact.Read", "Statistics.Checkin.Read", "Statistics.Checkin.Records",
        "DataCenter.Report.Write", "DataCenter.Checkin.Write",
    )  # fmt: skip
    folder.store.close()


def test_it_ends_with_its_last_day_in_the_organisations_zone(organisation: Folder) -> None:
    organisation.add_organisation("dinghonolulu", "Pacific/Honolulu")
    year = datetime.now().year + 1
    for corp_id, end in ((CORP, f"{year}-02-01T00:00:00+08:00"), ("dinghonolulu", f"{year}-02-01T00:00:00-10:00")):
        done = run(organisation, "link", "add", "--corp", corp_id, "--name", corp_id, "--until", f"{year}-01-31")
        assert done.exit_code == 0, done.output
        (link,) = (one for one in organisation.store.links() if one.corp_id == corp_id)
        assert link.until == datetime.fromisoformat(end).timestamp()
    assert run(organisation, "link", "add", "--corp", CORP, "--name", "a", "--until", "2020-01-01").exit_code == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--corp", "none", "--name", "a"), "org add"),
        (("--corp", CORP, "--name", " "), "no name"),
        (("--corp", CORP, "--name", "a\u202eb"), "no name"),
        (("--corp", CORP, "--name", "a" * 101), "100 characters"),
        (("--corp", CORP, "--name", "a", "--department", " "), "no name"),
        (("--corp", CORP, "--name", "a", "--service", "nobodyData"), "reportData"),
        (("--corp", CORP, "--name", "a", "--service", "driveData", "--department", "研发"), "no totals"),
        (("--corp", CORP, "--name", "a", "--service", "driveData", "--records"), "no single people"),
        (("--corp", CORP, "--name", "a", "--url", "h.example"), "https://"),
        (("--corp", CORP, "--name", "a", "--url", "https://h:x/"), "https://"),
        (("--corp", CORP, "--name", "a", "--url", "https://h/?a=b"), "https://"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_added(
    organisation: Folder, words: tuple[str, ...], said: str
) -> None:
    done = run(organisation, "link", "add", *words)
    assert done.exit_code == 1
    assert said in done.output
    assert organisation.store.links() == []


def test_one_of_several_of_a_name_is_revoked_by_its_id(organisation: Folder) -> None:
    for _ in range(2):
        run(organisation, "link", "add", "--corp", CORP, "--name", "a")
    refused = run(organisation, "link", "revoke", "a")
    assert refused.exit_code == 1
    first, second = organisation.store.links()
    assert first.link_id in refused.output
    assert run(organisation, "link", "revoke", first.link_id).exit_code == 0
    assert run(organisation, "link", "revoke", "a").exit_code == 0
    revoked = organisation.store.link(second.link_id)
    assert revoked is not None
    assert (revoked.revoked_at or 0) <= time.time()


def test_links_are_forgotten_with_their_organisation(organisation: Folder) -> None:
    run(organisation, "link", "add", "--corp", CORP, "--name", "a")
    assert run(organisation, "forget", "--corp", CORP, "--yes").exit_code == 0
    assert organisation.store.links() == []
