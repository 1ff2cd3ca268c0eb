"""A client of a `reportdata` server: its statistics, and the contract of DingTalk's reportData.

It needs nothing of the server: Python's own library and urllib3, which is imported when a `Client` is made.

    from reportdata.client import Client

    with Client("http://127.0.0.1:8080", key="ding…", secret="…") as client:
        for row in client.statistics(range="lastMonth", by="week"):
            print(row.period, row.reports, row.state)
"""

from reportdata.client.answers import Column, Coverage, Kpi, Meta, Piece, ReportData, ReportDay, Row
from reportdata.client.client import Client
from reportdata.client.errors import ApiError, ClientError, NotAllowed, NotSignedIn, Unavailable, Unreachable
from reportdata.client.pages import Statistics
from reportdata.client.transport import Patience

__all__ = [
    "ApiError",
    "Client",
    "ClientError",
    "Column",
    "Coverage",
    "Kpi",
    "Meta",
    "NotAllowed",
    "NotSignedIn",
    "Patience",
    "Piece",
    "ReportData",
    "ReportDay",
    "Row",
    "Statistics",
    "Unavailable",
    "Unreachable",
]
