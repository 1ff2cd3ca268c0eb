"""A real Spark cluster on loopback: a master and workers, each a process of its own, from the package pyspark."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.support.waiting import until

LOCAL = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.memory": "512m",
    "spark.executor.memory": "512m",
    # An application has two cores, so that another one is not kept waiting by it.
    "spark.cores.max": "2",
    # Small data: with the usual 200 partitions most of the time would go to those that are empty.
    "spark.sql.shuffle.partitions": "2",
    "spark.cleaner.referenceTracking": "false",
}
"""What a driver of tests needs: loopback alone, and little of the machine."""
SHORT = {f"spark.{part}.extraJavaOptions": "-XX:TieredStopAtLevel=1" for part in ("driver", "executor")}
"""For runs of seconds: Java's best compiler takes longer than what it makes saves."""


class Cluster(NamedTuple):
    """A cluster that runs: its address, and the processes of its workers."""

    master: str
    workers: Sequence[subprocess.Popen[bytes]]


def home() -> Path | None:
    """The folder of the package pyspark, which has all of Spark; None when it is not installed."""
    found = importlib.util.find_spec("pyspark")
    return Path(str(found.origin)).parent if found is not None else None


@contextmanager
def cluster(folder: Path, workers: int = 2, *, memory: str = "600m", cores: int = 1) -> Iterator[Cluster]:
    """Start a cluster that leaves its logs in a folder, and stop it when the block ends."""
    with ExitStack() as stack:
        log = folder / "master.log"
        options = ["--host", "127.0.0.1", "--port", "0", "--webui-port", "0"]
        stack.enter_context(_running("org.apache.spark.deploy.master.Master", options, log))
        master = _said(log, r"Starting Spark master at (spark://\S+)")
        started = []
        for number in range(workers):
            own = folder / f"worker-{number}"
            options = ["--host", "127.0.0.1", "--webui-port", "0", "--cores", str(cores), "--memory", memory]
            arguments = [*options, "--work-dir", str(own), master]
            log = folder / f"worker-{number}.log"
            started.append(stack.enter_context(_running("org.apache.spark.deploy.worker.Worker", arguments, log)))
        for number in range(workers):
            _said(folder / f"worker-{number}.log", r"(Successfully registered) with master")
        yield Cluster(master, started)


@contextmanager
def _running(name: str, arguments: Sequence[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    spark = home()
    assert spark is not None
    environment = {
        **os.environ,
        "SPARK_HOME": str(spark),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_DAEMON_JAVA_OPTS": "-XX:TieredStopAtLevel=1",
        "SPARK_CONF_DIR": str(log.parent),  # no settings of the machine
    }
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [str(spark / "bin" / "spark-class"), name, *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a worker's executors belong to its group
        ) as process,
    ):
        try:
            yield process
        finally:
            os.killpg(process.pid, signal.SIGKILL)


def _said(log: Path, pattern: str) -> str:
    """What a process says in its log, waited for."""

    def found() -> re.Match[str] | None:
        return re.search(pattern, log.read_text("utf-8", errors="replace"))

    until(found)
    said = found()
    assert said is not None
    return said[1]
