"""Build the site into the folder `site`, and check it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from website.check import faults
from website.markdown import links, staged, target_of, way
from website.pages import LANGUAGES, ROOT, files, sections

SITE = ROOT / "site"
DESCRIPTION = {
    "en": "DingTalk's statistics of work reports, computed from an organisation's own records",
    "zh": "用企业自己的记录统计钉钉日志",
}
# Between two Chinese characters a word may begin: each is looked up by itself, so that any two of a text are found.
SEPARATOR = r"""[\s\-_,:!=\[\]()\\"`/，。；：、（）“”！？…·]+|\.(?!\d)|(?<=[\u4e00-\u9fff])(?=[\u4e00-\u9fff])"""


def main(site: Path = SITE) -> int:
    """Build into a folder and check; the exit code."""
    shutil.rmtree(site, ignore_errors=True)
    for language in LANGUAGES:
        with TemporaryDirectory() as folder:
            build(language, Path(folder))
            shutil.copytree(Path(folder, "site"), site if language == "en" else site / language, dirs_exist_ok=True)
    wrong = list(faults(site))
    for fault in wrong:
        print(fault, file=sys.stderr)
    print(f"{sum(1 for _ in site.rglob('*.html'))} pages in {site}, {len(wrong)} faults")
    return 1 if wrong else 0


def build(language: str, folder: Path) -> None:
    """Build the site of a language.

    :param folder: where its pages are gathered; the site is the folder ``site`` in it.
    :raises subprocess.CalledProcessError: when a page is not as it must be.
    """
    gathered = folder / "pages"
    for page in files(language):
        text = (ROOT / page).read_text("utf-8")
        for target in (target_of(page, link) for link in links(text)):
            if not target.endswith(".md"):
                _made(gathered / target).write_bytes((ROOT / target).read_bytes())
        lead = partial(lead_of, page, language=language)
        _made(gathered / name_in_site(page)).write_text(staged(text, lead), "utf-8")
    (folder / "zensical.toml").write_text(configuration(language), "utf-8")
    program = Path(sys.executable).with_name("zensical")
    subprocess.run([program, "build", "--strict", "--clean"], cwd=folder, check=True)  # noqa: S603
    (folder / "site" / "404.html").unlink()  # it takes the site for one at the root of a host


def _made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def name_in_site(page: str) -> str:
    """The Markdown file of a page as the generator sees it: README is the beginning of its folder in any language."""
    return page.replace("README.zh-CN.md", "README.md")


def html_of(page: str) -> str:
    """The file that is made of a page."""
    return name_in_site(page).replace("README.md", "index.md").removesuffix(".md") + ".html"


def lead_of(page: str, link: str, language: str) -> str:
    """Where a link of a page leads: to a page of the same language, or to that of the other."""
    target = target_of(page, link)
    if not target.endswith(".md"):
        return link
    if target in files(language):
        return way(page, name_in_site(target))
    (other,) = (one for one in LANGUAGES if one != language)
    if target not in files(other):
        raise SystemExit(f"{page} leads to {target}, which is no page of the site: add it to website/pages.py")
    return way(page, f"zh/{html_of(target)}" if other == "zh" else f"../{html_of(target)}")


def configuration(language: str) -> str:
    """The settings of the generator."""
    other = {"en": "./zh/index.html", "zh": "../index.html"}[language]
    nav = ",\n  ".join(
        f"{{ {json.dumps(title, ensure_ascii=False)} = {json.dumps(list(map(name_in_site, pages)))} }}"
        for title, pages in sections(language)
    )
    return f"""[project]
site_name = "reportdata"
site_description = "{DESCRIPTION[language]}"
docs_dir = "pages"
site_dir = "site"
use_directory_urls = false
nav = [
  {nav}
]

[project.theme]
language = "{language}"
font = false
features = ["content.code.copy", "navigation.sections", "navigation.top", "search.highlight", "toc.follow"]

[[project.theme.palette]]
media = "(prefers-color-scheme: light)"
scheme = "default"

[[project.theme.palette]]
media = "(prefers-color-scheme: dark)"
scheme = "slate"

[project.extra]
generator = false

[[project.extra.alternate]]
name = "{ {"en": "简体中文", "zh": "English"}[language] }"
link = "{other}"
lang = "{ {"en": "zh", "zh": "en"}[language] }"

[project.plugins.search]
separator = '''{SEPARATOR}'''

[project.markdown_extensions.attr_list]
[project.markdown_extensions.tables]
[project.markdown_extensions.toc]
permalink = true
[project.markdown_extensions.pymdownx.highlight]
[project.markdown_extensions.pymdownx.superfences]
"""


if __name__ == "__main__":
    sys.exit(main())
