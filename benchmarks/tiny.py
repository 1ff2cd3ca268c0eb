"""The parts of the benchmarks with tiny sizes, to see that they run: ``python -m benchmarks.tiny PART …``, with the
options of ``python -m benchmarks``. In place of PART, one of `CHECKS`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import closing
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import beside, collector, figures, load, scale, stores
from benchmarks.__main__ import PARTS, main
from benchmarks.machine import this_machine
from tests.support.folders import Folder
from tests.support.serving import serving

_IMPORTED = {"ORGANISATIONS": 2, "PEOPLE": 5, "REPORTS": 600}
_MANY = {"MANY": 900}
_FILLED = {"ORGANISATIONS": 2, "DAYS": 3}
_SERVED = _FILLED | {"CONNECTIONS": 2}
_PUSHED = ("5,000 good records",)
"""What of the bodies is pushed here."""
TINY: dict[str, dict[str, dict[str, Any]]] = {
    "serving": {"stores": _FILLED, "serving": _SERVED | {"REPEATED": 4, "SLOW": 3, "SECONDS": 0.05}},
    "shared": {"stores": _FILLED, "shared": _SERVED | {"REPEATED": 4, "SECONDS": 0.6}},
    "importing": {"importing": _IMPORTED | _MANY},
    "history": {"importing": _IMPORTED | _MANY, "history": _MANY | {"HISTORY": 1200, "YEARS": 60}},
    "freshness": {"freshness": {"PUSHES": 10, "FACTS": 3, "SECONDS": 0.5}},
    "beside": {
        "beside": {
            **{"SECONDS": 0.2, "RATE": 2, "CONNECTIONS": (1,)},
            "BODIES": {name: beside.BODIES[name] for name in _PUSHED},
        }
    },
    "sheets": {"sheets": {"ROWS": 1000, "FEWER": 200}},
    "peers": {"importing": _IMPORTED, "peers": _IMPORTED},
    "statistics": {
        "year": {"PEOPLE": 20, "OTHERS": 2, "OF_OTHER": 5, "DAYS": 9},
        "statistics": {"FIRST": "2025-06-12", "SECONDS": 0.2, "ASKING": 1},
    },
    "footprint": {"stores": _FILLED, "footprint": _SERVED | {"SECONDS": 0.05}},
}
"""The sizes of each part, by the modules that have them."""


def make_tiny(part: str) -> None:
    """Give a part its sizes."""
    for module, sizes in TINY[part].items():
        for name, size in sizes.items():
            setattr(import_module(f"benchmarks.{module}"), name, size)


def _stores(place: Path) -> None:
    """A server answers what its store was filled with."""
    make_tiny("serving")
    asked = stores.fill(place)

    def right(number: int, answer: load.Answer) -> bool:
        return bool(json.loads(answer.body)["dataList"] == [asked[number].row])

    folder = Folder(place / "data")
    with closing(folder.store), serving(folder) as server:
        load.check(server.address, [one.request() for one in asked], right)
    print(*PARTS)


def _scale(place: Path) -> None:
    """The engines give the same rows."""
    took, _, _ = scale.measure(place, 2000, [], print)
    if len({one.digest for one in took.values() if one.digest}) != 1 or took["import"].rows != 2000:
        raise RuntimeError(f"wrong rows: {took}")


def _collector(place: Path) -> None:
    """The collector and the plain poller know all reports after a day."""
    collector.MEASURED, collector.END = ("20260902", "20260903"), "20260905"
    for one in (collector.collected(5, 3, 5000, place), collector.polled(5, 3)):
        if not one.calls or one.errors["4100", "a day"] != (0.0, 1.0):
            raise RuntimeError(f"wrong numbers: {one}")


def _table(place: Path) -> None:
    """The table is put between its marks."""
    page = place / "README.md"
    page.write_text(f"before\n{figures.BEGIN}\nold\n{figures.END}\nafter\n", "utf-8")
    lines = [figures.Figure("what", 3, 2, "s", "beside", at_most=2), figures.Figure("else", 2000, None, "MB")]
    figures.write(lines, this_machine(), 0.05, "the command", page)
    print(page.read_text("utf-8"))


CHECKS: dict[str, Callable[[Path], None]] = {
    "stores": _stores,
    "scale": _scale,
    "collector": _collector,
    "table": _table,
}
"""What is checked besides the parts."""


if __name__ == "__main__":
    if sys.argv[1] in CHECKS:
        with TemporaryDirectory(prefix="benchmark-") as temporary:
            CHECKS[sys.argv[1]](Path(temporary))
    else:
        make_tiny(sys.argv[1])
        main()
