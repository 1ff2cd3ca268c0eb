"""The pages' files, the calendar that they mark days by, and the version by which they notice changes."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from http.client import HTTPConnection

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportdata.api.versions import STEP, Versions
from reportdata.holidays import published_years, special_days
from reportdata.web import FOLDER, read_pages
from tests.support.calling import CORP, add_sample
from tests.support.folders import Folder
from tests.support.serving import Serving, serving

LARGEST = 100_000
"""Bytes of the first view at most, packed."""
PAGES = ("/", "/explorer", "/import")


@pytest.fixture
def served(folder: Folder) -> Iterator[Serving]:
    with serving(folder) as found:
        yield found


def ask(served: Serving, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    with closing(HTTPConnection(*served.address, timeout=300)) as connection:
        connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


@pytest.mark.parametrize("page", PAGES)
def test_a_page_may_load_nothing_from_elsewhere(served: Serving, page: str) -> None:
    status, headers, body = ask(served, page)
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert headers["cache-control"] == "no-cache"
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'self';")
    assert {"base-uri 'none'", "frame-ancestors 'none'", "object-src 'none'"} <= set(policy.split("; "))
    assert "unsafe" not in policy
    assert not re.search(rb"<script(?![^>]*src=)|<style|\son\w+=|\sstyle=", body)


@pytest.mark.parametrize("page", PAGES)
def test_its_files_are_kept_for_ever(served: Serving, page: str) -> None:
    _, _, body = ask(served, page)
    total = len(gzip.compress(body, 9))
    for path in files_of(body.decode()):
        assert path.startswith(f"{FOLDER}/{read_pages().version}/")  # relative: a proxy may add a path before it
        status, headers, packed = ask(served, f"/{path}", accept_encoding="gzip, br")
        assert status == 200
        assert headers["cache-control"] == "public, max-age=31536000, immutable"
        assert (headers["content-encoding"], headers["vary"]) == ("gzip", "accept-encoding")
        total += len(packed)
        _, plain_headers, plain = ask(served, f"/{path}")
        assert "content-encoding" not in plain_headers
        assert gzip.decompress(packed) == plain
    assert total <= LARGEST
    assert ask(served, f"/{FOLDER}/0000000000000000/main.js")[0] == 404
    assert ask(served, f"/{FOLDER}/{read_pages().version}/..%2F__init__.py")[0] == 404


def files_of(page: str) -> set[str]:
    """The files that a page names, with the modules that these load, relative to the server."""
    found = set(re.findall(r'(?:href|src)="([^"#]+/[^"#]+)"', page))
    while True:
        modules = {
            f"{path.rpartition('/')[0]}/{name}"
            for path in found
            for name in re.findall(r"^(?:import|\}) .*from '\./(\w+\.js)';$", text_of(path), re.MULTILINE)
        }
        if modules <= found:
            return found
        found |= modules


def text_of(path: str) -> str:
    """A file by its path."""
    return gzip.decompress(read_pages().files[path.rpartition("/")[2]].packed).decode()


@pytest.mark.parametrize("page", PAGES)
def test_a_page_asks_for_all_its_modules_at_once(served: Serving, page: str) -> None:
    _, _, body = ask(served, page)
    assert set(re.findall(r'(?:href|src)="([^"#]+/[^"#]+)"', body.decode())) == files_of(body.decode())


def test_every_file_belongs_to_a_page(served: Serving) -> None:
    used = {path.rpartition("/")[2] for page in PAGES for path in files_of(ask(served, page)[2].decode())}
    later = {name for one in used for name in re.findall(r"await import\('\./(\w+\.js)'\)", text_of(one))}
    assert used.isdisjoint(later), "what is loaded when it is needed is not asked for at once"
    used |= later
    assert used == set(read_pages().files)


def test_no_file_names_another_server() -> None:
    for name, file in read_pages().files.items():
        text = gzip.decompress(file.packed).decode()
        found = set(re.findall(r"https?://[^\s'\"`]+", text))
        assert found <= {"http://www.w3.org/2000/svg"}, name
        assert "innerHTML" not in text


def test_without_pages_there_are_none(folder: Folder) -> None:
    with serving(folder, web=False) as served:
        assert [ask(served, page)[0] for page in PAGES] == [404] * len(PAGES)


@pytest.mark.whole
@given(start=st.dates(date(2000, 1, 1), date(2030, 12, 31)), length=st.integers(0, 400))
def test_holidays_and_moved_working_days_are_china_s(start: date, length: int) -> None:
    days = [start + timedelta(days=number) for number in range(length)]
    if not days:
        return
    told = {day.stat_day: day for day in special_days(f"{days[0]:%Y%m%d}", f"{days[-1]:%Y%m%d}")}
    since, until = published_years()
    for day in days:
        usual = day.weekday() < 5
        special = told.get(f"{day:%Y%m%d}")
        works = special.is_worked if special else usual
        assert works == (chinese_calendar.is_workday(day) if since <= day.year <= until else usual)


def test_the_calendar_is_open_to_all(served: Serving) -> None:
    status, headers, body = ask(served, "/v1/calendar?from=2026-02-14&to=20260216")
    assert (status, headers["cache-control"]) == (200, "public, max-age=86400")
    assert json.loads(body)["data"] == [
        {"date": "2026-02-14", "kind": "workday", "name": "春节", "nameEn": "Spring Festival"},
        {"date": "2026-02-15", "kind": "holiday", "name": "春节", "nameEn": "Spring Festival"},
        {"date": "2026-02-16", "kind": "holiday", "name": "春节", "nameEn": "Spring Festival"},
    ]
    for query in (
        "",
        "?from=2026-02-16&to=2026-02-15",
        "?from=2026-02-30&to=2026-03-01",
        "?form=1",
        "?from=19000101&to=20991231",
    ):
        status, _, body = ask(served, f"/v1/calendar{query}")
        assert (status, json.loads(body)["code"]) == (400, "InvalidParameter")


@pytest.mark.whole
def test_who_watches_is_told_only_of_changes(folder: Folder) -> None:
    add_sample(folder)
    token = folder.token(folder.add_app(CORP, scopes=("Statistics.Report.Read",))[0])
    path, authorization = "/v1/statistics/coverage", f"Bearer {token}"
    with serving(folder) as served:
        status, headers, _ = ask(served, path, authorization=authorization)
        tag = headers["etag"]
        assert (status, headers["cache-control"]) == (200, "no-store")
        status, headers, body = ask(served, path, authorization=authorization, if_none_match=f'"other", {tag}')
        assert (status, headers["etag"], body) == (304, tag, b"")
        assert ask(served, path, if_none_match=tag)[0] == 401
        folder.cover(CORP, "20210801", "20210801")
        status, headers, body = ask(served, path, authorization=authorization, if_none_match=tag)
        assert status == 200
        assert headers["etag"] != tag
        assert json.loads(body)["meta"]["newestDay"] == "2021-08-01"


def test_a_version_ends_and_is_one_organisation_s(folder: Folder) -> None:
    versions = Versions(folder.store)
    assert versions.tag("a", 0) == versions.tag("a", STEP - 1)
    assert versions.tag("a", STEP) != versions.tag("a", 0)
    assert versions.tag("b", 0) != versions.tag("a", 0)
    assert Versions(folder.store).tag("a", 0) != versions.tag("a", 0)


def test_the_description_is_packed_for_whom_can_unpack_it(served: Serving) -> None:
    _, headers, packed = ask(served, "/openapi.json", accept_encoding="gzip")
    _, plain_headers, plain = ask(served, "/openapi.json")
    assert headers["content-encoding"] == "gzip"
    assert plain_headers["vary"] == headers["vary"] == "accept-encoding"
    assert "content-encoding" not in plain_headers
    assert gzip.decompress(packed) == plain
    assert len(packed) * 10 < len(plain)
