"""Processes that can be killed with all their descendants, as a machine that loses power would."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parents[2]
STOP_SECONDS = 20.0
PARLEY = (sys.executable, "-c", "from app.cli import main; main()")


class Process:
    """A command in a session of its own; what it says goes to a file."""

    def __init__(self, words: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self.log = log
        with log.open("ab") as file:
            self._child = subprocess.Popen(
                words, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=file, stderr=file,
                start_new_session=True,
            )  # fmt: skip

    @property
    def process_id(self) -> int:
        """The number of the command itself."""
        return self._child.pid

    @property
    def is_alive(self) -> bool:
        """Tell whether the command itself still runs."""
        return self._child.poll() is None

    def kill(self) -> None:
        """Kill it and its descendants at once, with no chance to finish anything."""
        _kill(family(self.process_id))
        self._child.wait()

    def stop(self) -> None:
        """Ask it to end, and kill what is left after a while."""
        everyone = family(self.process_id)
        if self.is_alive:
            self._child.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._child.wait(STOP_SECONDS)
        _kill([each for each in everyone if each in processes()])
        self._child.wait()

    def said(self) -> str:
        """Give the end of what it said, for messages about failures."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-4000:]


def family(process_id: int) -> list[int]:
    """List a process and its descendants, parents first, so that none is left to start others anew."""
    parents = processes()
    found = [process_id]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found


def processes() -> dict[int, int]:
    """List the parents of all processes."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(path.parent.name)] = int(path.read_text(encoding="utf-8").rpartition(")")[2].split()[1])
    return parents


def _kill(process_ids: Sequence[int]) -> None:
    for each in process_ids:
        with suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)
