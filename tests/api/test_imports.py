"""Files that are brought to a server: taken from whom may bring them, previewed, imported, listed and taken back."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import urlopen

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportdata.api.bringing import LARGEST, MOST_FILES
from reportdata.cli.import_runs import MOST_WAITING
from reportdata.services import REPORTS
from reportdata.store import ImportNote
from tests.support.bringing import IMPORTS, UPLOADS, Bringer
from tests.support.bringing import REPORTS as SHEET
from tests.support.browsing import IMPORT, RECORDS, TOTALS, Browser, add_link
from tests.support.folders import Folder, run
from tests.support.serving import Serving, serving
from tests.support.waiting import until

CORP, OTHER = "ding1", "ding2"
DAY = "20240105"


class Served(NamedTuple):
    """A folder with two organisations, and its server."""

    folder: Folder
    served: Serving

    def bringer(self, corp_id: str = CORP, scopes: tuple[str, ...] = (IMPORT,)) -> Bringer:
        """An app's."""
        app, _ = self.folder.add_app(corp_id, scopes=scopes)
        return Bringer(self.served.address, authorization=f"Bearer {self.folder.token(app)}")

    def linked(self, corp_id: str = CORP, **properties: Any) -> Bringer:
        """That of a link's session."""
        _, secret = add_link(self.folder, corp_id, **properties)
        browser = Browser(self.served.address)
        assert browser.sign_in(link=secret).status == 200
        return Bringer(self.served.address, cookie=browser.cookie)

    def metrics(self, name: str) -> dict[str, float]:
        """What operators are told under a name, by its labels."""
        with urlopen(f"{self.served.server.listeners[1].url}/metrics") as answer:
            lines = answer.read().decode().splitlines()
        found = (line.removeprefix(name).rpartition(" ") for line in lines if line.startswith(name))
        return {labels: float(value) for labels, _, value in found if float(value)}

    @property
    def uploads(self) -> set[str]:
        """What lies on the disk of uploads."""
        root = self.folder.path / "uploads"
        return {str(path.relative_to(root)) for path in root.rglob("*")} if root.exists() else set()


@pytest.fixture
def site(folder: Folder) -> Iterator[Served]:
    for corp_id in (CORP, OTHER):
        folder.add_organisation(corp_id)
    with serving(folder, operations_port=0) as served:
        yield Served(folder, served)


@pytest.mark.whole
def test_a_file_is_previewed_imported_and_taken_back(site: Served) -> None:
    bringer = site.linked(scopes=(TOTALS, IMPORT))
    upload = bringer.bring("日志.csv", SHEET).json["upload"]
    assert bringer.bring("日志.csv", SHEET, upload).json["files"] == [{"name": "日志.csv", "size": len(SHEET)}]
    preview = bringer.run(upload, "preview")
    assert preview["result"]["changes"] == [
        {"service": REPORTS, "corpId": CORP, "statDate": DAY, "before": {}, "after": {"4100": 2, "4101": 2}}
    ]
    assert bringer.list() == []
    assert "the kinds are sent" in bringer.run(upload, "preview", kind="none")["error"]["hint"]
    assert bringer.run(upload, "preview", columns={"user_name": "模板"})["result"]["hints"] != [""]
    done = bringer.run(upload, "import")["result"]
    assert (done["added"], done["failures"]) == (2, [])
    assert bringer.run(upload, "import")["result"] == done  # nothing is imported twice
    (listed,) = bringer.list()
    assert (listed["import"], listed["added"], listed["takenBackAt"]) == (done["import"], 2, None)
    assert site.folder.days() == {(CORP, DAY): (2, 2, 0)}
    assert not any(name.endswith(".csv") for name in site.uploads)
    assert bringer.undo(done["import"])["result"]["factsRemoved"] == 2
    assert site.folder.days() == {}
    assert bringer.list()[0]["takenBackAt"]
    assert site.metrics("reportdata_brought_bytes_total") == {"": 2 * len(SHEET)}
    assert site.metrics("reportdata_import_runs_total") == {
        '{outcome="ok",what="preview"}': 1,
        '{outcome="refused",what="preview"}': 1,
        '{outcome="failed",what="preview"}': 1,
        '{outcome="ok",what="import"}': 1,
        '{outcome="ok",what="undo"}': 1,
    }


def test_why_an_import_cannot_be_undone_is_told_in_the_language_that_was_asked_for(site: Served) -> None:
    site.folder.store.put_import(ImportNote("earlier", 1, (), reversible=False, corp_ids=(CORP,)))
    bringer = site.linked(scopes=(TOTALS, IMPORT))
    told = [bringer.undo("earlier", lang)["error"] for lang in ("en", "zh")]
    assert told[0]["message"].startswith("the import earlier cannot be taken back"), told
    assert told[1]["message"].startswith("不能撤销导入 earlier"), told
    assert told[1]["hint"], told


def test_what_was_done_is_audited_and_nothing_brought_stays(folder: Folder) -> None:
    folder.add_organisation(CORP)
    with serving(folder) as served:
        site = Served(folder, served)
        bringer = site.linked(scopes=(TOTALS, IMPORT), name="人事部")
        upload = bringer.bring("日志.csv", SHEET).json["upload"]
        assert site.uploads
        assert bringer.call("POST", f"{UPLOADS}/{upload}/preview", b"").status == 200
        assert bringer.list() == []
    assert site.uploads == set()
    reads = run(folder, "audit", "--json").stdout
    assert all(text in reads for text in ('"files: preview"', '"imports"', "人事部"))


@pytest.mark.whole
def test_records_of_another_organisation_are_refused(site: Served) -> None:
    bringer = site.bringer()
    rows = "report_id,user_id,sent_at,corp_id\n"
    own = bringer.bring("a.csv", f"{rows}r1,u1,2024-01-05 09:00,{CORP}\n".encode()).json["upload"]
    others = bringer.bring("b.csv", f"{rows}r1,u1,2024-01-05 09:00,{OTHER}\n".encode()).json["upload"]
    (failure,) = bringer.run(others, "preview")["result"]["failures"]
    assert f"the organisation '{OTHER}' is not known" in failure
    assert bringer.run(others, "import")["result"]["added"] == 0
    assert bringer.run(own, "import")["result"]["added"] == 1
    assert site.folder.days() == {(CORP, DAY): (1, 1, 0)}


@pytest.mark.whole
def test_what_dies_has_done_nothing_or_all_and_says_so(site: Served) -> None:
    bringer = site.bringer()
    upload = bringer.bring("a.csv", SHEET).json["upload"]
    assert bringer.call("POST", f"{UPLOADS}/{upload}/import", b"").status == 200
    until(lambda: _children() or bringer.call("GET", f"{UPLOADS}/{upload}").json["run"]["state"] == "done")
    for pid in _children():
        os.kill(pid, signal.SIGKILL)
    ended = bringer.ended(f"{UPLOADS}/{upload}")
    assert ended["state"] in ("done", "failed")
    assert ended["state"] == "done" or "Nothing is half done" in ended["error"]["hint"]
    facts = sum(one["added"] for one in bringer.list())
    assert facts in (0, 2)
    assert bringer.run(upload, "import")["result"]["read"] == 2  # whatever became of it
    assert site.folder.days() == {(CORP, DAY): (2, 2, 0)}


def _children() -> list[int]:
    """The processes that read files for this one."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            is_own = f"\nPPid:\t{os.getpid()}\n" in (path.parent / "status").read_text()
            if is_own and path.read_bytes().split(b"\0")[-2] == b"bring":
                found.append(int(path.parent.name))
        except (OSError, IndexError):
            continue
    return found


@pytest.mark.whole
def test_more_than_may_wait_is_refused(site: Served) -> None:
    bringer = site.bringer()
    uploads = [bringer.bring("a.csv", SHEET).json["upload"] for _ in range(MOST_WAITING + 8)]
    begun = [bringer.call("POST", f"{UPLOADS}/{upload}/preview", b"") for upload in uploads]
    refused = [answer for answer in begun if answer.status == 503]
    assert refused
    assert all(answer.headers["retry-after"] for answer in refused)
    assert all(answer.status in (200, 503) for answer in begun)
    assert bringer.call("DELETE", f"{UPLOADS}/{uploads[0]}").status == 204
    assert bringer.call("GET", f"{UPLOADS}/{uploads[0]}").status == 404


def test_limits_of_what_is_taken(site: Served) -> None:
    bringer = site.bringer()
    for name in ("", ".", "..", "-", "a\nb", "长" * 100, "\u202egnp.exe"):
        assert bringer.bring(name, b"x").json["code"] == "InvalidParameter", name
    upload = bringer.bring("../../etc/passwd", b"x").json["upload"]
    assert f"{upload}/files/passwd" in site.uploads
    assert all(path.stat().st_mode & 0o077 == 0 for path in (site.folder.path / "uploads").rglob("*"))
    for number in range(1, MOST_FILES):
        assert bringer.bring(f"{number}.csv", b"x", upload).status == 200
    assert bringer.bring("more.csv", b"x", upload).json["code"] == "Import.TooManyFiles"
    assert bringer.bring("1.csv", b"other", upload).status == 200  # it takes the place of the other
    large = bringer.call("POST", f"{UPLOADS}?name=a.csv", b"", content_length=str(LARGEST + 2))
    assert large.status == 413
    assert bringer.call("DELETE", f"{UPLOADS}/{upload}?name=1.csv").status == 204
    assert f"{upload}/files/1.csv" not in site.uploads
    assert bringer.call("DELETE", f"{UPLOADS}/{upload}").status == 204
    assert upload not in site.uploads
    assert bringer.call("POST", f"{UPLOADS}/{upload}/preview", b"{").json["code"] == "InvalidParameter"
    assert bringer.call("POST", f"{UPLOADS}/{upload}/preview", b'{"kinds":"sent"}').json["code"] == "InvalidParameter"
    assert bringer.call("POST", f"{UPLOADS}/../preview", b"").status == 404


@pytest.mark.whole
def test_another_file_and_other_choices_end_a_preview(site: Served) -> None:
    bringer = site.bringer()
    upload = bringer.bring("a.csv", SHEET).json["upload"]
    for body in (b"", b'{"kind":"sent"}'):
        assert bringer.call("POST", f"{UPLOADS}/{upload}/preview", body).status == 200
    assert len(bringer.bring("b.csv", SHEET, upload).json["files"]) == 2
    assert [file["file"] for file in bringer.run(upload, "preview")["result"]["files"]] == ["a.csv", "b.csv"]


def test_a_page_of_another_site_brings_nothing(site: Served) -> None:
    bringer = site.linked(scopes=(TOTALS, IMPORT))
    for headers in ({"sec_fetch_site": "cross-site"}, {"origin": "https://elsewhere.example"}):
        found = bringer.call("POST", f"{UPLOADS}?name=a.csv", SHEET, **headers)
        assert found.json["code"] == "Forbidden.CrossSite"
    assert site.uploads == set()


def test_an_import_of_another_service_is_undone_by_its_scope_alone(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "data", services=(Path("counted/checkins"),))
    with closing(folder.store):
        folder.add_organisation(CORP)
        (tmp_path / "checkins.csv").write_text("user_id,checked_in_at\nu1,2024-01-05 09:00\n")
        (tmp_path / "reports.csv").write_text("report_id,user_id,sent_at\nr1,u1,2024-01-05 09:00\n")
        own, other = (folder.import_(tmp_path / f"{name}.csv", corp_id=CORP).id for name in ("reports", "checkins"))
        assert [sorted(note.kinds) for note in folder.store.imports()] == [["sent"], ["checked_in"]]
        with serving(folder) as served:
            site = Served(folder, served)
            lacking = site.bringer(CORP, (IMPORT,))
            refused = lacking.call("POST", f"{IMPORTS}/{other}/undo", b"")
            assert refused.status == 403
            assert refused.json["accessdenieddetail"] == {"requiredScopes": ["DataCenter.Checkin.Write"]}
            assert folder.store.kpis("checkinData", CORP, "20240105") == {"4090": 1, "4091": 1}
            assert lacking.call("GET", f"{IMPORTS}/{other}/undo").status == 404, "nothing was begun"
            assert own != other


SCOPES = (TOTALS, RECORDS, IMPORT)
CALLS = (
    ("POST", f"{UPLOADS}?name=b.csv"),
    ("POST", f"{UPLOADS}?name=b.csv&upload={{upload}}"),
    ("GET", f"{UPLOADS}/{{upload}}"),
    ("DELETE", f"{UPLOADS}/{{upload}}?name=none.csv"),
    ("POST", f"{UPLOADS}/{{upload}}/preview"),
    ("POST", f"{UPLOADS}/{{upload}}/import"),
    ("GET", IMPORTS),
    ("POST", f"{IMPORTS}/{{import}}/undo"),
    ("GET", f"{IMPORTS}/{{import}}/undo"),
)


class Rights(NamedTuple):
    """A server of which each organisation has an import and an upload, and one import is of both."""

    site: Served
    uploads: dict[str, str]
    imports: dict[str, str]
    callers: dict[tuple[object, ...], Bringer]


@pytest.fixture(scope="module")
def rights(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rights]:
    with ExitStack() as opened:
        folder = Folder(tmp_path_factory.mktemp("rights") / "data")
        opened.enter_context(closing(folder.store))
        place = tmp_path_factory.mktemp("files")
        imports = {}
        for corp_id in (CORP, OTHER):
            folder.add_organisation(corp_id)
            (place / corp_id).write_text(f"report_id,user_id,sent_at\nof-{corp_id},u1,2024-01-05 09:00\n")
            imports[corp_id] = folder.import_(place / corp_id, corp_id=corp_id).id
        (place / "both").write_text(
            "report_id,user_id,sent_at,corp_id\n"
            + "".join(f"r-{corp_id},u1,2024-01-06 09:00,{corp_id}\n" for corp_id in (CORP, OTHER))
        )
        imports["both"] = folder.import_(place / "both").id
        site = Served(folder, opened.enter_context(serving(folder)))
        uploads = {corp: site.bringer(corp).bring("a.csv", b"no sheet\n").json["upload"] for corp in (CORP, OTHER)}
        yield Rights(site, uploads, imports, {})


@pytest.mark.whole
@settings(max_examples=int(os.environ.get("REPORTDATA_TESTS_EXAMPLES", "60")), deadline=None)
@given(
    call=st.sampled_from(CALLS),
    corp_id=st.sampled_from((CORP, OTHER)),
    whose=st.sampled_from((CORP, OTHER, "both", "none")),
    scopes=st.sets(st.sampled_from(SCOPES), min_size=1),
    caller=st.sampled_from(("app", "link", "narrowed", "nobody")),
)
def test_only_who_may_bring_does_and_for_the_own_organisation_alone(
    rights: Rights, call: tuple[str, str], corp_id: str, whose: str, scopes: set[str], caller: str
) -> None:
    """Calls that would begin a run are made where they are refused alone: others test what runs do."""
    key = (corp_id, frozenset(scopes), caller)
    if key not in rights.callers:
        rights.callers[key] = _caller(rights.site, corp_id, tuple(sorted(scopes)), caller)
    method, template = call
    path = template.format(upload=rights.uploads.get(whose, "0" * 32), **{"import": rights.imports.get(whose, "none")})
    may = IMPORT in scopes and caller in ("app", "link")
    is_run = template.endswith(("/preview", "/import")) or (method, template.endswith("/undo")) == ("POST", True)
    if may and is_run and whose == corp_id:
        return
    before = rights.site.folder.days()
    answer = rights.callers[key].call(method, path, b"" if method == "POST" else None)
    if not may:
        expected = 401 if caller == "nobody" else 403
    elif "{" not in template:
        expected = 200
    elif method == "DELETE":
        expected = 204
    elif whose == corp_id and not template.endswith("/undo"):
        expected = 200
    else:
        expected = 404
    assert answer.status == expected, (answer.status, answer.body)
    other = OTHER if corp_id == CORP else CORP
    assert rights.imports[other].encode() not in answer.body
    assert rights.imports["both"].encode() not in answer.body
    if expected == 200 and template == IMPORTS:
        assert [one["import"] for one in answer.json["imports"]] == [rights.imports[corp_id]]
    assert rights.site.folder.days() == before
    if expected == 200 and "{" not in template and method == "POST":
        assert rights.callers[key].call("DELETE", f"{UPLOADS}/{answer.json['upload']}").status == 204


def _caller(site: Served, corp_id: str, scopes: tuple[str, ...], caller: str) -> Bringer:
    if caller == "app":
        return site.bringer(corp_id, scopes)
    if caller == "nobody":
        return Bringer(site.served.address)
    return site.linked(corp_id, scopes=scopes, departments=("研发",) if caller == "narrowed" else ())
