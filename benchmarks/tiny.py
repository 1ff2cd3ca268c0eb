"""The benchmarks with tiny sizes, in a process of their own: ``python -m benchmarks.tiny PART …``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

from benchmarks import beside
from benchmarks.__main__ import main

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


def make_tiny(part: str, put: Callable[[object, str, Any], None] = setattr) -> None:
    """Give a part its sizes."""
    for module, sizes in TINY[part].items():
        for name, size in sizes.items():
            put(import_module(f"benchmarks.{module}"), name, size)


if __name__ == "__main__":
    make_tiny(sys.argv[1])
    main()
