"""The site of the documents: it has every page, its links are checked, and its search finds words of both languages."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support.browsers import chromium
from tests.support.paths import ROOT
from tests.support.tools import require_package
from website.__main__ import lead_of
from website.check import faults
from website.markdown import anchors, links, staged, target_of
from website.pages import LANGUAGES, files


def test_it_has_every_page_in_its_language() -> None:
    pages = {str(path.relative_to(ROOT)) for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]}
    chinese = {page for page in pages if page.endswith(".zh-CN.md")}
    assert pages - files("zh") - files("en") == set()
    assert not files("en") & chinese
    assert chinese <= files("zh")
    assert {page.replace(".zh-CN", "") for page in files("zh")} == files("en")


def test_its_links_lead_to_its_pages_and_to_files() -> None:
    for language in LANGUAGES:
        for page in files(language):
            for link in links((ROOT / page).read_text("utf-8")):
                assert lead_of(page, link, language)
                assert (ROOT / target_of(page, link)).exists()


def test_headings_have_the_names_that_github_gives_them() -> None:
    text = "# A `b` [c](d.md)\n\n```sh\n# no heading\n```\n\n## C#\n\n## C++\n\n## 时钟 B\n"
    assert anchors(text) == {"a-b-c", "c", "c-1", "时钟-b"}
    made = staged(text + "[x](y.md#z) [w](#c)\n", lambda link: f"../{link}")
    assert "## C++ { #c-1 }" in made
    assert "# no heading\n" in made
    assert made.endswith("[x](../y.md#z) [w](#c)\n")


def test_chinese_sentences_have_no_spaces_where_lines_end() -> None:
    text = "时钟不准，\n两者相差\n\n- 一\n  二\n- 三 a\n四\n\n```text\n时\n钟\n```\n"
    assert staged(text, str) == "时钟不准，两者相差\n\n- 一二\n- 三 a\n四\n\n```text\n时\n钟\n```\n"


def test_what_leads_nowhere_or_loads_from_elsewhere_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        "<h1 id=top>A</h1><a href='#top'></a><a href='b.html#x'></a><a href='c.html'></a><a href='https://h.example/'></a>"
    )
    (tmp_path / "b.html").write_text("<script src='https://h.example/x.js'></script><img src='gone.png'>")
    assert list(faults(tmp_path)) == [
        "a.html leads to b.html#x, and there is no such part",
        "a.html leads to c.html, which is not there",
        "b.html loads https://h.example/x.js",
        "b.html loads gone.png, which is not there",
    ]


class Quiet(SimpleHTTPRequestHandler):
    """Files, without a word on standard error."""

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@contextmanager
def shown(folder: Path) -> Iterator[str]:
    """The address of a server of a folder's files."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


WORDS = {"en": ("", "power loss", "docs/push.html"), "zh": ("zh/", "断电", "docs/push.zh-CN.html")}
"""Of each language: its folder, something to look for, and a page that has it in the midst of a sentence."""


@pytest.mark.browser
def test_its_search_finds_words_of_both_languages(tmp_path: Path) -> None:
    require_package("zensical")
    from website.__main__ import main

    assert main(tmp_path / "site") == 0
    with shown(tmp_path / "site") as address, chromium() as browser:
        for language in LANGUAGES:
            folder, words, found = WORDS[language]
            page = browser.new_page()
            elsewhere: list[str] = []
            page.on("request", lambda request, elsewhere=elsewhere: elsewhere.append(request.url))
            page.goto(f"{address}/{folder}index.html")
            page.keyboard.press("/")
            page.get_by_role("combobox").fill(words)
            page.locator(f"[role=listbox] a[href*='/{folder}{found}']", has=page.locator("mark")).first.wait_for()
            assert {url for url in elsewhere if not url.startswith((address, "data:", "blob:"))} == set()
            assert page.locator("html").get_attribute("lang") == language
            page.close()
