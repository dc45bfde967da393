"""Processes that end with the one that started them, also where that one is killed and can end nothing itself.

The kernel is the witness: it closes the pipes and frees the locks of whoever dies, and no process id can mislead it.
"""

import fcntl
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import click

VARIABLE = "PARLEY_LIFELINE"
KILL_SECONDS = 20.0
FAMILY_SECONDS = 30.0
POLL_SECONDS = 0.1
# A shell of its own session that outlives us by a moment: the end of its input is our death.
WATCH = 'read -r _; kill -s KILL -- "-$1"'


@contextmanager
def guarded(process_group: int) -> Iterator[None]:
    """Kill a process group, which can't be told to watch us itself, if we die before the end of the block."""
    guard = subprocess.Popen(
        ["/bin/sh", "-c", WATCH, "guard", str(process_group)], stdin=subprocess.PIPE, start_new_session=True
    )
    try:
        yield
    finally:
        guard.kill()
        guard.communicate()


@contextmanager
def held(folder: Path) -> Iterator[Mapping[str, str]]:
    """Be the one who runs on this folder; yield the variables that let `follow` end processes with us.

    Waits for the processes of a predecessor that was killed. Raises `click.ClickException` if they do not end. Two
    locks tell family from head: forked children share the first (flock), the second (POSIX) is ours alone.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / "lifeline"
    with (folder / "family").open("wb") as family, path.open("wb") as life:
        _await_lock(family, folder)
        fcntl.lockf(life, fcntl.LOCK_EX)
        yield {VARIABLE: str(path)}


def follow() -> None:
    """End this process in good order when the `held` of whoever started it ends; do nothing outside of one."""
    path = os.environ.pop(VARIABLE, None)
    if path is not None:
        threading.Thread(target=_follow, args=(Path(path),), daemon=True).start()


def _follow(path: Path) -> None:
    with path.open("rb") as life:
        fcntl.lockf(life, fcntl.LOCK_SH)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(KILL_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)


def _await_lock(file: IO[bytes], folder: Path) -> None:
    deadline = time.monotonic() + FAMILY_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise click.ClickException(f"Parley runs already in {folder}; stop it first.") from None
            time.sleep(POLL_SECONDS)
        else:
            return
