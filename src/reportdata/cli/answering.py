"""``reportdata answer``: the process beside a server that computes answers to questions, one after the other."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import click
import msgspec

from reportdata.api.asking import Job, Reply
from reportdata.cli.handover import Handover
from reportdata.cli.logs import configure_log
from reportdata.cli.places import lake_of, names_of, services_of, store_of
from reportdata.engines.duckdb import DuckDBEngine
from reportdata.engines.duckdb.connection import MEMORY
from reportdata.errors import BadValue, Damaged, InputError, ReportDataError
from reportdata.lake import Lake
from reportdata.names import Names
from reportdata.pipeline.answer_files import write_answer
from reportdata.pipeline.asking import Asking
from reportdata.pipeline.brought import Brought
from reportdata.pipeline.changed import changed
from reportdata.pipeline.covered import coverage
from reportdata.pipeline.damage import noting, told_days
from reportdata.pipeline.explaining import Explaining
from reportdata.services import REPORTS, Services
from reportdata.settings import Settings
from reportdata.statistics.answers import Answer
from reportdata.statistics.explained import narrowed
from reportdata.statistics.named import users_in, with_names
from reportdata.statistics.newest import DAMAGED, Newest, answer_of_newest, question_of_newest
from reportdata.statistics.question import LANGUAGES, Question
from reportdata.statistics.spans import Counts, Span
from reportdata.store import Store

_PATIENCE = 20.0
"""Seconds for which object storage is waited for."""
_LEAST_MEMORY = 256_000_000
_NICE = 15
"""How much the process stands back. From 14 on, a process that wakes runs at once; at 10, a read of the contract may
wait for a millisecond."""


class Answering:
    """Does jobs."""

    def __init__(
        self, store: Store, names: Names, services: Services, lake: Lake, engine: DuckDBEngine, base_path: str = ""
    ) -> None:
        self._base_path = base_path
        self._names = names
        self.lake = lake
        self.store = store
        self.services = services
        self._asking = {one.id: Asking(lake, store, engine, one, services.kinds) for one in services if one.has_facts}
        self._explaining = {
            name: Explaining(asking, self, engine, services.service(name)) for name, asking in self._asking.items()
        }
        self.asking = self._asking[REPORTS]
        self._brought = {one.id: Brought(store, one, services) for one in services if not one.has_facts}
        self.engine = engine

    def found(self, job: Job) -> Answer:
        """The answer of a job.

        :raises InputError: when it cannot be answered as it is asked.
        :raises Damaged: when it needs damaged files, which the store notes.
        """
        try:
            with noting(self):
                found = self._found(job)
        except Damaged as error:
            days, why = told_days(self, error.files), error.message
            said = f"facts of {days} are needed, and {why}" if days else f"facts of all days are needed, and {why}"
            raise Damaged(said, error.hint, error.files) from error
        asked = job.question or job.explained
        if asked is None or not asked.names:
            return found
        turned_on = job.corp_id in self._names.organisations()
        names = self._names.names(job.corp_id, users_in(found)) if turned_on else {}
        return with_names(found, names, turned_on=turned_on)

    def _found(self, job: Job) -> Answer:
        if job.question is not None:
            question = msgspec.structs.replace(job.question, within=job.within)
            return self._answers(job.service, question, job)
        if job.newest is not None:
            return answer_of_newest(
                [(self.services.service(one.service), one) for one in job.newest],
                lambda one, metric: self._newest(one, metric, job),
            )
        if job.changes is not None:
            if job.within:
                raise BadValue("this tells of the whole organisation")
            return changed(self.store, self.services.service(job.service), job.corp_id, job.changes, job.now)
        if job.explained is not None:
            explained = narrowed(job.explained, job.within)
            if job.service in self._brought:
                return self._brought[job.service].explain(explained, job.corp_id, job.now)
            explaining = self._explaining[job.service]
            return explaining.explain(explained, job.corp_id, job.now, with_records=job.with_records)
        service = self.services.service(job.service)
        return coverage(self.store, service, job.corp_id, job.now, whole=not job.within)

    def _newest(self, newest: Newest, metric: str, job: Job) -> Answer:
        with noting(self):
            return self._answers(newest.service, question_of_newest(newest, metric, job.within), job)

    def _answers(self, service: str, question: Question, job: Job) -> Answer:
        answering = self._asking.get(service) or self._brought[service]
        return answering.answer(question, job.corp_id, job.now)

    def _counts(self, span: Span, job: Job) -> Counts:
        """The numbers of a span of days; damaged days that are noted are left out of them."""
        asking = self._asking[span.service]
        with suppress(Damaged), noting(self):
            return asking.span(span, job.corp_id, job.now)
        with noting(self):  # it may need other files, or those of damaged days for others
            return asking.span(span, job.corp_id, job.now)

    def do(self, job: Job) -> Reply:
        """Do a job."""
        self.engine.share(job.busy)
        try:
            if job.span is not None:
                Path(job.target).write_bytes(msgspec.json.encode(self._counts(job.span, job)))
                return Reply()
            found = self.found(job)
            if found.meta.get("nextPage") is not None:
                found.meta["nextPage"] = f"{self._base_path}{found.meta['nextPage']}"
            asked = job.question or job.changes or (job.explained.cell if job.explained is not None else None)
            format_, bom = ("json", False) if asked is None else (asked.format, asked.bom)
            language = _language(job)
            if format_ == "xlsx" and language != LANGUAGES[0]:
                _write_sheet(found, Path(job.target), self.engine, language)
            else:
                write_answer(found, format_, Path(job.target), self.engine, bom=bom)
        except InputError as error:
            return Reply(refused=f"{error.message}; {error.hint}" if error.hint else error.message)
        except Damaged as error:
            return Reply(damaged=told_days(self, error.files))
        except (ReportDataError, OSError) as error:
            return Reply(error=str(error))
        lacks = bool(found.meta.get(DAMAGED))
        return Reply(next_page=found.meta.get("nextPage"), next_since=found.meta.get("nextSince"), lacks=lacks)


def _language(job: Job) -> str:
    """The language that is asked for; the first one where none is."""
    if job.explained is not None:
        return job.explained.lang
    return job.question.lang if job.question is not None else LANGUAGES[0]


def _write_sheet(found: Answer, target: Path, engine: DuckDBEngine, language: str) -> None:
    from reportdata.cli.sheet_words import wording  # most answers have no words of people
    from reportdata.cli.words import for_people

    shown = for_people(found, language)
    write_answer(shown, "xlsx", target, engine, wording=wording(language))


@contextmanager
def answering(settings: Settings, processes: int = 1, store: Store | None = None) -> Iterator[Answering]:
    """What does jobs on a data folder, which is there.

    :param processes: how many share the memory.
    :param store: one that is open already, and is not closed.
    """
    services = services_of(settings)
    lake = lake_of(settings, _PATIENCE)
    engine = DuckDBEngine(settings.lake / "spill", lake, max(_LEAST_MEMORY, MEMORY // processes), rereading=True)
    opened = store or store_of(settings, new=False)
    names = names_of(settings)
    try:
        yield Answering(opened, names, services, lake, engine, settings.base_path)
    finally:
        names.close()
        engine.close()
        if store is None:
            opened.close()


@click.command("answer", hidden=True)
@click.option("--processes", type=int, default=1)
def answer_command(processes: int) -> None:
    """Answer questions that come on standard input, for `reportdata serve`."""
    lines = sys.stdin.buffer
    given = Handover.decoded(lines.readline())
    configure_log(given.log_format)
    os.nice(_NICE)
    given.present.require()
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints, prints no answer
    with answering(given.settings, processes) as work:
        for line in iter(lines.readline, b""):
            reply = work.do(msgspec.json.decode(line, type=Job))
            answers.write(msgspec.json.encode(reply) + b"\n")
            answers.flush()
