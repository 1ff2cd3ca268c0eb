"""Running programs on cases, and comparing what they print with what they must print."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from typing import NamedTuple

from conformance.kinds import Case, Line, Run
from tests.support.languages import Language

PATIENCE = 120
"""Seconds that a program may take."""
_REQUEST_ID = re.compile(r" request id: [0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$")


class Outcome(NamedTuple):
    """How a language did in a case; ``problem`` says what was wrong."""

    language: Language
    case: Case
    problem: str | None


def outcomes(languages: Iterable[Language], cases: Iterable[Case]) -> Iterator[Outcome]:
    """How all the languages do in all the cases, as they come."""
    pairs = [(language, case) for case in cases for language in languages if language.prefixes or not case.prefix]
    waiting = [pair for pair in pairs if pair[1].waits]
    # Programs that wait take no core from the others, so they run all at once, and first.
    with ThreadPoolExecutor(len(waiting) or 1) as patient, ThreadPoolExecutor((os.cpu_count() or 1) + 1) as busy:
        running: list[Future[Outcome]] = [patient.submit(_outcome, *pair) for pair in waiting]
        running += [busy.submit(_outcome, *pair) for pair in pairs if not pair[1].waits]
        for done in as_completed(running):
            yield done.result()


def _outcome(language: Language, case: Case) -> Outcome:
    loses = case.closed and language.trusts
    problems = (_problem(language, run, loses=loses) for run in case.runs)
    return Outcome(language, case, next((problem for problem in problems if problem is not None), None))


def _problem(language: Language, run: Run, *, loses: bool) -> str | None:
    """What is wrong. A program that ``loses`` its last call must have ended by an error there."""
    given = [part for name, value in run.arguments.items() for part in (f"--{name}", value)]
    command = [*language.run, *given]
    try:
        done = subprocess.run(
            command, cwd=language.path, env=_environment(), capture_output=True, encoding="utf-8", timeout=PATIENCE
        )
    except subprocess.TimeoutExpired:
        return f"{shlex.join(command)}\ndid not end in {PATIENCE} s"
    expected = [_written(_as_seen(language, line)) for line in run.lines]
    came = [_without_request_id(line) for line in done.stdout.splitlines()]
    if loses:
        if came == expected[:-1] and done.returncode != 0:
            return None
    elif came == expected and done.returncode == 0:
        return None
    different = next((at for at, pair in enumerate(zip(expected, came, strict=False)) if pair[0] != pair[1]), None)
    if different is None:
        said = f"{len(came)} of {len(expected)} lines came, exit code {done.returncode}"
    else:
        said = f"line {different + 1} must be\n  {expected[different]}\nand is\n  {came[different]}"
    return "\n".join(filter(None, [shlex.join(command), said, done.stderr.strip()[-1000:]]))


def _environment() -> dict[str, str]:
    """Programs must reach this machine, and read and write UTF-8."""
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return kept | {"LC_ALL": "C.UTF-8"}


def _as_seen(language: Language, line: Line) -> Line:
    """An expected line, as the users of this SDK see it."""
    if language.prefixed and "code" in line:
        return {**line, "message": f"{line['code']}: {line['message']}"}
    return line


def _without_request_id(text: str) -> str:
    try:
        line = json.loads(text)
    except ValueError:
        return text
    if isinstance(line, dict) and isinstance(line.get("message"), str):
        message, found = _REQUEST_ID.subn("", line["message"])
        line["message"] = message if found else f"{message} (without the request's id)"
    return _written(line)


def _written(line: Line) -> str:
    return json.dumps(line, ensure_ascii=False, sort_keys=True)
