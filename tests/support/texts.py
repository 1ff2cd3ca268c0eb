"""Texts of the source as templates: a formatted string's values are named for what they are."""

from __future__ import annotations

import ast
import itertools
import re
from typing import TypeGuard

from reportdata.cli.language.templates import PLACE

_VARIANTS = 64
"""Templates at most of one text with alternatives."""


def called(node: ast.Call) -> str:
    """The name of what is called."""
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def escaped(text: str) -> str:
    """A text as a template without values."""
    return text.replace("{", "{{").replace("}", "}}")


def has_words(text: str) -> bool:
    """Whether a template says something besides its values."""
    return re.search(r"[a-z]{2}", PLACE.sub("", text)) is not None


def texts(node: ast.expr) -> list[str] | None:
    """The templates of a text with all its alternatives; None of what is no text."""
    if isinstance(node, ast.Constant):
        return [escaped(node.value)] if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return _joined(node, [])
    if is_count(node):
        return _counted(node, [])
    if isinstance(node, ast.IfExp):
        either, other = texts(node.body), texts(node.orelse)
        return None if either is None or other is None else either + other
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = texts(node.left), texts(node.right)
        if left is None and right is None:
            return None
        return [one + other for one in left or [_place(node.left)] for other in right or [_place(node.right)]]
    return None


def _place(node: ast.expr) -> str:
    return "{" + name_of(node) + "}"


def _piece(value: ast.expr, used: list[str]) -> list[str]:
    """A piece of a formatted string: a text with its alternatives, or a value's name, which no other has."""
    if not isinstance(value, ast.FormattedValue):
        return texts(value) or [""]
    if is_count(value.value):
        return _counted(value.value, used)
    if value.format_spec is None and isinstance(value.value, ast.IfExp):
        found = texts(value.value)
        if found is not None:
            return found
    if value.format_spec is None and isinstance(value.value, ast.BoolOp):
        *first, last = value.value.values
        if len(first) == 1 and isinstance(last, ast.Constant) and isinstance(last.value, str):
            return [*_piece(ast.FormattedValue(first[0], -1), used), escaped(last.value)]
    name = _named_once(value.value, used)
    form = "d" if isinstance(value.value, ast.Call) and called(value.value) == "len" else ""
    if isinstance(value.format_spec, ast.JoinedStr):
        form = "".join(str(one.value) for one in value.format_spec.values if isinstance(one, ast.Constant))
    return ["{" + name + ("!r" if value.conversion == ord("r") else "") + (f":{form}" if form else "") + "}"]


def _named_once(node: ast.expr, used: list[str]) -> str:
    """What a value is called that no other is, which is noted as used."""
    base = name = name_of(node)
    while name in used:
        name = base + str(sum(one.rstrip("0123456789") == base for one in used) + 1)
    used.append(name)
    return name


def is_count(node: ast.AST) -> TypeGuard[ast.Call]:
    """Whether it is a count with a word for one and one for more (`reportdata.plurals`)."""
    return isinstance(node, ast.Call) and called(node) == "count_of"


def _counted(node: ast.Call, used: list[str]) -> list[str]:
    number, *words = node.args
    name, before = _named_once(number, used), list(used)
    found: list[str] = []
    for word in words:
        used[:] = before  # both have the same values
        told = _joined(word, used) if isinstance(word, ast.JoinedStr) else texts(word) or ()
        found += (f"{{{name}:,}} {text}" for text in told)
    return found


def _joined(node: ast.JoinedStr, used: list[str]) -> list[str]:
    """The templates of a formatted string.

    :param used: what values beside it are called; is given the names of its own.
    """
    pieces = [_piece(value, used) for value in node.values]
    return ["".join(one) for one in itertools.islice(itertools.product(*pieces), _VARIANTS)]


_AS_ITS_ARGUMENT = {"str", "repr", "min", "max", "sorted", "sum", "int", "abs", "quote", "map", "join", "list", "set"}
_AS_ITS_OBJECT = {"strip", "absolute", "isoformat", "total", "count", "values", "readlink", "lower", "title", "items"}


def name_of(node: ast.expr) -> str:
    """What a value is called."""
    match node:
        case ast.Name(id=name):
            found = name
        case ast.Attribute(value=ast.Name(id=("error" | "cause")), attr=("strerror" | "args" | "reason")):
            found = "error"
        case ast.Attribute(value=(ast.Name(id="kind") | ast.Attribute(attr="kind")), attr="name"):
            found = "kind"
        case ast.Attribute(attr=name):
            found = name
        case ast.Call(func=ast.Name(id="len")):
            found = "count"
        case ast.Call(func=(ast.Name(id=called) | ast.Attribute(attr=called)), args=[*_, last]) if (
            called in _AS_ITS_ARGUMENT
        ):
            found = name_of(last)
        case ast.Call(func=ast.Attribute(value=value, attr=called)) if called in _AS_ITS_OBJECT:
            found = name_of(value)
        case ast.Call(func=(ast.Name(id=called) | ast.Attribute(attr=called))):
            found = called
        case ast.Subscript(slice=ast.Constant(value=str(key))):
            found = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key)
        case ast.Subscript(value=value) | ast.Starred(value=value):
            found = name_of(value)
        case ast.BoolOp(values=[first, *_]):
            found = name_of(first)
        case ast.BinOp(left=first, right=right):
            found = name_of(first) if not isinstance(first, ast.Constant) else name_of(right)
        case ast.GeneratorExp(elt=ast.JoinedStr() as inner) if any(map(has_words, texts(inner) or ())):
            found = "said"
        case ast.GeneratorExp(elt=inner) | ast.ListComp(elt=inner) | ast.IfExp(body=inner):
            found = name_of(inner)
        case ast.JoinedStr(values=values):
            found = next((name_of(one.value) for one in values if isinstance(one, ast.FormattedValue)), "value")
        case _:
            found = "value"
    return found.strip("_").lower() or "value"
