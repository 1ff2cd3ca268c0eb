"""What was built: every link leads somewhere, and nothing is loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_LOADS = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src"}


class Page(HTMLParser):
    """The links, loads and names of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.names: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag leads to, loads and is named."""
        found = dict(attrs)
        if name := found.get("id") or (found.get("name") if tag == "a" else None):
            self.names.add(name)
        if tag == "a" and (link := found.get("href")):
            self.links.append(link)
        loaded = found.get(_LOADS.get(tag, ""))
        if loaded and (found.get("rel") or "") not in ("canonical", "alternate", "next", "prev"):
            self.loads.append(loaded)


def faults(site: Path) -> Iterator[str]:
    """What is wrong with the pages of a site."""
    pages = {path: Page(path.read_text("utf-8")) for path in sorted(site.rglob("*.html"))}
    for path, page in pages.items():
        where = path.relative_to(site)
        for loaded in page.loads:
            if urlsplit(loaded).netloc:
                yield f"{where} loads {loaded}"
            elif not _found(path, loaded, site).exists():
                yield f"{where} loads {loaded}, which is not there"
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = _found(path, link, site)
            if not target.exists():
                yield f"{where} leads to {link}, which is not there"
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].names:
                yield f"{where} leads to {link}, and there is no such part"


def _found(page: Path, link: str, site: Path) -> Path:
    path = unquote(urlsplit(link).path)
    found = site / path[1:] if path.startswith("/") else (page.parent / path if path else page)
    found = Path(*found.resolve().parts)
    return found / "index.html" if found.is_dir() else found
