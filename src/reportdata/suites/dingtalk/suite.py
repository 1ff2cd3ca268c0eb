"""DingTalk as a collector sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reportdata.collector.suite import (
    Access,
    Calls,
    Capabilities,
    CommentPage,
    Endpoint,
    Kind,
    Limits,
    Notes,
    ReportPage,
)
from reportdata.errors import NotPermitted
from reportdata.suites.dingtalk.client import API, OAPI, Client, addresses
from reportdata.suites.dingtalk.directory import departments_of, list_departments, list_people
from reportdata.suites.dingtalk.reports import LISTS, PAGE, list_comments, list_reports
from reportdata.suites.dingtalk.transport import Transport

LISTING = "listing"
"""The note of which API lists the reports, once one was found that is allowed."""


class DingTalk:
    """See `reportdata.collector.suite.Suite`."""

    def __init__(self, access: Access, calls: Calls, notes: Notes, transport: Transport | None = None) -> None:
        self._client = Client(access, calls, transport)
        self._notes = notes

    @property
    def kind(self) -> Kind:
        """Which suite it is."""
        return KIND

    def reports(self, first_at: int, last_at: int, cursor: str = "", user_id: str | None = None) -> ReportPage:
        """A page of reports, by the API that the app may use: the one without texts where it may."""
        known = self._notes.read(LISTING)
        refused: NotPermitted | None = None
        for api in [known] if known else LISTS:
            try:
                page = list_reports(self._client, api, first_at, last_at, cursor, user_id)
            except NotPermitted as error:
                refused = error
                if not error.scope:  # the address is refused, and would be for any API
                    break
                continue
            if api != known:
                self._notes.write(LISTING, api)
            return page
        self._notes.write(LISTING, "")
        raise refused or NotPermitted("no API lists the reports")

    def comments(self, report_id: str, offset: int = 0) -> CommentPage:
        """A page of a report's comments."""
        return list_comments(self._client, report_id, offset)

    def departments(self) -> Mapping[str, str]:
        """The names of all departments, by id."""
        return list_departments(self._client)

    def departments_of(self, user_id: str) -> Sequence[str]:
        """The ids of a person's departments."""
        return departments_of(self._client, user_id)

    def names(self) -> Mapping[str, str]:
        """The names of all people, by id."""
        return list_people(self._client)

    def hello(self) -> None:
        """Ask for the token again, which is free."""
        self._client.hello()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


KIND = Kind(
    name="dingtalk",
    title="DingTalk",
    limits=Limits(  # those of the standard edition, but half of its 20 calls a second: others may ask as well
        calls=5_000,
        per_second=10.0,
        page=PAGE,
        time_zone="Asia/Shanghai",
    ),
    capabilities=Capabilities(comments=True, departments=True, names=True),
    endpoints=(Endpoint("api", API, "The new API's endpoint."), Endpoint("oapi", OAPI, "The old API's endpoint.")),
    needs="The app needs the permission qyapi_report_statistics or qyapi_report_query to list reports, "
    "qyapi_report_query for comments, qyapi_get_member and qyapi_get_department_list for departments, and "
    "qyapi_get_department_member besides for names of people, which are fetched for who turns them on.",
    check=addresses,
    open=DingTalk,
)
