"""Where the project and its tests lie."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data"
LARGER = Path(os.environ.get("REPORTDATA_TESTS_ORGANISATION", DATA / "absent"))
"""A folder with another organisation's records and true numbers, for those who have one; files are named as in DATA."""
