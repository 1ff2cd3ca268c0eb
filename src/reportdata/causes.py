"""What changes the number of a day, as the words in which a store keeps it: ``import k3xm09ab file 1``, ``push``,
``collection``, ``withdrawal by push``, ``unimport k3xm09ab``."""

from __future__ import annotations

from collections.abc import Iterable

FORGETTING = "forgetting"
"""A person was forgotten."""
REPAIR = "repair"
"""A damaged file was given up."""
FIGURES = "figures"
"""DingTalk's own figures of the day were fetched, or came from a file."""
DEFINITION = "definition"
"""The service counts by another definition."""
COVERAGE = "coverage"
"""Days came to be observed, or are observed no more."""
UNKNOWN = "unknown"
"""The change is from before causes were kept, or nobody noted it."""
MORE = "more"
"""There were others."""
MOST = 20
"""Causes of one change that are kept."""


def of_origin(origin: str | None) -> str:
    """The cause that facts of an origin are: ``k3xm09ab/0`` is the first file of an import."""
    if not origin:
        return UNKNOWN
    import_id, number, file = origin.partition("/")
    return f"import {import_id} file {int(file) + 1}" if number and file.isdecimal() else origin


def withdrawal(origin: str | None) -> str:
    """The cause that facts of an origin are which take back others."""
    cause = of_origin(origin)
    return "withdrawal" if cause == UNKNOWN else f"withdrawal by {cause}"


def unimport(import_id: str) -> str:
    """The cause that an import was taken back."""
    return f"unimport {import_id}"


_IN_CHINESE = {
    "push": "推送",
    "collection": "采集",
    "withdrawal": "撤回",
    FORGETTING: "删除人员",
    REPAIR: "放弃损坏的文件",
    FIGURES: "取回官方数字",
    DEFINITION: "统计口径变更",
    COVERAGE: "覆盖范围变更",
    UNKNOWN: "原因未知",
    MORE: "其他",
}


def in_chinese(cause: str) -> str:
    """A cause in Chinese."""
    word, _, rest = cause.partition(" ")
    if word == "import":
        import_id, _, file = rest.partition(" file ")
        return f"导入 {import_id} 的第 {file} 个文件"
    if word == "unimport":
        return f"撤销导入 {rest}"
    if word == "withdrawal" and rest:
        return f"撤回（{in_chinese(rest.removeprefix('by '))}）"
    return _IN_CHINESE.get(cause, cause)


def bounded(causes: Iterable[str]) -> list[str]:
    """Different causes in their order, without what is known to say nothing, and not too many."""
    found = [cause for cause in dict.fromkeys(causes) if cause != UNKNOWN]
    return found if len(found) <= MOST else [*found[:MOST], MORE]
