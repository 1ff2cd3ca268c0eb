"""Numbers of spans of days are kept until something changes that they rest on, and not for who may ask alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path

import msgspec
import pytest

from reportdata.api.asking import Job, Reply
from reportdata.api.memory import Memory
from reportdata.api.spans import FRESH, Asked, Spans
from reportdata.cli.answering import answering
from reportdata.links import Holder, Link, begin_session
from reportdata.statistics.spans import Counts, Span
from reportdata.store.sqlite import SQLiteStore
from tests.support.calling import CORP, NOW, add_sample
from tests.support.folders import Folder
from tests.support.services import SERVICE

WEEK = Asked(CORP, Span(SERVICE.id, "20210614", "20210620", tuple(kpi.id for kpi in SERVICE.kpis)))
DEPARTMENTS = WEEK._replace(span=msgspec.structs.replace(WEEK.span, by_department=True))


class Counting:
    """Counts spans of a data folder, and notes how often."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._names = count()
        self.jobs = 0
        self.now = NOW
        self.reader = SQLiteStore(folder.settings.store)
        self._spans = Spans(self._ask, Memory(self.reader, lambda: self.now), lambda: self.now)

    async def _ask(self, asked: Job) -> tuple[Reply, Path]:
        self.jobs += 1
        target = self._folder.path / f"answer-{next(self._names)}"
        with answering(self._folder.settings) as work:
            return work.do(msgspec.structs.replace(asked, target=str(target))), target

    async def counts(self) -> tuple[Counts, Counts]:
        await asyncio.sleep(0)  # the store is looked at in a new turn
        return await self._spans.counts(WEEK), await self._spans.counts(DEPARTMENTS)


def sign_in(folder: Folder) -> None:
    link = Link(link_id="one", name="one", corp_id=CORP, secret_hash="h")
    folder.store.add_link(link, NOW)
    folder.store.open_session(Holder(None, link.link_id), lambda _: begin_session(link, 1, NOW), NOW)


@pytest.mark.whole
@pytest.mark.parametrize("name", ["an app", "a token", "a client token", "a session"])
def test_who_may_ask_makes_no_kept_number_useless(folder: Folder, name: str) -> None:
    add_sample(folder)
    app, _ = folder.add_app(CORP)
    change: Callable[[], object] = {
        "an app": lambda: folder.add_app(CORP),
        "a token": lambda: folder.token(app, NOW),
        "a client token": lambda: folder.store.claim_client_token(app.app_key, "20210620", "one", NOW),
        "a session": lambda: sign_in(folder),
    }[name]

    async def ask() -> None:
        asked = Counting(folder)
        with closing(asked.reader):
            first = await asked.counts()
            before = asked.reader.version()
            change()
            assert asked.reader.version() != before
            assert await asked.counts() == first
            assert asked.jobs == 2

    asyncio.run(ask())


@pytest.mark.whole
def test_kept_numbers_are_counted_anew_once_they_may_be_others(folder: Folder, tmp_path: Path) -> None:
    add_sample(folder)
    more = tmp_path / "more.csv"
    more.write_text(f"corp_id,report_id,user_id,sent_at,departments\n{CORP},new,u9,2021-06-20 09:00:00,研发部\n")

    async def ask() -> None:
        asked = Counting(folder)
        with closing(asked.reader):
            first = await asked.counts()
            folder.import_(more)
            then = await asked.counts()
            for before, after in zip(first, then, strict=True):
                assert sum(numbers["4100"] for _, numbers in after.groups) == 1 + sum(
                    numbers["4100"] for _, numbers in before.groups
                )
            assert asked.jobs == 4
            for now in (NOW + FRESH, NOW):  # how certain they are may change with time alone; the clock is set back
                asked.now = now
                assert await asked.counts() == then
            assert asked.jobs == 8

    asyncio.run(ask())
