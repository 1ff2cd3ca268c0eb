"""What was answered is kept until something changes; who asks what is being answered waits for it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import msgspec
import pytest

from reportdata.api.asking import KEPT, Job, Questions, Reply
from reportdata.api.kept_answers import KeptAnswers
from reportdata.api.versions import STEP, Versions
from reportdata.cli.answering import answering
from reportdata.statistics.words import read_question
from reportdata.store.sqlite import SQLiteStore
from tests.support.calling import CORP, NOW, add_sample
from tests.support.folders import Folder
from tests.support.services import SERVICE

DAY = ("from", "2021-06-20")


def job(*pairs: tuple[str, str], within: tuple[str, ...] = ()) -> Job:
    return Job(CORP, NOW, read_question([DAY, ("by", "department"), *pairs], SERVICE), within=within)


class Asked:
    """Answers jobs from a data folder, and notes them; they wait while ``gate`` is closed."""

    def __init__(self, folder: Folder, most: int = 1 << 20) -> None:
        self._folder = folder
        self._names = count()
        self.jobs: list[Job] = []
        self.cancelled = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.now = NOW
        self.reader = SQLiteStore(folder.settings.store)
        self.questions = Questions()
        self.kept = KeptAnswers(self._ask, self.questions, Versions(self.reader), lambda: self.now, most)

    async def _ask(self, asked: Job) -> tuple[Reply, Path]:
        self.jobs.append(asked)
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        target = self._folder.path / f"answer-{next(self._names)}"
        with answering(self._folder.settings) as work:
            return work.do(msgspec.structs.replace(asked, target=str(target))), target

    async def rows(self, asked: Job) -> list[dict[str, object]]:
        kept = await self.kept.answer(asked)
        assert kept.reply == Reply()
        found: list[dict[str, object]] = json.loads(kept.body)["data"]
        return found


@pytest.fixture
def sample(folder: Folder) -> Iterator[Folder]:
    add_sample(folder)
    yield folder
    assert not list(folder.path.glob("answer-*"))


@pytest.mark.whole
def test_what_was_asked_before_is_asked_again_once_something_changed(sample: Folder, tmp_path: Path) -> None:
    more = tmp_path / "more.csv"
    more.write_text(f"corp_id,report_id,user_id,sent_at,departments\n{CORP},new,u9,2021-06-20 09:00:00,研发部\n")

    async def ask() -> None:
        asked = Asked(sample)
        with closing(asked.reader):
            first = await asked.rows(job())
            assert await asked.rows(msgspec.structs.replace(job(), now=NOW + 60)) == first
            sample.add_app(CORP)  # no answer rests on who may ask
            assert await asked.rows(job()) == first
            assert (len(asked.jobs), asked.questions.outcomes[KEPT]) == (1, 2)
            await asked.rows(job(("metrics", "reports")))
            sample.import_(more)
            then = await asked.rows(job())
            assert asked.kept.size == len((await asked.kept.answer(job())).body), "what nobody will be given has gone"
            assert {row["department"] for row in then} == {"研发部"}
            assert then != first
            asked.now += STEP  # how certain a number is may change with the time
            assert await asked.rows(job()) == then
            assert (len(asked.jobs), asked.questions.outcomes[KEPT]) == (4, 3)

    asyncio.run(ask())


@pytest.mark.whole
def test_what_differs_in_anything_is_asked_for_itself(sample: Folder) -> None:
    async def ask() -> None:
        asked = Asked(sample)
        with closing(asked.reader):
            jobs = [job(), job(("metrics", "reports")), job(("department", "研发部"))]
            jobs += [job(within=("研发部",)), job(within=("市场部",))]
            for one in [*jobs, *jobs]:
                await asked.rows(one)
            assert [msgspec.structs.replace(one, target="") for one in asked.jobs] == jobs

    asyncio.run(ask())


def test_refusals_are_not_kept_and_the_oldest_answers_make_room(sample: Folder) -> None:
    async def ask() -> None:
        asked = Asked(sample)
        with closing(asked.reader):
            for _ in range(2):
                kept = await asked.kept.answer(
                    Job(CORP, NOW, read_question([("from", "20000101"), ("to", "20991231")], SERVICE))
                )
                assert kept.reply.refused is not None
            assert len(asked.jobs) == 2
            size = len((await asked.kept.answer(job())).body)
        small = Asked(sample, most=size + size // 2)
        with closing(small.reader):
            for one in (job(), job(), job(("children", "true")), job()):
                await small.rows(one)
            assert len(small.jobs) == 3

    asyncio.run(ask())


@pytest.mark.whole
def test_who_asks_the_same_meanwhile_waits_for_it_and_the_work_ends_with_the_last(sample: Folder) -> None:
    async def ask() -> None:
        asked = Asked(sample)
        with closing(asked.reader):
            asked.gate.clear()
            one, two, three = (asyncio.ensure_future(asked.rows(job())) for _ in range(3))
            while not asked.jobs:
                await asyncio.sleep(0)
            one.cancel()
            await asyncio.wait({one})
            asked.gate.set()
            assert await two == await three
            assert (len(asked.jobs), asked.cancelled, asked.questions.outcomes[KEPT]) == (1, 0, 2)
            asked.gate.clear()
            last = [asyncio.ensure_future(asked.rows(job(("children", "true")))) for _ in range(2)]
            while len(asked.jobs) < 2:
                await asyncio.sleep(0)
            for waiting in last:
                waiting.cancel()
            await asyncio.wait(last)
            again = asyncio.ensure_future(asked.rows(job(("children", "true"))))  # in time
            await asyncio.sleep(0)
            again.cancel()
            assert (len(asked.jobs), asked.cancelled) == (2, 0)
            while not asked.cancelled:
                await asyncio.sleep(0.01)
            asked.gate.set()
            await asked.rows(job(("children", "true")))
            assert len(asked.jobs) == 3

    asyncio.run(ask())


@pytest.mark.parametrize(
    ("name", "value"),
    [("by", "user"), ("user", "u1"), ("asOf", "2021-06-21"), ("format", "csv"), ("range", "7d")],
)
def test_what_tells_of_single_people_or_depends_on_the_time_is_not_kept(name: str, value: str) -> None:
    days = [] if name == "range" else [DAY]
    assert not read_question([*days, (name, value)], SERVICE).may_be_kept
    assert read_question([DAY, ("by", "hour")], SERVICE).may_be_kept
