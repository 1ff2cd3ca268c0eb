"""One frozen value that holds all settings. Only the command line builds it, from flags and ``REPORTDATA_*``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from reportdata.errors import BadValue

_BASE_PATH = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+")


@dataclass(frozen=True)
class Settings:
    """Where the data are, and how they are served."""

    data: Path
    database: str | None = None
    """The address of a database that holds the store and the inbox; None for the data folder."""
    lake_at: str | None = None
    """Where the lake is: ``s3://bucket/prefix``, or a folder; None for the data folder's."""
    lake_cache: int = 10_000_000_000
    """Bytes of a lake in object storage that are kept on this machine."""
    host: str = "127.0.0.1"
    port: int = 8080
    services: tuple[Path, ...] = ()
    """Folders of services besides the package's own."""
    tls_cert: Path | None = None
    tls_key: Path | None = None
    proxies: tuple[str, ...] = ()
    """Addresses and networks whose ``X-Forwarded-For`` is believed."""
    rate: int = 20
    """Calls a second of an app to an API, for apps that have no rate of their own; 0 for no limit."""
    connections: int = 10_000
    """Connections at most."""
    answering: int = 0
    """Processes that compute answers to questions; 0 for as many as there are cores."""
    descriptor: int | None = None
    """The descriptor of a listening socket to use in place of ``host`` and ``port``."""
    operations_host: str = "127.0.0.1"
    operations_port: int | None = None
    """Where health and metrics are served; None for nowhere."""
    web: bool = True
    """Whether pages and sessions are served, for people with a browser."""
    base_path: str = ""
    """The path under which a reverse proxy has all calls, like ``/reports``; empty for none."""
    session_hours: float = 12.0
    """For how many hours a session lasts."""
    log_requests: bool = False
    """Whether each request is a line of the log."""
    audit_days: int = 365
    """For how many days the audit is kept; 0 for ever."""
    verify_days: float = 7.0
    """Days within which the worker compares every file of the lake with its digest; 0 for never."""
    engine: str = "duckdb"
    """What computes whole days: ``duckdb``, in the process, or ``spark``, on a cluster."""
    spark_master: str | None = None
    """Where Spark's cluster is; None for where its own settings say."""
    spark_conf: tuple[tuple[str, str], ...] = ()
    """More of Spark's settings, by their names."""

    def __post_init__(self) -> None:
        for folder, name in ((self.data, "data folder"), (self.lake, "lake")):
            if "\\" in str(folder):
                raise BadValue(f"the {name} {folder} has a backslash in its path", "DuckDB cannot write there")
        if self.lake_at is not None and "://" in self.lake_at and self.objects is None:
            raise BadValue(f"a lake at {self.lake_at} is not known", "name a folder, or s3://BUCKET/PREFIX")
        if self.base_path and not _BASE_PATH.fullmatch(self.base_path):
            raise BadValue(
                f"{self.base_path!r} is no base path",
                "write it like /reports: letters, digits, and . _ ~ - between slashes",
            )
        for port in (self.port, self.operations_port or 0):
            if not 0 <= port <= 65535:
                raise BadValue(f"{port} is not a port", "choose one from 1 to 65535, or 0 for any free one")
        if (self.tls_cert is None) != (self.tls_key is None):
            raise BadValue("a certificate needs its key and a key its certificate", "give both, or neither")

    @property
    def store(self) -> Path:
        """The file of the embedded store."""
        return self.data / "store.db"

    @property
    def ledger(self) -> Path:
        """The file of what the collector remembers."""
        return self.data / "collector.db"

    @property
    def names(self) -> Path:
        """The file of names of people, where organisations have them turned on and no database holds them."""
        return self.data / "names.db"

    @property
    def audit(self) -> Path:
        """The folder of what was read by whom."""
        return self.data / "audit"

    @property
    def objects(self) -> str | None:
        """The address of the lake in object storage, if it is there."""
        return self.lake_at if self.lake_at is not None and self.lake_at.startswith("s3://") else None

    @property
    def lake(self) -> Path:
        """The folder of the lake; of one in object storage, what this machine has of it."""
        if self.objects is not None:
            return self.data / "objects"
        return Path(self.lake_at) if self.lake_at is not None else self.data / "lake"

    @property
    def inbox(self) -> Path:
        """The folder of what was pushed and is not in the lake yet."""
        return self.data / "inbox"
