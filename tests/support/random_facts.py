"""Random facts, as Hypothesis draws them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from reportdata.days import SECOND, offsets
from tests.support.oracle import Commented, Fact, Sent, Withdrawn

ZONES = {
    "ding-shanghai": ZoneInfo("Asia/Shanghai"),
    "ding-new-york": ZoneInfo("America/New_York"),
    "ding-cairo": ZoneInfo("Africa/Cairo"),  # its clocks change at midnight
    "ding-lord-howe": ZoneInfo("Australia/Lord_Howe"),  # by half an hour
    "ding-apia": ZoneInfo("Pacific/Apia"),  # it left out 2011-12-30
}


_CHANGES = {
    zone: [datetime.fromtimestamp(step.start / SECOND, UTC) for step in offsets(zone)[1:]] for zone in ZONES.values()
}


@st.composite
def moments(draw: st.DrawFn, zone: ZoneInfo) -> datetime:
    """Whole seconds near a midnight or a change of the clocks."""
    near = draw(st.one_of(st.integers(-2, 2), st.integers(-7300, 7300)))
    at_a_change: bool = bool(_CHANGES[zone]) and draw(st.booleans())
    if at_a_change:
        base = draw(st.sampled_from(_CHANGES[zone]))
    else:
        base = datetime(2026, 3, 7, tzinfo=zone) + timedelta(days=draw(st.integers(0, 3)))
    return (base.astimezone(UTC) + timedelta(seconds=near)).astimezone(zone)


@st.composite
def facts(draw: st.DrawFn) -> Fact:
    """A fact of few organisations, reports and users, so that facts meet."""
    corp_id = draw(st.sampled_from(sorted(ZONES)))
    at = draw(moments(ZONES[corp_id]))
    report, user = f"r{draw(st.integers(0, 4))}", f"u{draw(st.integers(0, 3))}"
    kind = draw(st.integers(0, 4))
    if kind < 2:
        departments = draw(
            st.sampled_from([(), ("研发部",), ("研发部/平台组", "Ops & SRE"), ("研发部/平台组", "研发部/二组", "/x")])
        )
        return Sent(corp_id, report, user, at, draw(st.sampled_from(["", "日报"])), departments)
    return Withdrawn(corp_id, report, at) if kind == 4 else Commented(corp_id, report, user, at)
