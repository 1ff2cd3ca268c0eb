"""What is leant on of uvicorn that it does not promise is as it was, and it is listed."""

from __future__ import annotations

import ast
import inspect
import textwrap
from functools import cache
from pathlib import Path

import pytest

import reportdata.http
from reportdata.http import connections, protocol, requests, server, uvicorn_private
from reportdata.http.uvicorn_private import ATTRIBUTES, METHODS

CHANGED = (
    "uvicorn has changed: see what reportdata.http does with it, and change METHODS and ATTRIBUTES of uvicorn_private"
)

_METHODS = [(kind, name) for kind, methods in METHODS.items() for name in methods]
_ATTRIBUTES = [(kind, name) for kind, names in ATTRIBUTES.items() for name in names]


def _named(value: object) -> str:
    return value.__name__ if isinstance(value, type) else str(value)


@pytest.mark.parametrize(("kind", "name"), _METHODS, ids=_named)
def test_methods_are_there_and_take_what_they_took(kind: type, name: str) -> None:
    method = getattr(kind, name, None)
    assert method is not None, f"{kind.__name__} has no method {name} any more. {CHANGED}"
    _, *parameters = inspect.signature(method).parameters
    assert tuple(parameters) == METHODS[kind][name], f"{kind.__name__}.{name} takes other parameters. {CHANGED}"


@pytest.mark.parametrize(("kind", "name"), _ATTRIBUTES, ids=_named)
def test_attributes_are_there(kind: type, name: str) -> None:
    own = {node.attr for node in _attributes(kind)}
    assert name in own, f"{kind.__name__} has no attribute {name} any more. {CHANGED}"


def _is_of_self(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"


@pytest.mark.parametrize(
    ("kind", "base"),
    [
        (protocol.ServerProtocol, uvicorn_private.HttpToolsProtocol),
        (requests.StrictProtocol, uvicorn_private.HttpToolsProtocol),
        (connections.Connections, uvicorn_private.ServerState),
        (server._Uvicorn, uvicorn_private.Server),
    ],
    ids=_named,
)
def test_nothing_else_is_leant_on(kind: type, base: type) -> None:
    """What a subclass uses of itself is its own, or listed."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and _is_of_self(node)}
    overridden = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    of_base = {node.attr for node in _attributes(base)} | set(dir(base)) - set(dir(object))
    listed = {*METHODS.get(base, ()), *ATTRIBUTES.get(base, ()), "__init__"}
    assert (used | overridden) & of_base - {"__init__"} <= listed


@cache
def _attributes(kind: type) -> list[ast.Attribute]:
    tree = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    return [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and _is_of_self(node)]


def test_uvicorn_is_imported_in_one_place() -> None:
    source = Path(reportdata.http.__path__[0]).parent
    texts = {path: path.read_text("utf-8") for path in source.rglob("*.py")}
    found = {
        path.relative_to(source).as_posix()
        for path, text in texts.items()
        for node in (ast.walk(ast.parse(text)) if "uvicorn" in text else ())
        if (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "uvicorn")
        or (isinstance(node, ast.Import) and any(name.name.split(".")[0] == "uvicorn" for name in node.names))
    }
    assert found - {"twin/server.py"} == {"http/uvicorn_private.py"}  # the twin uses what uvicorn promises
