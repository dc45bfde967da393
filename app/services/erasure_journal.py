"""Who was erased, in a file outside the database: a backup that is put back must not bring anybody back.

One JSON object a line, only ever added to and synced to disk: `intended` before the transaction that erases, `done`
after it, or `void` where the wish was taken back before a crash was made good. It names accounts and the digests of
their addresses, and holds no personal data. Keep a copy apart from the backups of the database.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import IO, Any

from app.config import Settings
from app.kit import clock, journal

FILE = "erasure.jsonl"


class State(StrEnum):
    """How far an erasure came."""

    INTENDED = "intended"
    DONE = "done"
    VOID = "void"


def intend(settings: Settings, account_id: uuid.UUID, digests: Iterable[bytes]) -> None:
    """Write down that an account is about to be erased.

    Where an earlier try did not come to its end that stands there already; it is written again for addresses that came
    since.
    """
    told = sorted(each.hex() for each in digests)
    line = {"account": str(account_id), "state": State.INTENDED.value, "digests": told}
    with journal.locked(settings.instance_path / FILE) as file:
        of_account = [each for each in map(json.loads, journal.lines(file)) if each["account"] == line["account"]]
        if not of_account or {**of_account[-1], **line} != of_account[-1]:
            _append(file, line)


def conclude(settings: Settings, account_id: uuid.UUID, state: State) -> None:
    """Write down what became of an intent; nothing where that is known already."""
    with journal.locked(settings.instance_path / FILE) as file:
        if _states(file).get(account_id) is State.INTENDED:
            _append(file, {"account": str(account_id), "state": state.value})


def unfinished(settings: Settings) -> list[uuid.UUID]:
    """List the accounts whose erasure was begun and is not known to have ended, in the order of the file."""
    return [account for account, state in _read(settings).items() if state is State.INTENDED]


def erased(settings: Settings) -> dict[uuid.UUID, datetime]:
    """Give the accounts that must not be there any more, whatever a backup says, with when they were erased."""
    return {uuid.UUID(line["account"]): datetime.fromisoformat(line["at"]) for line in _erasures(settings)}


def erased_addresses(settings: Settings) -> dict[bytes, datetime]:
    """Give the digests of the addresses of those who were erased, with when that was the last time."""
    return {
        bytes.fromhex(digest): datetime.fromisoformat(line["at"])
        for line in _erasures(settings)
        for digest in line["digests"]
    }


def _erasures(settings: Settings) -> list[Mapping[str, Any]]:
    """Read the intents that were not taken back, in the order of time."""
    with journal.locked(settings.instance_path / FILE) as file:
        void = {account for account, state in _states(file).items() if state is State.VOID}
        lines = [json.loads(line) for line in journal.lines(file)]
    intents = [line for line in lines if line["state"] == State.INTENDED and uuid.UUID(line["account"]) not in void]
    return sorted(intents, key=lambda line: datetime.fromisoformat(line["at"]))


def _read(settings: Settings) -> dict[uuid.UUID, State]:
    with journal.locked(settings.instance_path / FILE) as file:
        return _states(file)


def _states(file: IO[bytes]) -> dict[uuid.UUID, State]:
    lines = (json.loads(line) for line in journal.lines(file))
    return {uuid.UUID(line["account"]): State(line["state"]) for line in lines}


def _append(file: IO[bytes], line: Mapping[str, Any]) -> None:
    journal.append(file, json.dumps({**line, "at": clock.now().isoformat()}))
