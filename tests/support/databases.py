"""Data folders whose store is a database: what is in them, and connections that are lost."""

from __future__ import annotations

import time

from reportdata.coverage import Observation
from reportdata.identity import App
from reportdata.services import REPORTS as REPORT_DATA
from reportdata.store import DayKpis
from tests.support.folders import Folder

DAY = "20260921"


def filled(folder: Folder, number: int = 1) -> tuple[App, str]:
    """An organisation with the numbers of a day, and an app with its token."""
    folder.add_organisation("c1")
    app, _ = folder.add_app("c1")
    put(folder, number)
    folder.store.put_coverage(REPORT_DATA, [Observation("c1", DAY, DAY, 0, kind) for kind in ("sent", "commented")], [])
    return app, folder.token(app)


def put(folder: Folder, number: int) -> None:
    values = dict.fromkeys(("4100", "4101", "4102"), number)
    folder.store.put_days(REPORT_DATA, {DAY: f"f{number}"}, [DayKpis("c1", DAY, values)], time.time())


def kill_connections(address: str) -> None:
    import psycopg  # takes long; most processes of the tests do not need it

    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where pid <> pg_backend_pid() and backend_type = 'client backend'"
        )
