"""The page for bringing files, in a browser: a file is dropped, looked at, imported and taken back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reportdata.cli.language import translated
from reportdata.links import new_link_id, new_link_secret
from tests.support.browsers import Visit, expect
from tests.support.browsing import IMPORT, TOTALS, add_link
from tests.support.firefox import firefox
from tests.support.folders import Folder, run
from tests.support.pages import dropping
from tests.support.serving import Serving, serving
from tests.support.waiting import becomes

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

CORP = "ding1"
INPUTS = Path(__file__).parents[1] / "trials" / "inputs"
LOOKS = [
    (language, scheme, width) for language in ("zh", "en") for scheme in ("light", "dark") for width in (1280, 390)
]

OPTIONS = re.compile(r"--column \S+|--kind \S+|--[a-z-]+| ?\((?:sent|commented|withdrawn)\)|：kind：")
"""What the page says in its own words."""


class Bringing:
    """The page, opened by a link that may import."""

    def __init__(self, folder: Folder, served: Serving, browser: Browser, **look: Any) -> None:
        self.visit = Visit(browser, served.url, None, **look)
        self.page = self.visit.page
        _, secret = add_link(folder, CORP, scopes=(TOTALS, IMPORT))
        self.page.goto(f"{served.url}/import#link={secret}")
        self.page.locator("[data-key=choose]").wait_for()

    def choose(self, *names: str) -> None:
        """Choose files of the trials, and wait for the preview."""
        self.page.locator("#chooser").set_input_files([INPUTS / name for name in names])
        self.previewed()

    def drop(self, *names: str) -> None:
        """Drop files of the trials, and wait for the preview."""
        self.page.evaluate(dropping([INPUTS / name for name in names]))
        self.previewed()

    def previewed(self) -> None:
        """Wait for a preview."""
        self.page.locator("[data-key=import]").wait_for()

    def close(self) -> None:
        """Close it; it was quiet, and called nobody else."""
        said, elsewhere = self.visit.said, self.visit.elsewhere
        self.visit.close()
        assert said == []
        assert elsewhere == []


@pytest.fixture
def site(folder: Folder) -> Iterator[tuple[Folder, Serving]]:
    folder.add_organisation(CORP)
    with serving(folder) as served:
        yield folder, served


def test_a_file_is_dropped_imported_seen_and_taken_back(browser: Browser, site: tuple[Folder, Serving]) -> None:
    with closing(Bringing(*site, browser)) as bringing:
        page = bringing.page
        expect(page.locator("#imports")).to_contain_text("还没有导入过", use_inner_text=True)
        bringing.drop("A01.xlsx")
        rows = page.locator("#found .numbers tbody tr").all_inner_texts()
        assert ["".join(row.split()) for row in rows] == [
            f"2024-01-0{day}" + f"导入前–→,导入后{number}" * 2 for day, number in ((5, 2), (6, 1))
        ]
        expect(page.locator("#found .columns")).to_contain_text("发送人", use_inner_text=True)
        assert site[0].days() == {}
        page.locator("[data-key=import]").click()
        page.locator("#imported").wait_for()
        assert site[0].days() == {(CORP, "20240105"): (2, 2, 0), (CORP, "20240106"): (1, 1, 0)}
        expect(page.locator("#imports li")).to_have_count(1)
        page.locator("[data-key=to-dashboard]").click()
        page.locator(".daily").wait_for()
        assert "2024" in page.url
        expect(page.locator(".daily")).to_contain_text("2", use_inner_text=True)
        # Comments are not known, which their column says; what is known is final.
        expect(page.locator(".daily tbody .of-state").first).to_have_text("最终")
        expect(page.locator(".card[data-kpi=reports] .standing")).to_have_text(re.compile("^最终 *$"))
        page.goto(f"{bringing.visit.url}/import")
        page.locator("#imports button").click()
        becomes(lambda: page.evaluate("document.activeElement.dataset.key"), "undo-yes")
        page.keyboard.press("Enter")
        page.locator("#imports ul").get_by_text("已撤销").wait_for()
        assert site[0].days() == {}


def test_the_whole_path_by_keyboard_alone(browser: Browser, site: tuple[Folder, Serving]) -> None:
    with closing(Bringing(*site, browser)) as bringing:
        visit, page = bringing.visit, bringing.page
        page.on("filechooser", lambda chooser: chooser.set_files(INPUTS / "A25-12.csv"))
        visit.walk("choose")
        page.keyboard.press("Enter")
        bringing.previewed()
        visit.walk("choices")
        page.keyboard.press("Enter")
        visit.walk("columns.user_name")
        page.keyboard.type("钉钉UserID")
        page.keyboard.press("Enter")
        page.locator("#found .numbers").wait_for()
        visit.walk("import")
        page.keyboard.press("Enter")
        page.locator("#imported").wait_for()
        assert site[0].days()
        becomes(lambda: page.evaluate("document.activeElement.tagName"), "H1")  # from where Tab goes on
        undo = page.locator("#imports .act button").get_attribute("data-key")
        assert undo is not None
        visit.walk(undo)
        page.keyboard.press("Enter")
        becomes(visit.focused, "undo-yes")
        visit.walk("undo-no")
        page.keyboard.press("Enter")
        visit.walk(undo)
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")
        page.locator("#imports ul").get_by_text("已撤销").wait_for()
        assert site[0].days() == {}
        visit.walk("more")
        page.keyboard.press("Enter")
        becomes(visit.focused, "choose")


def test_the_whole_path_in_firefox(site: tuple[Folder, Serving], tmp_path: Path) -> None:
    folder, served = site
    _, secret = add_link(folder, CORP, scopes=(TOTALS, IMPORT))
    with firefox(tmp_path) as page:
        page.open(f"{served.url}/import#link={secret}")
        page.wait_for("document.querySelector('[data-key=choose]')")
        page.evaluate(dropping([INPUTS / "A01.xlsx"]))
        page.wait_for("document.querySelector('[data-key=import]:enabled')")
        assert "发送人" in page.evaluate("document.querySelector('#found .columns').innerText")
        page.click("[data-key=import]")
        page.wait_for("document.querySelector('#imported')")
        assert folder.days() == {(CORP, "20240105"): (2, 2, 0), (CORP, "20240106"): (1, 1, 0)}
        page.click("[data-key=to-dashboard]")
        page.wait_for("document.querySelector('.daily')")
        page.open(f"{served.url}/import")
        page.click("#imports button")
        page.click("[data-key=undo-yes]")
        page.wait_for("document.querySelector('#imports ul')?.innerText.includes('已撤销')")
        assert folder.days() == {}
        assert page.said == []


@pytest.mark.parametrize("name", ["A07.csv", "A08.csv", "B14.json", "C38.csv.zip"])
def test_the_page_says_what_the_command_line_says(
    browser: Browser, site: tuple[Folder, Serving], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(INPUTS)
    said = json.loads(run(site[0], "import", "--dry-run", "--json", name).stdout)
    with closing(Bringing(*site, browser)) as bringing:
        bringing.choose(name)
        text = bringing.page.locator("#found").inner_text()
        for line in (*said["failures"], *said["hints"], *said["notes"]):
            for piece in OPTIONS.split(translated(line, "zh")):
                assert " ".join(piece.split()) in " ".join(text.split())
        assert bringing.page.locator("[data-key=import]").is_enabled() is not bool(said["failures"])
        if not said["failures"]:
            assert f"读到 {said['read']} 条，新增 {said['new']}" in text


def test_advice_names_the_fields_of_the_form(browser: Browser, site: tuple[Folder, Serving], tmp_path: Path) -> None:
    unclear, good, late = tmp_path / "unclear.csv", tmp_path / "good.csv", tmp_path / "late.csv"
    unclear.write_text("工号,填报于\nA1,2026-09-21 18:03\n")
    good.write_text("report_id,user_id,sent_at\nr1,u1,2026-09-21 18:03\n")
    late.write_text("日志ID,评论人,评论时间\nr1,王三,2026-09-21 19:30\n")
    with closing(Bringing(*site, browser)) as bringing:
        page = bringing.page
        bringing.choose(str(unclear), str(good))
        refused = page.locator("#found .refused").inner_text()
        assert "「类型」：没有列是时间" in refused
        assert "用「发送时间：表头」（日志）或「评论时间：表头」（评论）写明是哪一列" in refused
        assert "--" not in refused
        text = page.locator("#found").inner_text()
        assert "所有文件都读得了之后" in text  # nothing is imported now, so nothing is known of numbers
        assert "仍然未知" not in text
    with closing(Bringing(*site, browser)) as bringing:
        bringing.choose(str(late))
        expect(bringing.page.locator("#found")).to_contain_text(
            "请写「导出时间」或「覆盖的最后一天」", use_inner_text=True
        )


def test_what_is_said_is_looked_at_again(browser: Browser, site: tuple[Folder, Serving]) -> None:
    with closing(Bringing(*site, browser)) as bringing:
        page = bringing.page
        bringing.choose("A25-12.csv")
        expect(page.locator("[data-key=import]")).to_be_disabled()
        page.locator("#choices summary").click()
        page.locator("[data-key='columns.user_name']").fill("钉钉UserID")
        page.locator("[data-key=look-again]").click()
        page.locator("#found .numbers").wait_for()
        expect(page.locator("[data-key=import]")).to_be_enabled()
        expect(page.locator("#found .columns")).to_contain_text("按你说的", use_inner_text=True)
        page.reload()
        page.locator("#found .numbers").wait_for()  # it was not lost


def test_who_may_not_bring_is_told(browser: Browser, site: tuple[Folder, Serving]) -> None:
    folder, served = site
    _, secret = add_link(folder, CORP, departments=("研发",))
    visit = Visit(browser, served.url, None)
    visit.page.goto(f"{served.url}/import#link={secret}")
    visit.page.locator(".empty").wait_for()
    expect(visit.page.locator(".empty")).to_contain_text("--import", use_inner_text=True)
    expect(visit.page.locator(".empty")).to_contain_text("部分部门", use_inner_text=True)
    assert visit.faults() == []
    visit.page.goto(f"{served.url}/import#link={new_link_secret(new_link_id())}")
    visit.page.locator(".sign-in").wait_for()
    visit.close()


@pytest.mark.parametrize(("language", "scheme", "width"), LOOKS)
def test_every_look_of_the_page_is_accessible(
    browser: Browser, site: tuple[Folder, Serving], language: str, scheme: str, width: int
) -> None:
    with closing(Bringing(*site, browser, language=language, scheme=scheme, width=width)) as bringing:
        page = bringing.page
        assert bringing.visit.faults() == []
        bringing.choose("A08.csv", "A07.csv")
        page.locator("#choices summary").click()
        assert bringing.visit.faults() == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.locator(".brought button").first.click()
        page.locator("#found .numbers").wait_for()
        assert bringing.visit.faults() == []
        page.locator("[data-key=import]").click()
        page.locator("#imported").wait_for()
        page.locator("#imports button").click()
        assert bringing.visit.faults() == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
