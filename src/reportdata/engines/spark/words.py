"""Spark's words for what the generated SQL calls as DuckDB does."""

from __future__ import annotations

import re

_WORDS = {
    r"unnest\(string_split\(": "lateral explode(split(",
    r"unnest\(generate_series\(": "explode(sequence(",
    r"epoch_us\(": "unix_micros(",
    r"make_timestamp\(": "timestamp_micros(",
    r"starts_with\(": "startswith(",
    r"arg_max\(": "max_by(",
    r"isodow\(": "1 + weekday(",
    r"row\(": "struct(",
    r"exclude \(": "except (",
}
_WORD = re.compile("|".join(rf"(?<![a-z_]){word}" for word in _WORDS))
_SPARKS = {re.sub(r"\\", "", word): of_spark for word, of_spark in _WORDS.items()}
_QUOTED = re.compile(r"('(?:[^']|'')*')")


def in_words_of_spark(sql: str) -> str:
    """The same text in Spark's words. What is quoted stays, but for a backslash, which means another sign to Spark."""
    pieces = _QUOTED.split(sql)
    for number, piece in enumerate(pieces):
        quoted = number % 2 == 1
        pieces[number] = piece.replace("\\", "\\\\") if quoted else _WORD.sub(lambda found: _SPARKS[found[0]], piece)
    return "".join(pieces)
