"""``reportdata bring``: the process beside a server that does one thing with files that were brought."""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import chdir, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import msgspec

from reportdata.api.bringing import Said, Wrong
from reportdata.choices import Choices, check_choices
from reportdata.cli.handover import Handover, end_with_parent
from reportdata.cli.import_process import Job, Told
from reportdata.cli.importing import read_exported_at
from reportdata.cli.importing import summary as imported
from reportdata.cli.imports import summary as taken_back
from reportdata.cli.language import translated
from reportdata.cli.logs import configure_log
from reportdata.cli.periods import check_period
from reportdata.cli.places import workspace
from reportdata.cli.previews import check_kinds
from reportdata.cli.previews import summary as previewed
from reportdata.cli.told_places import without_places
from reportdata.days import DEFAULT_TIME_ZONE, parse_day, time_zone
from reportdata.errors import BadRecord, BadValue, ReportDataError
from reportdata.kinds import Kinds
from reportdata.pipeline import Progress
from reportdata.pipeline.importing import import_files
from reportdata.pipeline.imports import Options
from reportdata.pipeline.previewing import preview
from reportdata.pipeline.refreshing import refresh
from reportdata.pipeline.taking_back import brought_kinds, noted, take_back
from reportdata.pipeline.workspace import Workspace
from reportdata.readers import Format
from reportdata.settings import Settings

MEMORY = 4 << 30
"""Bytes that the process may take."""
_NICE = 10
"""How much the process stands back: who asks is answered first."""
_SKIPPED = 100
"""Bad records whose reasons are told."""
_TOLD = 0.2
"""Seconds between two lines that tell how far it is."""
_NO_MEMORY = Wrong(
    "The files need more memory than the server gives them.", "Bring fewer or smaller files at once; nothing was added."
)


_FOR_PEOPLE = ("notes", "failures", "hints", "skippedRecords")
"""What is told in the language that was asked for."""


def carried_out(settings: Settings, job: Job, progress: Progress) -> dict[str, Any]:
    """Do a job; what came of it is what the command of the same name prints with --json, with messages in the language
    that was asked for and without the places of the server (`reportdata.cli.told_places`).

    :raises ReportDataError: when it cannot be done; then nothing was added or taken back.
    """
    found = _carried_out(settings, job, progress)

    def told(text: str) -> str:
        return translated(without_places(settings, text), job.said.lang)

    return found | {name: list(map(told, found[name])) for name in _FOR_PEOPLE if name in found}


def _carried_out(settings: Settings, job: Job, progress: Progress) -> dict[str, Any]:
    if job.what == "preview":  # what is staged is on this machine alone, and little is computed of it
        settings = replace(settings, engine="duckdb")
    with workspace(settings, new=False) as work:
        if job.what == "undo":
            _require_kinds(work, job)
            return _taken_back(work, job.import_id, progress)
        if not job.names:
            raise BadValue("there are no files", "bring some")
        skipped: list[str] = []

        def skip(record: BadRecord, _cells: Mapping[str, object]) -> None:
            if len(skipped) < _SKIPPED:
                skipped.append(record.message)

        options = _options(work, job)
        if job.said.skip_bad:
            options = replace(options, skip_bad=skip)
        with chdir(job.folder):  # files are told by their names alone
            files = [Path(name) for name in job.names]
            if job.what == "preview":
                return previewed(preview(work, files, options, progress)) | {"skippedRecords": skipped}
            done = import_files(work, files, options, progress)
        said = imported(done, refresh(work, time.time(), progress=progress))
        said["daysComputed"] = said["daysTouched"]  # others that were stale are nothing to whoever brought the files
        return said | {"skippedRecords": skipped}


def _require_kinds(work: Workspace, job: Job) -> None:
    """:raises BadValue: when an import brought facts of kinds that are not the caller's to take back."""
    if job.kinds is None:
        return
    for kind in brought_kinds(work, noted(work.store, job.import_id)):
        if kind not in job.kinds:
            scope = work.services.push_scope(kind)
            raise BadValue(
                f"the import {job.import_id} brought facts of {kind}", f"undo it with an app that has the scope {scope}"
            )


def _taken_back(work: Workspace, import_id: str, progress: Progress) -> dict[str, Any]:
    done = take_back(work, import_id, now=time.time(), progress=progress)
    first, last = noted(work.store, import_id).days or ("", "")
    done.days = [day for day in done.days if first <= day <= last]  # others that were stale are nothing to the caller
    return taken_back(import_id, done)


def _options(work: Workspace, job: Job) -> Options:
    """How the files are read."""
    said = job.said
    first, last = (parse_day(text) if text else None for text in (said.first_day, said.last_day))
    check_period(first, last)
    kinds = Kinds(kind for kind in work.kinds.values() if job.kinds is None or kind.name in job.kinds)
    check_kinds(said.covers, kinds)
    choices = _choices(kinds, said)
    formats = [one.value for one in Format if one is not Format.ZIP]
    if said.format and said.format not in formats:
        raise BadValue(f"{said.format!r} is no form of a file", f"the forms are {', '.join(formats)}")
    return Options(
        corp_id=job.corp_id,
        only=None if job.zone else job.corp_id,
        add_in=time_zone(job.zone) if job.zone else None,
        format=Format(said.format) if said.format else None,
        first_day=first,
        last_day=last,
        covers=said.covers,
        exported_at=read_exported_at(work.store, said.exported_at or None, job.corp_id, job.zone or DEFAULT_TIME_ZONE),
        choices=choices,
        now=time.time(),
        kinds=kinds,
        whole=True,
    )


def _choices(kinds: Kinds, said: Said) -> Choices:
    columns = {field: heading for field, heading in said.columns.items() if heading}
    zone = time_zone(said.times_in) if said.times_in else None
    choices = Choices(said.kind or None, columns, said.sheet or None, zone)
    check_choices(choices, kinds)
    return choices


@click.command("bring", hidden=True)
def bring_command() -> None:
    """Read files that were brought, for `reportdata serve`."""
    given = Handover.decoded(sys.stdin.buffer.readline())
    job = msgspec.json.decode(sys.stdin.buffer.readline(), type=Job)
    configure_log(given.log_format)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # meant for the parent, which ends this process
    end_with_parent(lambda: os._exit(1))
    os.nice(_NICE)
    with suppress(ValueError, OSError):  # a lower limit holds already, or the system knows none
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    lines = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints, tells nothing
    told = 0.0

    def tell(what: Told) -> None:
        lines.write(msgspec.json.encode(what, enc_hook=str) + b"\n")
        lines.flush()

    def progress(step: str, done: int, total: int) -> None:
        nonlocal told
        if time.monotonic() > told + _TOLD:
            told = time.monotonic()
            tell(Told(without_places(given.settings, step), max(0, done), max(0, total)))

    try:
        given.present.require()
        found = carried_out(given.settings, job, progress)
    except ReportDataError as error:
        tell(Told(error=Wrong(*(without_places(given.settings, text) for text in (error.message, error.hint)))))
    except MemoryError:
        tell(Told(error=_NO_MEMORY))
    except OSError as error:
        tell(Told(error=Wrong(f"{error.strerror or error}", "Nothing is half done: look at the list of imports.")))
    else:
        tell(Told(result=found))
