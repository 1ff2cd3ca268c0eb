"""The migrations of a database's schema: the numbered SQL files in the folder ``schema`` of the package that uses it.

A database notes how many of them it has seen. Those that it has not are run when it is opened, in one transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable

from reportdata.errors import ReportDataError


def migrations(package: str) -> list[Traversable]:
    """The numbered SQL files, in their order."""
    steps = (step for step in files(package).joinpath("schema").iterdir() if step.name.endswith(".sql"))
    return sorted(steps, key=lambda step: step.name)


def unseen(
    steps: Sequence[Traversable], seen: int, database: str, error: type[ReportDataError]
) -> Sequence[Traversable]:
    """The migrations that a database has not seen yet.

    :param seen: how many it has.
    :param database: what it is called in errors.
    :param error: what is raised when it has seen more than there are.
    """
    if seen > len(steps):
        raise error(
            f"{database} has schema {seen}, this program knows {len(steps)}",
            "use the newer version of reportdata that wrote it",
        )
    return steps[seen:]


def statements(script: str) -> Iterator[str]:
    """The statements of an SQL script, told apart by SQLite itself: a semicolon in a text, a comment or a trigger ends
    none. (Python's own way to run a script would commit before it.)"""
    statement = ""
    *ended, rest = script.split(";")
    for piece in ended:
        statement += f"{piece};"
        if sqlite3.complete_statement(statement):
            yield statement.removesuffix(";")
            statement = ""
    if (statement + rest).strip():
        yield statement + rest
