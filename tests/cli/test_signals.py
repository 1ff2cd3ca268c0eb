"""A process ends when it is told to, at whatever step it is."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.waiting import SOON

PROGRAM = """
import os, signal, threading
from reportdata.cli.signals import end_on_signals

ending = threading.Event()
end_on_signals(ending)
for _ in range(300):
    threading.Thread(target=os.kill, args=(os.getpid(), signal.SIGTERM)).start()
    while not ending.wait(0.0001):
        pass
    ending.clear()
    signal.raise_signal(signal.SIGINT)
    ending.wait()
    ending.clear()
print("ended")
"""


@pytest.mark.whole
def test_a_signal_ends_what_just_begins_to_wait() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=SOON)
    assert (done.returncode, done.stdout) == (0, "ended\n"), done.stderr


BUSY = """
import hashlib, os, threading
from reportdata.cli.signals import end_on_signals

def end():
    ending.wait()
    os._exit(7)

ending = threading.Event()
end_on_signals(ending)
threading.Thread(target=end).start()
threading.Timer(0.2, os.kill, (os.getpid(), 15)).start()
hashlib.pbkdf2_hmac("sha256", b"", b"", 2**31 - 1)  # one step, of hours
"""


@pytest.mark.whole
def test_a_signal_is_seen_while_no_step_ends() -> None:
    done = subprocess.run([sys.executable, "-c", BUSY], capture_output=True, text=True, timeout=SOON)
    assert done.returncode == 7, done.stderr
