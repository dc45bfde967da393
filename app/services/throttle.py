"""Limits that protect accounts, as rows: how often something may be tried for a subject within a while."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import delete, func, insert, select, update

from app.db import Session
from app.kit import clock, ids
from app.models import AttemptRow
from app.services.locks import lock_abuse

KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` tries within a sliding window."""

    name: str
    most: int
    within: timedelta


SIGN_IN = Limit("sign-in", 10, timedelta(minutes=5))
CODE_TRIES = Limit("code", 5, timedelta(minutes=15))
"""Tries to enter a mailed code. With `CODE_MAILS`, a thief of a session has 25 guesses a day at one in a million."""
CODE_MAILS = Limit("code-mail", 5, timedelta(days=1))
EXPORTS = Limit("export", 3, timedelta(days=1))
ERASURES = Limit("erasure", 3, timedelta(days=1))
"""Each of these ends in a mail that the limits for mails leave out."""
PHONE_CODES = Limit("phone-code", 5, timedelta(days=1))
"""Whatever numbers they go to: each text costs money, and some people earn by it."""
SECOND_STEP = Limit("second-step", 10, timedelta(minutes=5))
WEBHOOK_NOTICE = Limit("webhook-notice", 1, timedelta(days=1))
"""Mails that a webhook was disabled, for each of them and for each contact of a client."""
WEBHOOK_NOTICES = Limit("webhook-notices", 3, timedelta(days=1))
"""The same to one contact, whoever named it: a client could name anybody, and disable its own as it likes."""
PASSKEY = Limit("passkey", 10, timedelta(minutes=5))


def take(session: Session, limit: Limit, subjects: Sequence[bytes]) -> int:
    """Count one more try for each subject and give 0; give the seconds to wait where one of them had its share.

    A refused try counts for none. The advisory locks keep tries that race for the last place apart.
    """
    for subject in sorted(set(subjects)):
        lock_abuse(session, subject)
    now = clock.now()
    waits = [_wait(session, limit, subject, now) for subject in subjects]
    if any(waits):
        return max(waits)
    rows = [{"subject": subject, "name": limit.name, "id": ids.new_id(), "created_at": now, "has_failed": False}
            for subject in set(subjects)]  # fmt: skip
    session.execute(insert(AttemptRow), rows)
    return 0


def note_failure(session: Session, limit: Limit, subject: bytes) -> None:
    """Mark the last try of a subject as one that failed. Writes for every subject alike, known or not."""
    last = select(func.max(AttemptRow.created_at)).where(AttemptRow.subject == subject, AttemptRow.name == limit.name)
    tries = (AttemptRow.subject == subject, AttemptRow.name == limit.name)
    session.execute(
        update(AttemptRow).where(*tries, AttemptRow.created_at == last.scalar_subquery()).values(has_failed=True)
    )


def forget(session: Session, subjects: Collection[bytes]) -> None:
    """Delete all tries that were counted for some subjects."""
    session.execute(delete(AttemptRow).where(AttemptRow.subject.in_(subjects)))


def purge(session: Session) -> int:
    """Delete tries that count no longer; give how many."""
    gone = session.scalars(
        delete(AttemptRow).where(AttemptRow.created_at < clock.now() - KEPT).returning(AttemptRow.id)
    )
    return len(gone.all())


def _wait(session: Session, limit: Limit, subject: bytes, now: datetime) -> int:
    since = now - limit.within
    query = select(AttemptRow.created_at).where(
        AttemptRow.subject == subject, AttemptRow.name == limit.name, AttemptRow.created_at > since
    )
    tries = session.scalars(query.order_by(AttemptRow.created_at.desc()).limit(limit.most)).all()
    if len(tries) < limit.most:
        return 0
    return max(1, ceil((tries[-1] - since).total_seconds()))
