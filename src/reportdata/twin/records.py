"""What happened at a made-up organisation, as records that imports read."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from reportdata.days import MILLISECOND, day_of, days_between, moment_of
from reportdata.twin.activity import BEIJING, Activity
from reportdata.twin.organisation import Organisation

Record = dict[str, object]


class Records:
    """The records of a period, in Beijing's days, as they are known when it ends.

    :param activity: begins with the period.
    :param named: the name of a department, by id and day, where not its own.
    """

    def __init__(
        self,
        organisation: Organisation,
        activity: Activity,
        first_day: str,
        last_day: str,
        named: Callable[[int, str], str] | None = None,
    ) -> None:
        self._organisation = organisation
        self._named = named or (lambda dept_id, _day: organisation.departments[dept_id].name)
        self._activity = activity
        self._days = list(days_between(first_day, last_day))

    def reports(self) -> Iterator[Record]:
        """The reports that were sent."""
        for day in self._days:
            for report in self._activity.of_day(day):
                person = self._organisation.people[report.person]
                yield self._record(report.report_id, "sent_at", report.at) | {
                    "user_id": person.user_id,
                    "template": report.template,
                    "departments": [self._named(found, day) for found in person.departments],
                }

    def comments(self) -> Iterator[Record]:
        """The comments that were made."""
        for day in self._days:
            for report, comment in self._activity.comments_of_day(day):
                yield self._record(report.report_id, "commented_at", comment.at) | {
                    "user_id": self._organisation.people[comment.person].user_id
                }

    def withdrawals(self) -> Iterator[Record]:
        """The reports that were withdrawn."""
        for day in self._days:
            for report in self._activity.of_day(day):
                at = report.withdrawn_at
                if at is not None and day_of(at * MILLISECOND, BEIJING) <= self._days[-1]:
                    yield self._record(report.report_id, "withdrawn_at", at)

    def _record(self, report_id: str, name: str, at: int) -> Record:
        moment = moment_of(at * MILLISECOND, BEIJING)
        return {"corp_id": self._organisation.corp_id, "report_id": report_id, name: moment.isoformat()}
