"""A process that works for weeks gives back the memory that it freed."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

PROGRAM = """
import ctypes, sys, threading
from reportdata.cli.allocator import steady

if sys.argv[1:] == ["steady"]:
    steady()
libc = ctypes.CDLL(None)
together = threading.Barrier(6)

def allocate() -> None:
    kept = [bytearray(2_000) for _ in range(1_000)]
    together.wait()
    del kept
    together.wait()

threads = [threading.Thread(target=allocate) for _ in range(6)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
libc.malloc_info(0, ctypes.c_void_p.in_dll(libc, "stdout"))
libc.fflush(None)
"""


def _arenas(*arguments: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], check=True, capture_output=True, text=True, timeout=60
    )
    return done.stdout.count("<heap nr=")


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_info"), reason="the C library is not glibc")
def test_threads_share_two_arenas() -> None:
    assert _arenas() > 2
    assert _arenas("steady") == 2
