"""What a page of a service says of itself, around its records: how many there are, whether another page follows, and
whether it is whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from reportdata.members import says_of_none

_TOTALS = (
    "total", "totalCount", "total_count", "totalCnt", "total_cnt", "totalElements", "totalRecords", "totalRows",
    "total_rows", "totalNum", "total_num", "recordCount", "record_count", "recordsTotal", "count",
)  # fmt: skip
_WITHIN = ("data", "result", "page", "pagination", "paging", "meta", "pageInfo", "page_info", "hits")
_MORE = ("has_next", "hasNext", "hasNextPage", "has_next_page")
_MORE_OF_SERVICES = ("has_more", "hasMore", "more")
_LAST = ("last", "isLast", "isLastPage", "is_last", "is_last_page")
_NEXT = ("next", "next_page", "nextPage", "nextPageToken", "next_page_token", "next_url", "nextUrl")
_NEXT_OF_SERVICES = ("nextCursor", "next_cursor", "nextToken", "next_token")
"""What DingTalk's pages say, too, of which `reportdata.readers.pages` looks whether the next one is there."""
_PAGE, _PAGES = (
    ("current", "currentPage", "page", "pageNum", "pageNo", "page_no"),
    ("pages", "totalPages", "total_pages", "pageCount", "page_count"),
)
_NOT_WHOLE = (
    "partial", "truncated", "isTruncated", "is_truncated", "incomplete", "incomplete_results", "timed_out", "timedOut",
)  # fmt: skip
_WELL = ("success", "ok")
_WELL_SAID = ("success", "ok", "OK", "Success", "SUCCESS", "成功")
_ERRORS = ("error", "errors", "errorMessage", "error_message")


def total_of(content: Mapping[str, object]) -> int:
    """How many records there are, as a page says that has some of them; 0 when it does not."""
    return max((_number(place, _TOTALS) for place in places_of(content)), default=0)


def places_of(content: Mapping[str, object]) -> list[Mapping[str, object]]:
    """Where a page may say something of itself."""
    return [content, *(place for name in _WITHIN if isinstance(place := content.get(name), dict))]


def goes_on(content: Mapping[str, object], *, of_service: bool) -> bool:
    """Whether a page says that another one follows.

    :param of_service: whether it is of any service, and not of DingTalk's report APIs.
    """
    more, following = (_MORE + _MORE_OF_SERVICES, _NEXT + _NEXT_OF_SERVICES) if of_service else (_MORE, _NEXT)
    for place in places_of(content):
        said = set(_said(place, more))
        if "true" in said or (of_service and "false" in _said(place, _LAST)):
            return True
        if isinstance(total := place.get("total"), dict) and total.get("relation") == "gte":
            return True  # it was not counted further
        named = following if not said else _NEXT  # a place to go on from may stand there where nothing follows
        if any(isinstance(place.get(name), str | int) and place[name] not in ("", 0, False) for name in named):
            return True
        if 0 < _number(place, _PAGE) < _number(place, _PAGES):
            return True
    return False


def lacks_records(content: Mapping[str, object]) -> bool:
    """Whether a page says that it is not whole: that it was cut off, or that something failed."""
    shards = content.get("_shards")
    if isinstance(shards, dict) and not says_of_none(shards.get("failed")):
        return True
    return any(
        "true" in _said(place, _NOT_WHOLE)
        or "false" in _said(place, _WELL)
        or any(not (says_of_none(place.get(name)) or place[name] in _WELL_SAID) for name in _ERRORS)
        for place in places_of(content)
    )


def _said(place: Mapping[str, object], names: Iterable[str]) -> Iterator[str]:
    return (str(place[name]).lower() for name in names if isinstance(place.get(name), bool | str))


def _number(place: Mapping[str, object], names: Iterable[str]) -> int:
    values = (place.get(name) for name in names)
    numbers = (value.get("value") if isinstance(value, dict) else value for value in values)  # search engines
    found = (str(number) for number in numbers if type(number) in (int, str))
    return max((int(text) for text in found if text.isdecimal() and text.isascii()), default=0)
