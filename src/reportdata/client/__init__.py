"""A client of a `reportdata` server: its statistics, and the contract of DingTalk's reportData.

It needs nothing of the server: Python's own library and urllib3, which is imported when a `Client` is made.

    from reportdata.client import Client

    with Client("http://127.0.0.1:8080", key="ding…", secret="…") as client:
        for row in client.statistics(range="lastMonth", by="week"):
            print(row.period, row.reports, row.state)
"""

from reportdata.client.answers import (
    Change,
    Column,
    Coverage,
    Definition,
    Kpi,
    Meta,
    Piece,
    Record,
    ReportData,
    ReportDay,
    Row,
    Value,
    Version,
)
from reportdata.client.client import Client
from reportdata.client.errors import ApiError, ClientError, NotAllowed, NotSignedIn, Unavailable, Unreachable
from reportdata.client.pages import Changes, Explanation, Statistics
from reportdata.client.services import DayNumber, Metric, Newest, Overview, Service
from reportdata.client.transport import Patience

__all__ = [
    "ApiError",
    "Change",
    "Changes",
    "Client",
    "ClientError",
    "Column",
    "Coverage",
    "DayNumber",
    "Definition",
    "Explanation",
    "Kpi",
    "Meta",
    "Metric",
    "Newest",
    "NotAllowed",
    "NotSignedIn",
    "Overview",
    "Patience",
    "Piece",
    "Record",
    "ReportData",
    "ReportDay",
    "Row",
    "Service",
    "Statistics",
    "Unavailable",
    "Unreachable",
    "Value",
    "Version",
]
