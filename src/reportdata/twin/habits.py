"""What the people of a made-up organisation do on average, and how long they take."""

from __future__ import annotations

import math
import random

import msgspec

from reportdata.twin.organisation import Organisation

ATTENTION = {"日报": 1.0, "周报": 1.8, "月报": 2.5, "拜访记录": 0.3}
"""The templates, and how many comments their reports get, compared with others."""
TEMPLATES = tuple(ATTENTION)
_DAY = 86_400


class Habits(msgspec.Struct, frozen=True, kw_only=True):
    """What people do, on average."""

    reports_per_day: float = 40
    """Reports of a working day."""
    comments_per_report: float = 0.6
    replies: float = 0.2
    """The share of commented reports whose authors comment too."""
    withdrawn: float = 0.01
    """The share of reports that are withdrawn later."""
    withdrawn_commented: bool = False
    """Whether reports get comments before they are withdrawn. Whoever asks too late can never learn of these."""
    popular: float = 0.003
    """The share of reports with so many comments that they fill several pages."""
    longest_delay: int = 45
    """Days after which a report gets no more comments."""


def scaled_eagerness(organisation: Organisation, habits: Habits) -> list[float]:
    """How likely each person comments on a report that they see, so that the average is as wanted."""
    people = organisation.people
    weights = sum(person.weight for person in people)
    mean = (
        sum(person.weight * sum(people[reader].eagerness for reader in person.readers) for person in people) / weights
    )
    scale = habits.comments_per_report / mean if mean else 0.0
    return [min(person.eagerness * scale, 0.95) for person in people]


def delay(numbers: random.Random, morning: int, patience: float, longest: int) -> int:
    """Milliseconds from a report to a comment: minutes to hours, days, weeks up to ``longest`` days, or the next
    ``morning`` of work, which is so many milliseconds away."""
    kind = numbers.random()
    if kind < 0.5:
        seconds = 30 - math.log(1 - numbers.random()) * 5400 * patience
    elif kind < 0.8:
        seconds = morning // 1000 - math.log(1 - numbers.random()) * 3600
    elif kind < 0.96:
        seconds = 3600 - math.log(1 - numbers.random()) * 2 * _DAY * patience
    else:
        seconds = numbers.uniform(5, longest - 1) * _DAY
    return int(seconds) * 1000
