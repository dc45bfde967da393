"""A signal to stop is heard whatever the program is at."""

from __future__ import annotations

import subprocess
import sys

import pytest

# The signal comes at the worst moment: while the main thread holds a lock of `threading`, as it does to wait.
PROGRAM = """
import os, signal, threading
from app.kit.stopping import stop_requests
if {is_broken}:
    event = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: event.set())
    lock = event._cond
    is_told_to_stop = event.is_set
else:
    requests = stop_requests()
    is_told_to_stop = requests.__enter__()
    lock = threading.Condition(threading.Lock())
with lock:
    os.kill(os.getpid(), signal.SIGTERM)
print(is_told_to_stop())
"""


def run(*, is_broken: bool, patience_seconds: float) -> str:
    command = [sys.executable, "-c", PROGRAM.format(is_broken=is_broken)]
    return subprocess.run(command, capture_output=True, text=True, timeout=patience_seconds, check=True).stdout


def test_a_signal_is_heard_while_a_lock_is_held():
    assert run(is_broken=False, patience_seconds=30) == "True\n"


def test_an_event_that_a_signal_sets_would_never_return():
    with pytest.raises(subprocess.TimeoutExpired):
        run(is_broken=True, patience_seconds=3)


def test_both_signals_may_come_and_the_handlers_are_put_back():
    program = (
        "import os, signal\nfrom app.kit.stopping import stop_requests\n"
        "before = signal.getsignal(signal.SIGTERM)\n"
        "with stop_requests() as is_told_to_stop:\n"
        "    assert not is_told_to_stop()\n"
        "    for number in (signal.SIGINT, signal.SIGTERM): os.kill(os.getpid(), number)\n"
        "    assert is_told_to_stop()\n"
        "assert signal.getsignal(signal.SIGTERM) == before\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)
