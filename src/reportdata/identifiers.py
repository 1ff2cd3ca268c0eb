"""One cleaning of ids and short texts for every reader: CSV, sheets, JSON, Parquet, pushes and the collector.

An id that went through a spreadsheet, a database client or a data frame comes back in another form (``="0042"``,
``'0042``, ``42.0``, with a zero-width space). Cleaned, it is the id that it was; what cannot be told is refused.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from decimal import Decimal
from uuid import UUID

from reportdata.errors import BadField

LONGEST_ID = 128
EXACT = 1 << 53
"""Whole floats up to this are exact."""
_SHORTENED = re.compile(r"\d\.\d+E\+?\d+|\dE\+\d+", re.ASCII | re.IGNORECASE)
"""Numbers as programs shorten them; 4e17 may be an id of its own."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # and halves of signs, of texts that were cut
_LOST = "\ufffd"  # in place of bytes that are no text
_FORMULA = re.compile(r'=\s*"(.*)"', re.DOTALL)
_WHOLE = re.compile(r"(\d+)\.0+", re.ASCII)
_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+", re.ASCII)
_QUOTES = ("''", "``", "’’", "‘’", "‘‘", '""', "“”", "””")  # around texts
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}  # of full-width forms, as keyboards write them
_DIGIT = re.compile(r"\d")
_VARIATIONS = "\ufe0e\ufe0f"  # signs that choose how the one before is drawn
_BETWEEN_HAN = r"(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])"
ROUNDED = "[0-9]{15}0+"
"""Ids of 16 digits and more that spreadsheets rounded to 15: where all of a column are so, that is no chance."""
_EXTENDED = frozenset(("$oid", "$numberLong", "$numberInt"))  # as MongoDB writes ids and whole numbers in JSON
_PERSONAL = r"[\u3400-\u9fff]{2,4}|[\u3400-\u9fff]+(?:[·•・][\u3400-\u9fff]+)+"
"""These two are compiled when they are needed: sets of so many signs take a while."""

NOTHING = frozenset(
    (
        "",
        "null",
        "none",
        "nan",
        "<na>",
        "nat",
        "\\n",
        "n/a",
        "#n/a",
        "#null!",
        "#ref!",
        "#value!",
        "#name?",
        "#div/0!",
        "#num!",
        "#spill!",
        "#calc!",
        "#getting_data",
        "<null>",
        "(null)",
        "undefined",
        "nil",
        "-",
        "--",
        "---",
        "—",
        "——",
        "－",
        "/",
        "\\",
        "无",
        "空",
        "暂无",
        "未填",
        "未填写",
        "(空)",
        "（空）",
        "(空白)",
        "（空白）",
        "(blank)",
    )
)
"""Words, in lower case, by which people, databases, data frames, spreadsheets and programs write that there is no
value; also the errors of a spreadsheet's formulas."""

_STANDS_FOR = re.compile(
    r"(?:(?:YOUR|MY)[_-]?)?(?:CORP|APP|CLIENT|USER)?[_-]?(?:ID|KEY|SECRET|NAME)|DAY|FILES?|KIND|CORP|APP|USER"
    r"|[Yy]our[_-]?[Cc]orp[_-]?[Ii]d|corpI[Dd]|corp_id|appKey|app_key|appSecret|userId|ding[xX*]{3,}|x{3,}|X{3,}|\.{3}|…"
    r"|<.*>|\{.*\}|\$\w*|(?:你的|您的)?(?:企业|组织|应用)?(?:ID|id|Id|Key|key)",
    re.DOTALL,
)
"""Words that stand in documents for an id of the reader's own."""


def stands_for_one(text: str) -> bool:
    """Whether a text is no id, but what documents print in place of one: CORP_ID, dingxxxx, <your corpId>."""
    return _STANDS_FOR.fullmatch(text.strip()) is not None


NO_PERSON = frozenset("0" * count for count in range(1, 9))
"""What programs write in place of a number that is not there: all people who have none would be taken for one."""
NO_RECORD = NO_PERSON | {"NA", "Na", "nA", "na"}
"""What is no record's id either, as R writes it. Somebody may be called so, but no record."""


def is_nothing(value: object) -> bool:
    """Whether a value says that there is none: None, NaN, an empty text, or a word like NULL."""
    if value is None or (isinstance(value, float) and value != value):
        return True
    if isinstance(value, Decimal) and value.is_nan():
        return True
    return isinstance(value, str) and _visible(value).lower() in NOTHING


def is_no_person(value: object) -> bool:
    """Whether a value says that somebody has no id: it says nothing, or is 0."""
    if is_nothing(value):
        return True
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return _WHOLE.sub(r"\1", str(value).strip()) in NO_PERSON
    return False


def read_id(field: str, value: object) -> str:
    """An id, cleaned.

    :raises BadField: when there is none, or it cannot be told which it was.
    """
    text = _id_text(field, value)
    if not text:
        raise BadField(field, "is missing", "fill it in, or leave such records out with --skip-bad")
    if len(text) > LONGEST_ID:
        raise BadField(
            field,
            f"has {len(text)} characters, more than an id's {LONGEST_ID}",
            "choose the column with ids with --column",
        )
    if _CONTROL.search(text):
        raise BadField(field, f"{text[:40]!r} has control characters", "write the id without them")
    require_text(field, text)
    if _SHORTENED.fullmatch(text):
        raise BadField(
            field, f"{text!r} was shortened by a spreadsheet program", "export the column as text and import it again"
        )
    return text


def require_text(field: str, text: str) -> None:
    """:raises BadField: when signs of a text were lost, so that different ones may have become equal."""
    if _LOST in text:
        raise BadField(field, f"{text[:40]!r} has bytes that are no text", "save the file as UTF-8")


def _id_text(field: str, value: object) -> str:
    if isinstance(value, dict) and len(value) == 1 and value.keys() & _EXTENDED:
        value = next(iter(value.values()))
    if is_nothing(value):
        return ""
    if isinstance(value, bool):
        raise BadField(field, "is true or false, not an id", "choose the column with ids with --column")
    if isinstance(value, bytes | bytearray | memoryview):
        try:
            value = bytes(value).decode()
        except UnicodeDecodeError:
            raise BadField(field, "is binary and no text in UTF-8", "write the column as text") from None
    if isinstance(value, int):
        if value.bit_length() > 4 * LONGEST_ID:
            raise BadField(field, "is a number with too many digits for an id")
        return str(value)
    if isinstance(value, float):
        if not value.is_integer():
            raise BadField(field, f"{value!r} is not a whole number", "write the column as text")
        if abs(value) > EXACT:
            raise BadField(field, f"{value!r} has lost its last digits", "write the column as text")
        return str(int(value))
    if isinstance(value, Decimal):
        if value != value.to_integral_value():
            raise BadField(field, f"{value} is not a whole number", "write the column as text")
        return str(int(value))
    if isinstance(value, UUID):
        return str(value)
    if not isinstance(value, str):
        raise BadField(field, f"is a {_named(value)}, not an id", "write it as text or as a whole number")
    return _unwrapped(value)


def _unwrapped(value: str) -> str:
    """The text without the signs by which spreadsheets are kept from taking it for a number."""
    text = _visible(value).translate(_HALF_WIDTH)
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)  # an accent may be a sign of its own
    formula = _FORMULA.fullmatch(text)
    if formula is not None:
        text = _visible(formula[1].replace('""', '"'))
    elif len(text) > 2 and text[0] + text[-1] in _QUOTES:
        text = _visible(text[1:-1])
    elif text[:1] in ("'", "`", "’", "‘") and len(text) > 1:
        text = _visible(text[1:])
    whole = _WHOLE.fullmatch(text)
    if whole is not None:
        text = whole[1]
    if _THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    return "" if text.lower() in NOTHING else text


def read_text(field: str, value: object) -> str | None:
    """A short text on which no number depends: signs that cannot be kept become blanks. None when there is none."""
    if is_nothing(value):
        return None
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, bool | int | float | Decimal | UUID):
        value = str(value)
    if not isinstance(value, str):
        raise BadField(field, f"is a {_named(value)}, not a text")
    return " ".join(_CONTROL.sub(" ", _visible(value)).split()) or None


def half_width(text: str) -> str:
    """The text in the forms that are compared and read: full-width signs in half width. What is a number by its look
    alone stays what it is, as a 2 that is raised or circled may be that of a note."""
    if text.isascii():
        return text
    found = unicodedata.normalize("NFKC", text)
    if found == text or len(_DIGIT.findall(found)) == len(_DIGIT.findall(text)):
        return found
    return "".join(sign if unicodedata.category(sign) == "No" else unicodedata.normalize("NFKC", sign) for sign in text)


def same_name(name: str) -> str:
    """The form in which a person's name is compared: full-width letters, accents and blanks between Chinese characters
    do not make another person."""
    return re.sub(_BETWEEN_HAN, "", unicodedata.normalize("NFKC", name))


def are_names(ids: Collection[str]) -> bool:
    """Whether what should be ids are names of people: at least nine in ten look like Chinese ones, which no id of
    DingTalk's does."""
    return bool(ids) and 10 * sum(re.fullmatch(_PERSONAL, text) is not None for text in ids) >= 9 * len(ids)


def _visible(text: str) -> str:
    """The text without invisible signs, and without white space of any kind at its ends."""
    if text.isascii():
        return text.strip()
    return "".join(sign for sign in text if unicodedata.category(sign) != "Cf" and sign not in _VARIATIONS).strip()


def _named(value: object) -> str:
    return {"dict": "JSON object", "list": "list", "tuple": "list"}.get(type(value).__name__, type(value).__name__)
