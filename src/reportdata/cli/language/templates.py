"""From an English text back to the message that it was made of, and to its translation.

Messages are written where they arise, as plain English with their values in them, and stay that for logs, JSON and
HTTP. So nothing but the English text reaches the place where it is printed. There it is parsed by the catalogue's
templates: of all that fit, the one that accounts for most of the text gives its translation, with the values put in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import NamedTuple

SPOKEN = frozenset({
    "again", "amount", "command", "days_text", "error", "example", "failure", "fault", "faults", "fields_of",
    "hint", "judged", "kept", "kind", "message", "more", "needs", "note", "number_type", "of_days",
    "original_error", "others", "param_type", "passed", "reason", "reasons", "said", "served", "some", "steps", "told",
    "verb", "way", "way_out", "what", "who", "whose", "why",
})  # fmt: skip
"""What values are called that may be messages themselves. All others are data, and stay what they are."""
PLACE = re.compile(r"\{(\w+)(!r)?(?::([^{}]*))?\}|\{\{|\}\}")
_NUMBER = re.compile(r",?(\.\d+)?[dfg]?|,")
_DIGITS = r"[-+\d.,e]+"
_ANYTHING = r".*?"
_ONE = r"""(?:'.*?'|".*?"|\d[\d.]* [kMG]?B|\S+(?:, \S+)*)"""
"""A word or several with commas, a text in quotes, or a size."""
_SUFFIX = r"(?:(?:, (?:and|or|which|of) |; ).*?)?"
"""A message that may follow a value at once."""
_FEW = 10
"""Letters below which a template tells little: its values have to be single words then, and messages known ones."""
_LABEL = re.compile(r"[A-Z][a-z]+: \{")
"""How messages begin that are told whatever follows."""
_ALTERNATIVES = frozenset({"alternatives", "both", "kind_options", "options"})
"""What values are called that stand for several, with *or* between them."""
_SEQUENCES = ((", ", "、"), ("; ", "；"), (" and ", "和"), (" or ", " 或 "), ("\n", "\n"))
"""What stands between messages that were put together."""
_KIND = "kind"
"""What a value is called that may be a kind of facts."""
_DEEPEST = 6


class Translated(NamedTuple):
    """A text in another language, and how many of the signs of the English one templates account for."""

    text: str
    known: int


_Known = dict[str, tuple[Translated | None, int]]
"""What was found of texts, and how deep within the whole each was looked at."""


class Template:
    """A message and its translation."""

    def __init__(self, message: str, translation: str) -> None:
        self._message = message
        self._translation = translation
        self.pieces = tuple(piece for piece in _pieces(message) if piece)
        self.known = sum(len(piece) for piece in self.pieces)
        self.is_enough = sum(map(str.isalpha, "".join(self.pieces))) >= _FEW or bool(_LABEL.match(message))
        places = [place for place in PLACE.finditer(message) if place[1]]
        self.names = tuple(place[1] for place in places)
        self.spoken = tuple(place[1] for place in places if is_spoken(place))

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        parts, end = [], 0
        for place in PLACE.finditer(self._message):
            parts.append(re.escape(self._message[end : place.start()]))
            end = place.end()
            parts.append(f"(?P<{place[1]}>{self._values(place)})" if place[1] else re.escape(place[0][0]))
        return re.compile("".join(parts) + re.escape(self._message[end:]), re.DOTALL)

    def _values(self, place: re.Match[str]) -> str:
        """What a value may look like."""
        if is_number(place):
            return _DIGITS
        if place[1] in self.spoken and self._message[: place.start()].endswith("}"):
            return _SUFFIX
        return _ANYTHING if self.spoken or self.is_enough else _ONE

    def values(self, text: str) -> dict[str, str] | None:
        """The values with which the message is that text."""
        found = self._pattern.fullmatch(text)
        return found.groupdict() if found else None

    def rendered(self, values: Mapping[str, str]) -> str:
        """The translation with these values."""
        return PLACE.sub(lambda place: values[place[1]] if place[1] else place[0][0], self._translation)


def is_number(place: re.Match[str]) -> bool:
    """Whether a value is printed as a number."""
    return bool(place[3]) and _NUMBER.fullmatch(place[3]) is not None


def is_spoken(place: re.Match[str]) -> bool:
    """Whether a value may be a message itself."""
    return place[1].rstrip("0123456789") in SPOKEN and not is_number(place)


def _pieces(message: str) -> list[str]:
    """What stands between the values of a message."""
    pieces, end = [""], 0
    for place in PLACE.finditer(message):
        pieces[-1] += message[end : place.start()]
        end = place.end()
        if place[1] is None:
            pieces[-1] += place[0][0]
        else:
            pieces.append("")
    pieces[-1] += message[end:]
    return pieces


class Templates:
    """All messages of a language.

    :param messages: the translations of messages.
    :param kind_name: gives what a kind of facts is called in it, where a message tells of facts; empty where there is
        no such kind.
    """

    def __init__(self, messages: Mapping[str, str], kind_name: Callable[[str], str]) -> None:
        self._kind_name = kind_name
        templates = [Template(message, translation) for message, translation in messages.items()]
        self._whole = {"".join(one.pieces): one.rendered({}) for one in templates if not one.names}
        self._with_values = [one for one in templates if one.names]

    def has(self, text: str) -> bool:
        """Whether a text is a message as it stands."""
        return text in self._whole

    def translated(self, text: str) -> Translated | None:
        """A text in that language; None when it is no message, and none of its lines is."""
        return self._found(text, 0, {})

    def _found(self, text: str, deep: int, known: _Known) -> Translated | None:
        whole = self._whole.get(text)
        if whole is not None:
            return Translated(whole, len(text))
        found, looked = known.get(text, (None, _DEEPEST + 1))
        if deep < looked:  # from deeper within, less of it was seen
            known[text] = None, deep  # within itself
            candidates = (one for one in self._with_values if all(piece in text for piece in one.pieces))
            fitting = (self._by(one, text, deep, known) for one in candidates)
            found = max((one for one in fitting if one is not None), key=lambda one: one.known, default=None)
            together = self._put_together(text, deep, known)
            if together is not None and (found is None or together.known > found.known):
                found = together
            known[text] = found, deep
        return found

    def _by(self, template: Template, text: str, deep: int, known: _Known) -> Translated | None:
        values = template.values(text)
        if values is None:
            return None
        signs = template.known
        for name in template.spoken:
            inner = self._found(values[name], deep + 1, known)
            if inner is None and template.is_enough and name == _KIND:
                values[name] = self._kind_name(values[name]) or values[name]
            elif inner is not None:
                values[name], more = inner
                signs += more
            elif not template.is_enough:
                return None
        for name in _ALTERNATIVES & values.keys():
            values[name] = values[name].replace(" or ", " 或 ")
        return Translated(template.rendered(values), signs)

    def _put_together(self, text: str, deep: int, known: _Known) -> Translated | None:
        """Several messages, of which all are known; of lines, some."""
        for between, other in _SEQUENCES:
            parts = text.split(between)
            if len(parts) > 1 and (deep or between in ("\n", "; ")):
                found = [self._found(part, deep + 1, known) for part in parts]
                if all(found) or (between == "\n" and any(found)):
                    said = [part if one is None else one.text for part, one in zip(parts, found, strict=True)]
                    return Translated(other.join(said), sum(one.known for one in found if one))
                for place in range(1, len(parts)) if between == "; " else ():  # a message may have one within
                    halves = (between.join(parts[:place]), between.join(parts[place:]))
                    first, last = (self._found(half, deep + 1, known) for half in halves)
                    if first is not None and last is not None:
                        return Translated(first.text + other + last.text, first.known + last.known)
        return None
