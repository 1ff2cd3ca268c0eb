"""Events of what changed in a database, as replication writes them (Debezium, Canal, Maxwell): a record that was made
is one, and a record that was deleted is none."""

from __future__ import annotations

from collections.abc import Mapping

from reportdata.errors import BadField
from reportdata.standing import OF_DELETIONS

_ACTIONS = ("op", "op_type", "opType", "type", "eventType", "event_type", "action", "operation")
_DELETES = frozenset(("d", "delete", "deleted"))
_GONE = frozenset(
    ("delete", "deletes", "deleted", "remove", "removes", "removed", "draft", "drafts", "trash", "recycled")
)
"""Names of lists of records that do not stand, beside those that do."""


def wrong_with(content: Mapping[str, object]) -> BadField | None:
    """What is wrong with an object around a record, where it says that the record was deleted, or what it was before it
    changed; None for any other."""
    for name in _ACTIONS:
        if str(content.get(name)).lower() in _DELETES:
            return BadField(name, "says that the record was deleted", OF_DELETIONS)
    for name, value in content.items():
        if isinstance(value, list) and value and name.lower() in _GONE:
            return BadField(name, "lists records that do not stand", "leave it out")
    if isinstance(content.get("before"), dict) and isinstance(content.get("after"), dict):
        return BadField(
            "before", "is what the record was before it changed", "write what is in after, and leave it out"
        )
    return None
