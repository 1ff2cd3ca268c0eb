"""Ids that a person writes, and the organisations that they stand for."""

from __future__ import annotations

from reportdata.errors import BadField, BadValue, NotKnown
from reportdata.identifiers import read_id, stands_for_one
from reportdata.identity import Organisation
from reportdata.store import Store

_IDS = {
    "corp_id": ("an organisation's id", "write its CorpId, which open-dev.dingtalk.com shows; it begins with ding"),
    "app_key": ("an app's key", "write the one that the app's page shows, or `reportdata app list`"),
    "name": ("a name", "write one of your own, or leave it out"),
}
"""What ids are, and where a person finds one."""


def require_written(field: str, text: str) -> None:
    """:raises BadValue: when a text was copied from a document, where it stands for an id."""
    if stands_for_one(text):
        what, where = _IDS[field]
        raise BadValue(f"{text!r} stands for {what} in documents", where)


def read_own_id(field: str, text: str) -> str:
    """An id that a person wrote.

    :raises BadValue: when it is none, or was copied from a document.
    """
    require_written(field, text)
    try:
        return read_id(field, text)
    except BadField as error:
        raise BadValue(f"{text!r} is not {_IDS[field][0]}: {error.reason}") from error


def known_organisation(store: Store, corp_id: str) -> Organisation:
    """The organisation of that id.

    :raises NotKnown: when there is none.
    """
    for organisation in store.organisations():
        if organisation.corp_id == corp_id:
            return organisation
    require_written("corp_id", corp_id)
    raise NotKnown(f"the organisation {corp_id!r} is not known", f"add it with `reportdata org add {corp_id}`")


def only_organisation(store: Store, corp_id: str | None) -> Organisation:
    """The organisation of that id or, without one, the only one that there is.

    :raises NotKnown: when there is none, or there are several to choose from.
    """
    known = store.organisations()
    if corp_id is None and not known:
        raise NotKnown("there is no organisation", "add one with `reportdata org add CORP_ID`")
    if corp_id is None and len(known) != 1:
        raise NotKnown(f"there are {len(known)} organisations", "name one with --corp")
    return known_organisation(store, corp_id if corp_id is not None else known[0].corp_id)
