"""The numbers of days that a test expects, and those that `query` tells."""

from __future__ import annotations

import json

from tests.support.folders import Folder, run

Numbers = tuple[int | None, int | None, int | None]
ONE: Numbers = (1, 1, None)
TWO: Numbers = (2, 2, None)
THREE: Numbers = (3, 3, None)
FOUR: Numbers = (4, 4, None)


def numbers(folder: Folder) -> dict[str, Numbers]:
    """The numbers of each day that is known for any, and has some."""
    result = run(folder, "query", "20240101", "--to", "20240401", "--format", "json")
    assert result.exit_code == 0, result.output
    found = {
        row["stat_date"]: (row.get("4100_DAY"), row.get("4101_DAY"), row.get("4102_DAY"))
        for row in json.loads(result.stdout)
    }
    return {day: values for day, values in found.items() if any(values)}
