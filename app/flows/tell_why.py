"""Say why one has left: by the link that was left by, or in the centre."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from app.db import Session
from app.services import feedback, targets, tokens
from app.services.feedback import Why
from app.services.locks import lock_account


def tell_why_here(session: Session, account_id: uuid.UUID, left: Collection[int], why: Why, words: str) -> None:
    """Keep the reason of somebody in the centre for the items they just `left`, where one of them was left of late."""
    if lock_account(session, account_id).account(session) is not None:
        feedback.answer(session, account_id, left, why, words)


def tell_why(session: Session, token: str, why: Why, words: str) -> None:
    """Keep the reason, where something of the link was left within a day. Raises `BadLink`.

    It never tells whether that was so: a link may be passed on (invariant 8).
    """
    target = tokens.read_unsubscribe(session, token)
    if lock_account(session, target.account_id).account(session) is None:
        return
    left = {item.id for item in targets.covered(session, target)}
    feedback.answer(session, target.account_id, left, why, words)
