"""The client."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import date
from os import PathLike, fspath
from types import TracebackType
from typing import Any

from reportdata.client.addresses import Day, Moment, Words, address, cell, listed
from reportdata.client.answers import Coverage, ReportData
from reportdata.client.errors import NotSignedIn
from reportdata.client.pages import Changes, Explanation, Statistics
from reportdata.client.reading import coverage_of, report_data_of, understood
from reportdata.client.services import Overview, Service, overview_of, services_of
from reportdata.client.sign_in import SignIn, sign_in_of
from reportdata.client.transport import Patience, Reply, Transport

STATISTICS = "/v1/statistics"
SERVICES = "/v1/services"
CONTRACT = "/v1.0/datacenter/reportData"


class Client:
    """Asks a `reportdata` server. It may be used by several threads; close it, or use it as a context manager.

    :param url: the server, like ``https://host:8080``.
    :param key: and ``secret``: of an app, which says of which organisation the numbers are. The client gets the
        contract's token with them and renews it.
    :param token: one that was got elsewhere, in their place.
    :param basic: send key and secret as HTTP Basic with each request for statistics, in place of a token.
    :param ca: a file in PEM with the certificates that are trusted, as of a private CA; the machine's without it.
    :param patience: how long it waits, and how often it asks again.
    """

    def __init__(
        self,
        url: str,
        key: str | None = None,
        secret: str | None = None,
        *,
        token: str | None = None,
        basic: bool = False,
        ca: str | PathLike[str] | None = None,
        patience: Patience = Patience(),  # noqa: B008 - it does not change
    ) -> None:
        self._transport = Transport(url, fspath(ca) if ca is not None else None, patience, time.sleep)
        self._sign_in = sign_in_of(self._transport, key, secret, token, basic=basic)

    @classmethod
    def on(cls, transport: Transport, sign_in: SignIn) -> Client:
        """A client on connections that others use, too."""
        found = cls.__new__(cls)
        found._transport, found._sign_in = transport, sign_in
        return found

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def statistics(
        self,
        first_day: Day | None = None,
        last_day: Day | None = None,
        *,
        range: str | None = None,
        by: Words = None,
        metrics: Words = None,
        department: Words = None,
        template: Words = None,
        user: Words = None,
        children: bool = False,
        departments: str | None = None,
        order: Words = None,
        as_of: Moment | None = None,
        page_size: int | None = None,
        service: str | None = None,
    ) -> Statistics:
        """Ask a question, as ``GET /v1/statistics`` is asked.

        :param first_day: and ``last_day``: local days of the organisation, both included; or ``range`` in their place,
            like ``7d`` or ``lastMonth``.
        :param by: up to three groupings, like ``["week", "department"]`` or ``"week,department"``.
        :param as_of: only what was known at that moment counts.
        :param service: whose numbers are meant, like ``checkinData``; those of reports without it.
        :raises ApiError: when the question is refused; the message lists what is known.
        """
        asked = {
            "service": service,
            "from": first_day,
            "to": last_day,
            "range": range,
            "by": listed(by),
            "metrics": listed(metrics),
            "department": department,
            "template": template,
            "user": user,
            "children": "true" if children else None,
            "departments": departments,
            "order": listed(order),
            "asOf": as_of,
            "pageSize": page_size,
        }
        return understood(lambda: Statistics(self.get(address(STATISTICS, asked)), self.get))

    def coverage(self, *, service: str | None = None) -> Coverage:
        """The days that are covered, and how certain they are.

        :param service: as of `statistics`.
        """
        return understood(lambda: coverage_of(self.get(address(f"{STATISTICS}/coverage", {"service": service}))))

    def changes(
        self,
        since: Moment | Day,
        first_day: Day | None = None,
        last_day: Day | None = None,
        *,
        metrics: Words = None,
        as_of: Moment | None = None,
        page_size: int | None = None,
        service: str | None = None,
    ) -> Changes:
        """Which numbers of days changed since a moment, the beginning of a day or the ``next_since`` of an answer, when
        that was, and what changed them.

        :param first_day: and ``last_day``: only these days, both included; all without them.
        :param as_of: only changes up to that moment.
        :param service: as of `statistics`.
        """
        asked = {
            "service": service,
            "since": since,
            "from": first_day,
            "to": last_day,
            "metrics": listed(metrics),
            "asOf": as_of,
            "pageSize": page_size,
        }
        return understood(lambda: Changes(self.get(address(f"{STATISTICS}/changes", asked)), self.get))

    def explain(
        self,
        metric: str,
        day: Day | None = None,
        *,
        first_day: Day | None = None,
        last_day: Day | None = None,
        range: str | None = None,
        department: Words = None,
        template: Words = None,
        user: Words = None,
        children: bool = False,
        departments: str | None = None,
        as_of: Moment | None = None,
        than: Mapping[str, Day | Moment] | None = None,
        lang: str | None = None,
        page_size: int | None = None,
        service: str | None = None,
    ) -> Explanation:
        """What a number is made of: a sentence, its definition, its history and its records.

        :param day: or ``first_day`` and ``last_day``, or ``range``: the days of the cell, which has no groupings.
        :param than: another cell to compare with: what differs, by the API's words, like ``{"day": "2025-01-06"}``.
        :param lang: of sentence and meaning: ``en`` or ``zh``.
        :param service: as of `statistics`.
        """
        asked = {
            "service": service,
            "metric": metric,
            "day": day,
            "from": first_day,
            "to": last_day,
            "range": range,
            "department": department,
            "template": template,
            "user": user,
            "children": "true" if children else None,
            "departments": departments,
            "asOf": as_of,
            "than": cell(than) if than is not None else None,
            "lang": lang,
            "pageSize": page_size,
        }
        return understood(lambda: Explanation(self.get(address(f"{STATISTICS}/explain", asked)), self.get))

    def services(self) -> Sequence[Service]:
        """The services that the app may ask about, with their metrics, as ``GET /v1/services`` lists them.

        :raises NotAllowed: when it may ask about none.
        """
        return understood(lambda: services_of(self.get(SERVICES)))

    def overview(self) -> Overview:
        """The newest numbers of all services that have some, one metric of each.

        :raises NotAllowed: when the app may ask about none.
        """
        return understood(lambda: overview_of(self.get(f"{SERVICES}/overview")))

    def report_data(self, day: Day) -> ReportData:
        """The contract's numbers of a day, which is written yyyyMMdd where it is a text.

        :raises ApiError: as DingTalk's document says.
        """
        text = f"{day:%Y%m%d}" if isinstance(day, date) else day
        return understood(lambda: report_data_of(self._ask(address(CONTRACT, {"statDate": text}), contract=True)))

    def get(self, path: str) -> dict[str, Any]:
        """What a path below ``/v1/`` answers, as it is."""
        content: dict[str, Any] = self._ask(path, contract=False).content
        return content

    def _ask(self, path: str, *, contract: bool) -> Reply:
        """An answer, asked for once more with a new token when the last one is not valid any more."""
        try:
            return self._transport.ask("GET", path, self._headers(contract=contract))
        except NotSignedIn as error:
            if error.code != "InvalidAuthentication" or not self._sign_in.renew():
                raise
        return self._transport.ask("GET", path, self._headers(contract=contract))

    def _headers(self, *, contract: bool) -> Mapping[str, str]:
        return self._sign_in.contract() if contract else self._sign_in.statistics()
