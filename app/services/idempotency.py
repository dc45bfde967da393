"""Requests that may be sent twice and are done once: the answer is kept in the transaction of what was done.

After the draft "The Idempotency-Key HTTP Header Field". No answer stands in the table while its request is under way,
so a crash leaves nothing to clean up; an advisory lock tells of one that is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import delete, select, text

from app.db import Session
from app.environment import environment
from app.errors import KeyReused, RequestInFlight
from app.kit import clock
from app.models import AnsweredRequest

KEPT = timedelta(hours=24)


class Answered(NamedTuple):
    """A status and a body, as they were given or are now."""

    status: int
    body: Mapping[str, Any]


def once(session: Session, client_id: str, key: str, asked: bytes, act: Callable[[], Answered]) -> Answered:
    """Do `act` unless the client asked the same under `key` before, and give its answer, or the one from then.

    Raises `RequestInFlight` while another transaction is about it, `KeyReused` for something else under the same key.
    Failures are not kept: what is refused may be asked again under its key.
    """
    fingerprint = environment(session).digester.request(asked)
    _claim(session, client_id, key)
    kept = session.get(AnsweredRequest, (client_id, key))
    if kept is not None and kept.created_at > clock.now() - KEPT:
        if kept.fingerprint != fingerprint:
            raise KeyReused("This Idempotency-Key was used for another request.")
        return Answered(kept.status, kept.answer)
    answered = act()
    if kept is not None:
        session.delete(kept)
        session.flush()
    session.add(
        AnsweredRequest(
            client_id=client_id, key=key, fingerprint=fingerprint, status=answered.status, answer=dict(answered.body),
            created_at=clock.now(),
        )
    )  # fmt: skip
    session.flush()
    return answered


def purge(session: Session, limit: int = 1_000) -> int:
    """Forget answers after a day; give how many."""
    old = select(AnsweredRequest.client_id, AnsweredRequest.key).where(AnsweredRequest.created_at < clock.now() - KEPT)
    rows = session.execute(old.limit(limit)).all()
    for client_id, key in rows:
        session.execute(delete(AnsweredRequest).where(
            AnsweredRequest.client_id == client_id, AnsweredRequest.key == key))  # fmt: skip
    return len(rows)


def _claim(session: Session, client_id: str, key: str) -> None:
    number = int.from_bytes(hashlib.sha256(f"{client_id} {key}".encode()).digest()[:8], signed=True)
    if not session.scalar(text("SELECT pg_try_advisory_xact_lock(:number)"), {"number": number}):
        raise RequestInFlight("The same request is being answered; ask again in a moment.")
