"""The processes that compute answers: how many questions wait, how long they may take, and who does not wait for them.

Whoever holds the lake for itself keeps every question from being answered, for as long as a test wants.
"""

from __future__ import annotations

import asyncio
import base64
import os
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from urllib.request import urlopen

import pytest

from reportdata.api.asking import CANCELLED, FAILED, TOO_LONG, TOO_MANY, Job
from reportdata.cli.askers import Askers
from reportdata.cli.cores import all_but_one, cores
from reportdata.engines.duckdb.connection import Database, threads_of
from reportdata.http.answers import Failed
from reportdata.http.request_metrics import GOOD
from reportdata.leases import FileLeases
from reportdata.statistics.words import read_question
from tests.support.calling import CORP, OK, Call, add_sample
from tests.support.folders import Folder
from tests.support.services import SERVICE
from tests.support.serving import serving
from tests.support.waiting import SOON, until

JOB = Job(CORP, 1_795_000_000.0, read_question([("from", "20210601"), ("to", "20210630"), ("by", "week")], SERVICE))


@pytest.fixture
def sample(folder: Folder) -> Folder:
    add_sample(folder)
    return folder


@contextmanager
def held(folder: Folder) -> Iterator[None]:
    """Nobody can read the lake."""
    with FileLeases(folder.settings.lake).holding("reading.lock", wait=True):
        yield


def workers() -> set[int]:
    """The processes of this one that answer questions."""
    found = set()
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes().split(b"\0")
            parent = int((place / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        if parent == os.getpid() and b"answer" in words:
            found.add(int(place.name))
    return found


def told(askers: Askers) -> dict[str, int]:
    """What became of questions, once none waits or is answered."""
    questions = askers.questions
    assert (questions.waiting, questions.running) == (0, 0)
    assert sum(questions.times.counts) == questions.outcomes[GOOD]
    return {outcome: count for outcome, count in questions.outcomes.items() if count}


@pytest.mark.whole
def test_a_question_beyond_those_that_may_wait_is_refused_and_the_others_are_answered(sample: Folder) -> None:
    async def ask() -> None:
        with closing(Askers(sample.settings, waiting=1)) as askers:
            with held(sample):
                asked = [asyncio.ensure_future(askers(JOB)) for _ in range(len(cores()) + 1)]
                await asyncio.sleep(0)
                with pytest.raises(Failed) as refused:
                    await askers(JOB)
                assert refused.value.fault == TOO_MANY
                assert refused.value.headers is not None
                assert "retry-after" in refused.value.headers
                assert (askers.questions.running, askers.questions.waiting) == (len(cores()), 1)
            for reply, target in await asyncio.gather(*asked):
                assert reply.error is None
                assert b'"period":"2021-W22"' in target.read_bytes()
            assert told(askers) == {GOOD: len(cores()) + 1, TOO_MANY.code: 1}

    asyncio.run(ask())
    assert workers() == set()


@pytest.mark.whole
def test_who_leaves_the_queue_makes_room(sample: Folder) -> None:
    async def ask() -> None:
        with closing(Askers(sample.settings, waiting=1)) as askers:
            with held(sample):
                asked = [asyncio.ensure_future(askers(JOB)) for _ in range(len(cores()) + 1)]
                await asyncio.sleep(0)
                asked.pop().cancel()
                while askers.questions.waiting:
                    await asyncio.sleep(0.01)
                asked.append(asyncio.ensure_future(askers(JOB)))
                await asyncio.sleep(0)
            for reply, _ in await asyncio.gather(*asked):
                assert reply.error is None
            assert told(askers) == {GOOD: len(cores()) + 1, CANCELLED: 1}

    asyncio.run(ask())


def test_an_answer_that_takes_too_long_is_given_up_and_its_process_ends(sample: Folder) -> None:
    async def ask() -> None:
        with closing(Askers(sample.settings, seconds=0.5)) as askers, held(sample):
            with pytest.raises(Failed) as refused:
                await askers(JOB)
            assert refused.value.fault == TOO_LONG
            assert workers() == set()
            assert told(askers) == {TOO_LONG.code: 1}

    asyncio.run(ask())


@pytest.mark.whole
def test_processes_at_work_share_the_cores(sample: Folder) -> None:
    with closing(Database()) as database:
        alone = threads_of(database.connection())
        database.share(2)
        shared = threads_of(database.connection())

    def threads() -> list[int]:
        return sorted(len(list(Path(f"/proc/{process}/task").iterdir())) for process in workers())

    async def ask() -> None:
        with closing(Askers(replace(sample.settings, answering=2))) as askers:
            with held(sample):
                asked = [asyncio.ensure_future(askers(JOB)) for _ in range(2)]
                while askers.questions.running < 2:
                    await asyncio.sleep(0.01)
            for reply, _ in await asyncio.gather(*asked):
                assert reply.error is None
            until(lambda: threads()[1] - threads()[0] == alone - shared)  # the first found nobody else at work

    asyncio.run(ask())


@pytest.mark.whole
def test_a_process_that_dies_is_replaced(sample: Folder) -> None:
    async def ask() -> None:
        with closing(Askers(sample.settings)) as askers:
            await askers(JOB)
            for process in workers():
                os.kill(process, 9)
            with pytest.raises(Exception, match="the process that computes answers ended"):
                await askers(JOB)
            reply, _ = await askers(JOB)
            assert reply.error is None
            assert told(askers) == {GOOD: 2, FAILED: 1}

    asyncio.run(ask())


@pytest.mark.whole
def test_a_client_that_leaves_ends_the_work(sample: Folder) -> None:
    app, secret = sample.add_app(CORP, scopes=("Statistics.Report.Read",))
    key = base64.b64encode(f"{app.app_key}:{secret}".encode()).decode()
    request = f"GET /v1/statistics?from=20210601&by=week HTTP/1.1\r\nHost: h\r\nAuthorization: Basic {key}\r\n\r\n"
    with serving(sample, operations_port=0) as served, held(sample):
        with socket.create_connection(served.address, timeout=SOON) as connection:
            connection.sendall(request.encode())
            until(workers)
        until(lambda: not workers())

        def cancelled() -> bool:
            with urlopen(f"{served.server.listeners[1].url}/metrics") as answer:
                lines = answer.read().decode().splitlines()
            return {'reportdata_questions_total{outcome="cancelled"} 1.0', "reportdata_questions_running 0.0"} <= {
                *lines
            }

        until(cancelled)


def used_cores() -> set[frozenset[int]]:
    """The cores that each thread may use of the processes of this one that answer questions."""
    found = set()
    for process in workers():
        for thread in Path(f"/proc/{process}/task").iterdir():
            with suppress(OSError):  # it has ended
                found.add(frozenset(os.sched_getaffinity(int(thread.name))))
    return found


@pytest.mark.whole
@pytest.mark.parametrize("computing", [False, True])
def test_processes_leave_a_core_free_while_calls_come(sample: Folder, computing: bool) -> None:
    every, others = {cores()}, {all_but_one(cores())}

    async def ask() -> None:
        with closing(Askers(replace(sample.settings, answering=2))) as askers:
            askers.share_cores(with_calls=True)
            if computing:  # its database has threads
                await askers(JOB)
                assert used_cores() == others
            with held(sample):
                asked = [asyncio.ensure_future(askers(JOB)) for _ in range(2)]
                while len(workers()) < 2:
                    await asyncio.sleep(0.01)
                for _ in range(2):
                    until(lambda: used_cores() == others)
                    askers.share_cores(with_calls=False)
                    assert used_cores() == every
                    askers.share_cores(with_calls=True)
            for reply, _ in await asyncio.gather(*asked):
                assert reply.error is None
            assert used_cores() == others
            askers.share_cores(with_calls=False)
            await askers(JOB)
            assert used_cores() == every

    asyncio.run(ask())


@pytest.mark.whole
def test_the_contract_has_a_core_for_itself_while_it_is_called_often(sample: Folder) -> None:
    app, secret = sample.add_app(CORP, scopes=("Statistics.Report.Read",))
    key = base64.b64encode(f"{app.app_key}:{secret}".encode()).decode()
    question = f"GET /v1/statistics?from=20210601&by=week HTTP/1.1\r\nHost: h\r\nAuthorization: Basic {key}\r\n\r\n"
    token = sample.token(sample.add_app(CORP)[0])
    with serving(sample, operations_port=0) as served:
        call = Call(served.address, token)

        def called() -> bool:
            assert all(call.answer().status == OK for _ in range(20))
            return used_cores() == {all_but_one(cores())}

        with socket.create_connection(served.address, timeout=SOON) as connection:
            with held(sample):
                connection.sendall(question.encode())
                until(workers)
                until(called)
                until(lambda: used_cores() == {cores()})
                until(called)
            assert connection.recv(65_536).startswith(b"HTTP/1.1 200")
        until(lambda: used_cores() == {cores()})
