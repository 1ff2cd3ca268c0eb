"""One frozen value that holds all settings. Only the command line builds it, from flags and ``REPORTDATA_*``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reportdata.errors import BadValue


@dataclass(frozen=True)
class Settings:
    """Where the data are, and how they are served."""

    data: Path
    host: str = "127.0.0.1"
    port: int = 8080
    catalogue: Path | None = None

    def __post_init__(self) -> None:
        if "\\" in str(self.data):
            raise BadValue(f"the data folder {self.data} has a backslash in its path", "DuckDB cannot write there")
        if not 0 <= self.port <= 65535:
            raise BadValue(f"{self.port} is not a port", "choose one from 1 to 65535, or 0 for any free one")

    @property
    def store(self) -> Path:
        """The file of the embedded store."""
        return self.data / "store.db"

    @property
    def lake(self) -> Path:
        """The folder of the lake."""
        return self.data / "lake"
