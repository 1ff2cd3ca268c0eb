"""Compiles the catalogues of messages into the wheel. An editable install reads them as they are in the source."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_PACKAGE = Path("src", "reportdata")


class Catalogues(BuildHookInterface[Any]):
    """Adds a ``.mo`` file in place of each ``.po`` file."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Before the wheel is put together; ``version`` is ``editable`` for an editable install."""
        if version == "editable":
            return
        package = Path(self.root) / _PACKAGE
        path = package / "cli" / "language" / "catalogue.py"
        spec = importlib.util.spec_from_file_location("catalogue", path)
        assert spec is not None and spec.loader is not None  # noqa: S101, PT018 - it is there
        catalogue = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(catalogue)
        self._made = TemporaryDirectory()
        for number, source in enumerate(sorted(package.rglob("*.po"))):
            target = Path(self._made.name, f"{number}.mo")
            target.write_bytes(catalogue.compiled_po(source))
            place = Path("reportdata", source.relative_to(package)).with_suffix(".mo")
            build_data["force_include"][str(target)] = place.as_posix()

    def finalize(self, version: str, _build_data: dict[str, Any], _artifact_path: str) -> None:
        """After the wheel was written."""
        if version != "editable":
            self._made.cleanup()
