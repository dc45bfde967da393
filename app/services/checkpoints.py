"""Signed marks of how far the ledger had come, in a file outside the database.

Someone who rules the database can cut off the end of the feed with its lines; nothing in there would tell. A checkpoint
holds the highest position, a hash over all lines up to it in the order of the feed, and the time, signed under the
ledger key. The hash of each continues that of the one before, so taking one reads only what is new. Who can write to
the file as well can cut off both ends alike: copy it elsewhere, or onto paper.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import IO, Any

from sqlalchemy import text

from app.config import Settings
from app.db import Session
from app.environment import environment
from app.kit import clock, journal
from app.kit.digests import key_id
from app.services import streaming

FILE = "checkpoints.jsonl"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A position, and the hash of the feed up to it, in hex. `is_restored` says that a backup was put back here."""

    position: int
    root: str
    at: str
    is_restored: bool = False


START = Checkpoint(0, "", "")


def take(session: Session, *, is_restored: bool = False) -> Checkpoint | None:
    """Write a checkpoint if lines came since the last one; give it. After a restore it is written in any case.

    What a restore took back is told by `is_restored`: checkpoints beyond that position count no more. Raises
    `LookupError` when the file or the feed is not what it was: then `check` says how.
    """
    settings = environment(session).settings
    with journal.locked(settings.instance_path / FILE) as file:
        kept, faults = _read(settings, file)
        position = int(session.scalar(text("SELECT coalesce(max(position), 0) FROM event_feed")) or 0)
        if is_restored:
            kept = [each for each in kept if each.position <= position]
        last = kept[-1] if kept else START
        if faults or position < last.position:
            raise LookupError(faults[0] if faults else "the feed ends before the last checkpoint")
        if position == last.position and not is_restored:
            return None
        made = Checkpoint(position, _root(session, last, position), clock.now().isoformat(), is_restored)
        _append(settings, file, made)
        return made


def check(session: Session) -> list[str]:
    """Compare the feed with all checkpoints, and say what is wrong; the first that does not fit is named.

    Must run in a READ COMMITTED transaction: in a snapshot taken before the file is read, a checkpoint that the courier
    takes meanwhile would reach beyond the end of the feed.
    """
    settings = environment(session).settings
    with journal.locked(settings.instance_path / FILE) as file:
        kept, faults = _read(settings, file)
    end = int(session.scalar(text("SELECT coalesce(max(position), 0) FROM event_feed")) or 0)
    before = START
    for each in kept:
        if each.position > end:
            return [*faults, f"position {end + 1} is missing; the checkpoint of {each.at} reached to {each.position}"]
        if _root(session, before, each.position) != each.root:
            span = f"positions {before.position + 1} to {each.position}"
            return [*faults, f"{span} are not what they were at the checkpoint of {each.at}"]
        before = each
    return faults


def _root(session: Session, before: Checkpoint, position: int) -> str:
    if position == before.position:
        return before.root
    digest = hashlib.sha256(before.root.encode())
    query = f"""
        SELECT f.position || ' ' || f.account_id || ' ' || f.sequence || ' ' || coalesce(encode(l.mac, 'hex'), '')
          FROM event_feed AS f
          LEFT JOIN consent_event AS l ON l.account_id = f.account_id AND l.sequence = f.sequence
         WHERE f.position > {before.position:d} AND f.position <= {position:d}
         ORDER BY f.position"""  # noqa: S608 - numbers of ours; COPY takes no parameters
    session.execute(text("SET LOCAL statement_timeout = 0"))
    with streaming.rows(session, query) as rows:
        for row in rows:
            digest.update(f"{row[0]}\n".encode())
    return digest.hexdigest()


def _read(settings: Settings, file: IO[bytes]) -> tuple[list[Checkpoint], list[str]]:
    """Give the checkpoints that count, oldest first, and what is wrong with the file.

    Whoever tears the last line on purpose gains no more than by removing it.
    """
    kept: list[Checkpoint] = []
    keys = {key_id(key): key for key in settings.ledger_keys}
    for number, line in enumerate(journal.lines(file), start=1):
        found = _authentic(line, keys)
        if found is None:
            return kept, [f"checkpoint {number} was changed, or was not written by Parley"]
        if found.is_restored:
            kept = [each for each in kept if each.position < found.position]
        kept.append(found)
    return kept, []


def _authentic(line: bytes, keys: dict[str, str]) -> Checkpoint | None:
    try:
        values: dict[str, Any] = json.loads(line)
        mac, key = values.pop("mac"), keys[values.pop("key")]
        found = Checkpoint(**values)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return found if hmac.compare_digest(mac, _mac(key, found)) else None


def _append(settings: Settings, file: IO[bytes], made: Checkpoint) -> None:
    key: str = settings.ledger_keys[-1]
    line = json.dumps({**asdict(made), "key": key_id(key), "mac": _mac(key, made)})
    journal.append(file, line)


def _mac(key: str, made: Checkpoint) -> str:
    words: Sequence[object] = ("parley.checkpoint", made.position, made.root, made.at, made.is_restored)
    return hmac.digest(key.encode(), json.dumps(words).encode(), "sha256").hex()
