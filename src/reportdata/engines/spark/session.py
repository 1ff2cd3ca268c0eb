"""How Spark is opened, and what its errors mean."""

from __future__ import annotations

import logging
import re
import signal
import subprocess
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from reportdata.errors import EngineError, LakeError

USUAL = {
    "spark.app.name": "reportdata",
    "spark.log.level": "ERROR",  # what goes wrong is raised
    "spark.ui.enabled": "false",  # it would listen on every address of the machine
    "spark.ui.showConsoleProgress": "false",
}
"""Settings for which others may be given."""
EXACT = {
    "spark.sql.ansi.enabled": "true",  # a number that is too large is an error
    "spark.sql.caseSensitive": "true",
    "spark.sql.session.timeZone": "UTC",
}
"""Settings that the numbers may depend on: the same on every cluster."""

_UNREADABLE = ("FAILED_READ_FILE", "PATH_NOT_FOUND", "FileNotFoundException", "is not a Parquet file")
"""What Spark says of files that it cannot read."""
_ENDING = 20.0
"""Seconds in which a JVM has to end by itself."""
_LONGEST = 500
"""Characters of Spark's message that are told; what follows are traces and plans."""


def open_session(master: str | None, conf: Mapping[str, str]) -> Any:
    """A session of Spark; its driver is a JVM beside this process.

    :raises EngineError: when pyspark is not there, or Spark cannot be started or reached.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise EngineError(
            "the engine spark needs the package pyspark, which is not installed",
            "install it with `pip install 'reportdata[spark]'`",
        ) from error
    logging.getLogger("py4j").setLevel(logging.WARNING)  # it tells of each connection
    builder = SparkSession.builder
    for key, value in {**USUAL, **conf, **EXACT}.items():
        builder = builder.config(key, value)
    if master is not None:
        builder = builder.master(master)
    try:
        with _keeping_interrupts():
            return builder.getOrCreate()
    except BaseException:
        stop_session(None)
        raise


def stop_session(session: Any) -> None:
    """End the application, so that the cluster has its executors back, and its JVM, in whatever state they are.

    pyspark keeps one JVM for the life of a process, and has no public way to part with one that died or went wrong.
    """
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    with suppress(Exception), warnings.catch_warnings(action="ignore"):  # it may meet anything on its way to a dead JVM
        if session is not None:
            session.stop()
    gateway = SparkContext._gateway
    SparkContext._gateway = SparkContext._jvm = SparkContext._active_spark_context = None
    SparkSession._instantiatedSession = SparkSession._activeSession = None
    process = getattr(gateway, "proc", None)
    if process is not None:
        with suppress(Exception):
            gateway.shutdown()
        with suppress(OSError):
            process.stdin.close()  # the JVM ends with it
        try:
            process.wait(_ENDING)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def failing(stop: Callable[[], None]) -> Iterator[None]:
    """Spark's errors as ours.

    :param stop: is called when Spark itself failed, so that the next use starts it anew.
    """
    try:
        yield
    except (LakeError, EngineError, GeneratorExit):
        raise
    except Exception as error:
        if not type(error).__module__.startswith(("pyspark.", "py4j.")) and not isinstance(error, OSError | EOFError):
            raise
        said = str(error)
        if any(sign in said for sign in _UNREADABLE):
            raise LakeError(
                f"the lake cannot be computed from: {_short(said)}",
                "see that every node of the cluster reads the lake under the same path",
            ) from error
        stop()
        raise EngineError(
            f"Spark cannot compute: {_short(said)}",
            "see that Java 17 or 21 is here and that Spark's master is reached from here, and try again",
        ) from error


@contextmanager
def _keeping_interrupts() -> Iterator[None]:
    """Spark takes Ctrl+C for itself; whoever had it before keeps it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        if before is not None:  # it was set by Python
            signal.signal(signal.SIGINT, before)


def _short(said: str) -> str:
    """What Spark says from the name of its error on, up to the first trace."""
    lines = (line.strip() for line in said.split("\n\tat ")[0].splitlines())
    line = " ".join(line for line in lines if line)
    named = re.search(r"\[[A-Z][A-Z0-9_.]+\]", line)
    return line[named.start() if named else 0 :][:_LONGEST]
