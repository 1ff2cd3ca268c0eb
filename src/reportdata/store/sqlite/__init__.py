"""The embedded store: one SQLite file, several processes at once."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from reportdata.errors import StoreError
from reportdata.sqlite_kinds import Kind
from reportdata.store.forgetting import Forgetting
from reportdata.store.identities import Identities
from reportdata.store.links import Links
from reportdata.store.official import Figures
from reportdata.store.sqlite.counting import Counted
from reportdata.store.sqlite.days import Days
from reportdata.store.sqlite.gathering import Gathering
from reportdata.store.sqlite.surroundings import Cache
from reportdata.store.sqlite.tables import Copying
from reportdata.store.states import States
from reportdata.store.stories import Stories

COMMAND_TIMEOUT = 30.0
"""Seconds that a command waits for another process's lock."""
SERVING_TIMEOUT = 1.4
"""Seconds that a call waits: twice this is below the 3 s after which DingTalk's Node SDK gives up."""
_KIND = Kind("the store", __name__, StoreError, "restore the newest backup, and import again what came after it")

schemas = _KIND.schemas
"""The schema that the store in a file has, and the one that this program gives it when it opens it."""


class SQLiteStore(Identities, Links, Days, Stories, Gathering, States, Figures, Forgetting, Copying):
    """A `reportdata.store.Store` in the SQLite file at ``path``, which is made when it is not there, unless it
    is not to be ``new``.

    ``timeout`` is how many seconds it waits for another process's lock. An instance may be used by one thread at a
    time; any number of instances, in any number of processes, may be open.
    """

    remote = False
    database: Counted

    def __init__(self, path: Path, timeout: float = COMMAND_TIMEOUT, *, new: bool = True) -> None:
        # A server would keep others out for as long as it runs.
        self.database = Counted(path, _KIND, timeout, alone=timeout != SERVING_TIMEOUT, new=new)
        self._around = Cache()
        with suppress(StoreError):  # nothing but the views needs it; who reads is told what is wrong
            self.tell_zones()

    def version(self) -> int:
        row = self.database.row("pragma data_version")
        return int(row[0]) if row else 0

    def version_of_answers(self) -> int:
        row = self.database.row("select number from changes")
        return int(row[0]) if row else 0

    def newest(self) -> float:
        row = self.database.row(
            "select max(coalesce((select max(computed_at) from computed_days), 0),"
            " coalesce((select max(observed_at) from coverage), 0),"
            " coalesce((select max(as_of) from day_states), 0),"
            " coalesce((select max(fetched_at) from official_figures), 0),"
            " coalesce((select max(created_at) from apps), 0),"
            " coalesce((select max(created_at) from links), 0),"
            " coalesce((select max(used_at) from client_tokens), 0) * 1000)"
        )
        return row[0] / 1000 if row else 0.0

    def forget(self, corp_id: str) -> int:
        removed = self.remove(corp_id)
        self.database.wipe()
        return removed

    def mentions(self, text: str) -> dict[str, int]:
        return self.database.mentions(text)

    def faults(self, *, thorough: bool = False) -> list[str]:
        return self.database.faults(thorough=thorough)

    def copy(self, target: Path) -> None:
        self.database.copy(target)

    def size(self) -> int:
        return self.database.size()

    def close(self) -> None:
        self.database.close()
