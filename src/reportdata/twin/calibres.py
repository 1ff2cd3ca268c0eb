"""Calibres of 4102: the ways in which commenters of a day can be counted, as data.

DingTalk's document has one line for the KPI, so several readings are possible. The default is what `kpis.sql` counts
and what is served; the others are computed only to be compared with figures from elsewhere.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from reportdata.errors import BadValue


class Calibre(msgspec.Struct, frozen=True):
    """How 4102 counts.

    ``day``: a comment counts on its own day, or on that of its report. ``commenters``: each person once a day, or once
    for each report. ``own``: whether comments on one's own reports count.
    """

    day: Literal["comment-day", "report-day"] = "comment-day"
    commenters: Literal["distinct", "summed"] = "distinct"
    own: Literal["with-own", "without-own"] = "with-own"

    def __str__(self) -> str:
        return f"{self.day},{self.commenters},{self.own}"

    @classmethod
    def parse(cls, text: str) -> Calibre:
        """The calibre of a text such as ``report-day,summed``; what it does not say is as by default.

        :raises BadValue: for a word that is none.
        """
        fields: dict[str, str] = {}
        for word in filter(None, text.split(",")):
            try:
                fields[_WORDS[word]] = word
            except KeyError:
                raise BadValue(f"{word!r} is no part of a calibre", f"use some of {', '.join(_WORDS)}") from None
        return msgspec.convert(fields, cls)


_WORDS = {
    "comment-day": "day",
    "report-day": "day",
    "distinct": "commenters",
    "summed": "commenters",
    "with-own": "own",
    "without-own": "own",
}
DEFAULT_CALIBRE = Calibre()
CALIBRES = tuple(
    msgspec.convert({"day": day, "commenters": commenters, "own": own}, Calibre)
    for day in ("comment-day", "report-day")
    for commenters in ("distinct", "summed")
    for own in ("with-own", "without-own")
)
"""All of them, the default first."""
