"""Writes down how much the API was used, beside the requests: every few seconds, and when the worker stops."""

from __future__ import annotations

import threading
from multiprocessing.util import Finalize

import structlog

from app.environment import Environment
from app.services import usage

PAUSE_SECONDS = 10.0

log = structlog.get_logger(__name__)


def start(env: Environment, pause_seconds: float = PAUSE_SECONDS) -> threading.Event:
    """Begin, in a thread of this process; it ends when the event that is given is set, and with the process."""
    is_over = threading.Event()
    threading.Thread(target=_go_on, args=(env, is_over, pause_seconds), name="metering", daemon=True).start()
    # Not `atexit`, which a forked process like granian's workers skips (before Python 3.13); this serves any process.
    Finalize(None, write_down, args=(env,), exitpriority=1)
    return is_over


def write_down(env: Environment) -> None:
    """Write down what was counted. A failure is logged alone: the counts are kept for the next time."""
    try:
        usage.write_down(env)
    except Exception as problem:  # noqa: BLE001 - whatever it is, requests must not suffer from it
        log.warning("usage_not_written", fault=type(problem).__name__)


def _go_on(env: Environment, is_over: threading.Event, pause_seconds: float) -> None:
    while not is_over.wait(pause_seconds):
        write_down(env)
