"""A file of lines that is only ever added to, synced to disk, and shared by processes."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def locked(path: Path) -> Iterator[IO[bytes]]:
    """Open the file for reading and for writing at its end, while no other process does; it is made when missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def lines(file: IO[bytes]) -> list[bytes]:
    """Read the lines that were written to their end. What a power loss tore counts as never written."""
    return _whole(file).splitlines()


def append(file: IO[bytes], line: str) -> None:
    """Add a line, in place of a torn one, and return when it is on disk."""
    file.truncate(len(_whole(file)))
    file.write(line.encode() + b"\n")
    file.flush()
    os.fsync(file.fileno())


def _whole(file: IO[bytes]) -> bytes:
    file.seek(0)
    written = file.read()
    return written[: written.rfind(b"\n") + 1]
