"""Of which kinds a file lacks facts, as far as it says so itself: their days are partial."""

from __future__ import annotations

from collections.abc import Collection

from reportdata.kinds import Kinds
from reportdata.pipeline.imports import Imported
from reportdata.plurals import count_of
from reportdata.readers.cells import announced
from reportdata.remarks import Remarks

_WITHIN = (
    "they stand within records, and those on records that are not in the file are not in it either (where there are "
    "none, name the kind with --covers, and the days with --from and --to)"
)
_UNREAD = "some stand within records and were not read"


def note_missing(
    done: Imported, remarks: Remarks, kinds: Kinds, covers: Collection[str], skipped_kinds: Collection[str | None] = ()
) -> None:
    """Note the kinds of which facts are missing from a file that was read, each with a reason; the first one stays.

    :param covers: kinds of which a person says that the file has all.
    :param skipped_kinds: those of bad records that were skipped; None among them for what may be of any kind.
    """
    if remarks.following is not None:
        line, of = remarks.following
        for kind in of or covers:
            done.partial.setdefault(kind, f"line {line}: the page says that another one follows")
    for whose, line in remarks.not_whole.items():
        for kind in (whose,) if whose else covers:
            done.partial.setdefault(kind, f"line {line}: the page says that it is not whole")
    read = done.read - remarks.within.total()
    told = max(remarks.announced, *(announced([title]) for title in ("", *done.titles)))
    taking_back = {kind.name for kind in kinds.retracting()}
    found = {*done.told, *(done.spans.keys() - taking_back)}
    lacking = found | {*(covers if not done.told else ())}
    for kind in sorted(lacking) if told > read + remarks.denied.total() + done.left_out else ():
        done.partial.setdefault(
            kind,
            f"the file says that it has {count_of(told, 'record', 'records')}, and "
            f"{count_of(read, 'was', 'were')} read",
        )
    done.lost = {*done.partial}
    done.within = {*remarks.within}
    for kind in done.within - set(covers):
        done.partial.setdefault(kind, _WITHIN)
    for member, unclear in remarks.unclear.items():
        if unclear.kind in covers and (unclear.kind not in done.spans or member in remarks.lists):
            remarks.unread.setdefault(member, unclear)
    done.unread |= {kind for kind, _, _ in remarks.unread.values()}
    reasons = dict.fromkeys(done.unread & done.spans.keys(), _UNREAD)
    skipped = {kind for kind in skipped_kinds if kind is not None}
    if None in skipped_kinds:
        skipped |= {*covers, *done.spans}
    for kind in found | skipped if done.skipped else ():
        reasons.setdefault(kind, f"{count_of(done.skipped, 'bad record was', 'bad records were')} skipped")
    done.partial = reasons | done.partial
    done.lost |= reasons.keys()
