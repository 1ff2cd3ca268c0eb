"""Markdown as GitHub reads it, made ready for the generator of the site."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Callable, Iterator

_HEADING = re.compile(r"^(#+) (.*)$", re.MULTILINE)
_BLOCK = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
_WITHIN = re.compile(r"(?<=[\u3001-\u303f\u4e00-\u9fff\uff01-\uff5e])\n *(?=[\u3001-\u303f\u4e00-\u9fff\uff01-\uff5e])")
"""The end of a line within a Chinese sentence, which would become a space."""
_LINK = re.compile(r"\]\((?![a-z]+:)([^)#\s]*)(#[^)\s]*)?\)")


def prose(text: str) -> str:
    """A page without its blocks of code."""
    return _BLOCK.sub("", text)


def anchors(text: str) -> set[str]:
    """The names of a page's headings."""
    return set(_named(text))


def _named(text: str) -> Iterator[str]:
    found: dict[str, int] = {}
    for _, heading in _HEADING.findall(prose(text)):
        words = re.sub(r"\]\([^)]*\)", "", heading.lower())
        name = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        count = found.get(name, 0)
        found[name] = count + 1
        yield f"{name}-{count}" if count else name


def links(text: str) -> set[str]:
    """The files that a page leads to."""
    return {target for target, _ in _LINK.findall(prose(text)) if target}


def staged(text: str, lead: Callable[[str], str]) -> str:
    """A page as the generator wants it: headings say their names, links lead where ``lead`` says, and lines of Chinese
    are joined without a space."""
    names = _named(text)
    parts = re.split(f"({_BLOCK.pattern})", text, flags=_BLOCK.flags)
    for at in range(0, len(parts), 2):
        part = _HEADING.sub(lambda found: f"{found[0]} {{ #{next(names)} }}", parts[at])
        part = _WITHIN.sub("", part)
        parts[at] = _LINK.sub(lambda found: f"]({lead(found[1]) if found[1] else ''}{found[2] or ''})", part)
    return "".join(parts)


def target_of(page: str, link: str) -> str:
    """The file that a link of a page leads to, from the project's folder."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(page), link))


def way(page: str, target: str) -> str:
    """The link from a page to a file, both from the project's folder."""
    return os.path.relpath(target, posixpath.dirname(page) or ".")
