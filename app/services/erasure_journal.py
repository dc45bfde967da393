"""Who was erased, in a file outside the database: a backup that is put back must not bring anybody back.

One JSON object a line, only ever added to and synced to disk: `intended` before the transaction that erases, `done`
after it, or `void` where the wish was taken back before a crash was made good. It names accounts and the digests of
their addresses, and holds no personal data. Keep a copy apart from the backups of the database.
"""

from __future__ import annotations

import fcntl
import json
import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

from app.config import Settings
from app.kit import clock

FILE = "erasure.jsonl"


class State(StrEnum):
    """How far an erasure came."""

    INTENDED = "intended"
    DONE = "done"
    VOID = "void"


def intend(settings: Settings, account_id: uuid.UUID, digests: Iterable[bytes]) -> None:
    """Write down that an account is about to be erased; once, also where an earlier try did not come to its end."""
    with _locked(settings) as file:
        if _states(file).get(account_id) is not State.INTENDED:
            _append(file, account_id, State.INTENDED, digests=sorted(each.hex() for each in digests))


def conclude(settings: Settings, account_id: uuid.UUID, state: State) -> None:
    """Write down what became of an intent; nothing where that is known already."""
    with _locked(settings) as file:
        if _states(file).get(account_id) is State.INTENDED:
            _append(file, account_id, state)


def unfinished(settings: Settings) -> list[uuid.UUID]:
    """List the accounts whose erasure was begun and is not known to have ended, in the order of the file."""
    return [account for account, state in _read(settings).items() if state is State.INTENDED]


def erased(settings: Settings) -> list[uuid.UUID]:
    """List the accounts that must not be there any more, whatever a backup says."""
    return [account for account, state in _read(settings).items() if state is not State.VOID]


def _read(settings: Settings) -> dict[uuid.UUID, State]:
    with _locked(settings) as file:
        return _states(file)


def _states(file: IO[bytes]) -> dict[uuid.UUID, State]:
    lines = (json.loads(line) for line in _whole(file).splitlines())
    return {uuid.UUID(line["account"]): State(line["state"]) for line in lines}


def _whole(file: IO[bytes]) -> bytes:
    """Read the lines that were written to their end: what follows an intent that a power loss tore never began."""
    file.seek(0)
    written = file.read()
    return written[: written.rfind(b"\n") + 1]


def _append(file: IO[bytes], account_id: uuid.UUID, state: State, **more: Any) -> None:
    line = {"account": str(account_id), "state": state.value, "at": clock.now().isoformat(), **more}
    file.truncate(len(_whole(file)))
    file.write(json.dumps(line).encode() + b"\n")
    file.flush()
    os.fsync(file.fileno())


@contextmanager
def _locked(settings: Settings) -> Iterator[IO[bytes]]:
    """Open the file for reading and for writing at its end, while no other process does."""
    path: Path = settings.instance_path / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
