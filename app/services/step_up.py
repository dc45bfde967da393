"""Codes of six digits that are mailed to show once more whose session it is, before something sensitive.

A code is derived from the mail it goes out with, under the secret keys: it stands nowhere but in that mail, and a mail
that is sent again after a crash carries the same one. The session keeps its keyed digest, for 15 minutes and one use.
"""

from __future__ import annotations

import hmac
import uuid
from datetime import timedelta

from sqlalchemy import update

from app.db import Session
from app.environment import environment
from app.kit import clock
from app.kit.signing import Purpose
from app.models import SessionRow
from app.services import sessions, throttle

DIGITS = 6
CODE_LASTS = timedelta(minutes=15)


def begin(session: Session, session_digest: bytes, message_id: uuid.UUID) -> None:
    """Let the code that goes out with a mail be the one that opens a session; an earlier one opens nothing any more."""
    key = _keys(session)[0]
    values = {
        "code_digest": _digest(key, session_digest, _code(key, session_digest, message_id)),
        "code_expires_at": clock.now() + CODE_LASTS,
    }
    session.execute(update(SessionRow).where(SessionRow.digest == session_digest).values(**values))


def code_of(session: Session, session_digest: bytes, message_id: uuid.UUID) -> str | None:
    """Give the code that a mail carries; None where it would open nothing: too old, used, or replaced."""
    row = session.get(SessionRow, session_digest)
    if row is None or row.code_digest is None or row.code_expires_at is None or row.code_expires_at <= clock.now():
        return None
    for key in _keys(session):
        code = _code(key, session_digest, message_id)
        if hmac.compare_digest(_digest(key, session_digest, code), row.code_digest):
            return code
    return None


def may_try(session: Session, account_id: uuid.UUID) -> bool:
    """Count a try to enter a code; False when the account had its share: five in 15 minutes."""
    return not throttle.take(session, throttle.CODE_TRIES, [environment(session).digester.account(account_id)])


def enter(session: Session, session_digest: bytes, code: str) -> str | None:
    """Use up the code of a session, once; give the session's new secret, None where the code is not good (any more)."""
    typed = "".join(code.split())
    fitting = [_digest(key, session_digest, typed) for key in _keys(session)]
    is_good = (
        SessionRow.digest == session_digest,
        SessionRow.code_digest.in_(fitting),
        SessionRow.code_expires_at > clock.now(),
    )
    used = update(SessionRow).where(*is_good).values(code_digest=None).returning(SessionRow.digest)
    return sessions.step_up(session, session_digest) if session.scalar(used) else None


def _keys(session: Session) -> list[bytes]:
    return environment(session).signer.derived_keys(Purpose.STEP_UP)


def _code(key: bytes, session_digest: bytes, message_id: uuid.UUID) -> str:
    drawn = int.from_bytes(hmac.digest(key, b"code" + session_digest + message_id.bytes, "sha256"))
    return f"{drawn % 10**DIGITS:0{DIGITS}d}"


def _digest(key: bytes, session_digest: bytes, code: str) -> bytes:
    return hmac.digest(key, b"digest" + session_digest + code.encode(), "sha256")
