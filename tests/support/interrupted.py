"""Commands that are interrupted: killed before one of their system calls, or by a power failure after one."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.support.disk import Disk, image_of, lay
from tests.support.durable import Command, Seen, judge
from tests.support.forks import Forks
from tests.support.strace import Replay, Trace, following, killing, moments


class Traced(NamedTuple):
    """A command that was run once: the folder as it was before, its calls, what was seen before and after, and how much
    it had said when it ended."""

    command: Command
    base: Path
    top: Path
    trace: Trace
    before: Seen
    after: Seen
    said: int


class Interruptions:
    """Interrupts commands that run in forks.

    :param place: where folders are made, by the names of commands.
    """

    def __init__(self, forks: Forks, place: Path) -> None:
        self._forks = forks
        self._place = place

    def trace(self, command: Command, prepare: Callable[[Path], object]) -> Traced:
        """Run a command once, in a folder that was prepared, and see that the calls make what is there."""
        name = command.name.replace(" ", "-")
        base, top, log = (self._place / f"{name}{suffix}" for suffix in (".base", "", ".calls"))
        base.mkdir()
        prepare(base)
        shutil.copytree(base, top)
        words, disk = command.words(top), Disk(top)
        assert not self._forks.run(*words, strace=following(log)).killed
        trace = Trace(log)
        log.unlink()
        replay = Replay(trace, disk)
        replay.to(len(trace.calls))
        there, made = image_of(top), disk.now()
        assert there == made, {path for path in there.keys() | made.keys() if there.get(path, 0) != made.get(path, 0)}
        lay(image_of(base), self._place / f"{name}.before")
        lay(there, self._place / f"{name}.after")
        before, after = (command.look(self._place / f"{name}.{when}") for when in ("before", "after"))
        return Traced(command, base, top, trace, before, after, self._said(replay))

    def fail(self, traced: Traced, rounds: int, rng: random.Random) -> Counter[str]:
        """Let the power fail after calls of a command, and after its end; the outcomes."""
        outcomes: Counter[str] = Counter()
        shutil.rmtree(traced.top)
        shutil.copytree(traced.base, traced.top)
        disk = Disk(traced.top)
        replay = Replay(traced.trace, disk)
        last = len(traced.trace.calls)
        ended = 1 + rounds // 4
        points = [*moments(traced.trace, rng, rounds - ended), *[last] * ended]
        for number, point in enumerate(points):
            replay.to(point)
            image = disk.after_failure(rng)
            place = self._place / "failed"
            lay(image, place)
            acknowledged = point == last or self._said(replay) == traced.said > 0
            try:
                found = judge(traced.command, place, traced.before, traced.after, acknowledged=acknowledged)
            except BaseException as error:
                error.add_note(f"{traced.command.name}: power failure {number} after call {point} of {last}")
                near = traced.trace.calls[max(0, point - 3) : point]
                error.add_note("\n".join(f"{call.name}({call.arguments[:300]})" for call in near))
                raise
            outcomes[f"{found}, acknowledged" if acknowledged else found] += 1
            shutil.rmtree(place)
        return outcomes

    def kill(self, traced: Traced, rounds: int, rng: random.Random) -> Counter[str]:
        """Kill a command before calls of it; the outcomes."""
        outcomes: Counter[str] = Counter()
        steps = sorted(set(traced.trace.steps))
        chosen = rng.sample(steps, rounds) if rounds < len(steps) else rng.choices(steps, k=rounds)
        for step in chosen:
            place = self._place / "killed"
            shutil.copytree(traced.base, place)
            ended = self._forks.run(*traced.command.words(place), strace=killing(self._place / "kill.log", step))
            try:
                found = judge(traced.command, place, traced.before, traced.after, acknowledged=not ended.killed)
            except BaseException as error:
                error.add_note(f"{traced.command.name}: killed before {step}")
                raise
            outcomes[found if ended.killed else "not killed"] += 1
            shutil.rmtree(place)
        return outcomes

    def _said(self, replay: Replay) -> int:
        out = str(self._forks.out)
        return sum(len(content) for place, content in replay.said if place == out)
