"""Which numbers of a day cannot be together: more people than things that they did, shares above one."""

from __future__ import annotations

from collections.abc import Mapping

from reportdata.errors import BadField
from reportdata.measures import Kpi, Number
from reportdata.services import Service

_ROUNDED = 0.01
"""By how much a share that people wrote may differ from that of its parts."""
_WRONG = "look whether two columns are exchanged, or a digit is missing, and mend it; or leave the row out"


def require_possible(service: Service, values: Mapping[str, Number]) -> None:
    """
    :param values: the numbers of a day by KPI id; those that are missing are not known.
    :raises BadField: for the first that cannot be right beside the others.
    """
    for kpi in service.kpis:
        value = values.get(kpi.id)
        if value is not None and kpi.within in values:
            _require_within(kpi, value, service.kpi(kpi.within), values[kpi.within])
        if value is not None and kpi.ratio and not kpi.unit:
            _require_share(kpi, value, kpi.of_parts(values))


def _require_within(people: Kpi, number: Number, done: Kpi, times: Number) -> None:
    if number > times:
        reason = f"{number} is more than {done.name} ({times}), of which each of these people has one at least"
        raise BadField(people.key, reason, _WRONG)
    if times and not number:
        raise BadField(people.key, f"is 0, though somebody did what {done.name} ({times}) counts", _WRONG)


def _require_share(kpi: Kpi, value: Number, share: Number | None) -> None:
    """
    :param share: that of its parts; None where they do not tell.
    """
    if value <= 1 + _ROUNDED:
        return
    hundredth = f"{value / 100:.10g}"
    if share is None and value > 100 * (1 + _ROUNDED):
        raise BadField(kpi.key, f"{value} is more than 1, and no share in per cent", _WRONG)
    if share is None:
        hint = f"where it is, write {hundredth}; where it is not, mend it, or leave the row out"
        raise BadField(kpi.key, f"{value} is more than 1, as shares in per cent are", hint)
    if abs(value / 100 - share) <= _ROUNDED:
        raise BadField(kpi.key, f"{value} is in per cent, as its parts in the row tell", f"write {hundredth}")
    if share <= 1:
        hint = f"write {share:.3f}, or leave the row out"
        raise BadField(kpi.key, f"{value} is more than 1, and its parts in the row tell {share:.3f}", hint)
