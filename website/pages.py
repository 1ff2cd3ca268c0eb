"""Which pages the site has, and in which order."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parent.parent
LANGUAGES = ("en", "zh")

Titled = tuple[tuple[str, str], tuple[str, ...]]
"""A section: its title in English and in Chinese, and its pages without their ends."""

SECTIONS: tuple[Titled, ...] = (
    (("Start", "开始"), ("README", "docs/start", "docs/exports", "docs/collect", "docs/push", "docs/faq")),
    (
        ("Use", "使用"),
        ("docs/dashboard", "docs/statistics", "docs/bi", "docs/warehouse", "docs/links", "docs/names", "docs/shell"),
    ),
    (
        ("Programs", "程序接入"),
        ("docs/clients", "docs/client", "docs/mcp", "docs/explorer", "docs/twin", "src/reportdata/api/contract/README"),
    ),
    (("Numbers", "数字"), ("docs/calibres", "docs/kpis", "docs/figures", "docs/glossary")),
    (("Operate", "运维"), ("docs/operations", "docs/scale", "docs/troubleshooting", "docs/support", "docs/privacy")),
    (
        ("Project", "项目"),
        ("docs/cli", "CHANGELOG", "CONTRIBUTING", "ARCHITECTURE", "SECURITY", "CODE_OF_CONDUCT", "RELEASING"),
    ),
    (
        ("Design", "设计"),
        (
            *(f"src/reportdata/{room}/README" for room in ("api", "assistants", "cli", "collector", "engines")),
            *(
                f"src/reportdata/{room}/README"
                for room in ("http", "lake", "pipeline", "readers", "services", "store", "suites", "twin")
            ),
            "src/reportdata/services/reports/README",
            "benchmarks/README",
            "benchmarks/collector",
            "conformance/README",
        ),
    ),
)


def in_language(page: str, language: str) -> str:
    """The file of a page in a language: its own one, or the only one there is."""
    chinese = f"{page}.zh-CN.md"
    return chinese if language == "zh" and (ROOT / chinese).exists() else f"{page}.md"


def others() -> tuple[str, ...]:
    """Pages for users that no section names."""
    named = {page for _, pages in SECTIONS for page in pages}
    there = {f"docs/{path.name.removesuffix('.md').removesuffix('.zh-CN')}" for path in ROOT.glob("docs/*.md")}
    return tuple(sorted(there - named))


def sections(language: str) -> list[tuple[str, list[str]]]:
    """The sections of a language, with the files of their pages."""
    at = LANGUAGES.index(language)
    all_of_them = (*SECTIONS, *([MORE] if MORE[1] else []))
    return [(titles[at], [in_language(page, language) for page in pages]) for titles, pages in all_of_them]


MORE: Titled = (("More", "更多"), others())


def files(language: str) -> set[str]:
    """The files of all pages of a language."""
    return {file for _, pages in sections(language) for file in pages}
