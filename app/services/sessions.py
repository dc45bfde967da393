"""Server-side sessions: an opaque 256-bit secret in the cookie, only its SHA-256 in the database."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, select, update

from app.db import Session
from app.kit import clock
from app.models import Account, SessionRow
from app.services.folding import Line, State, Status

PREFERENCE = "preference"
PREFERENCE_LASTS = timedelta(minutes=60)
FULL = "full"
FULL_LASTS = timedelta(days=30)
SEEN_EVERY = timedelta(minutes=10)
"""How often at most it is noted that a session is in use."""
STEP_UP_LASTS = timedelta(minutes=10)
"""How long a session may do what is sensitive, once its owner has shown that it is theirs."""


def open_preference(session: Session, account_id: uuid.UUID, user_agent: str | None, former_secret: str = "") -> str:
    """Open a session for someone who came from a mail link; give the secret for the cookie.

    `former_secret` is that of the cookie it replaces, here as in `open_full`: what nobody could sign out of any more.
    """
    close(session, former_secret)
    return _open(session, account_id, PREFERENCE, PREFERENCE_LASTS, user_agent)


def open_full(session: Session, account_id: uuid.UUID, user_agent: str | None, former_secret: str = "") -> str:
    """Open a session for someone who signed in; give the secret for the cookie."""
    close(session, former_secret)
    return _open(session, account_id, FULL, FULL_LASTS, user_agent)


def find_with_language(session: Session, secret: str) -> tuple[SessionRow, str] | None:
    """Find the unexpired session of a cookie, and the language of its account."""
    query = select(SessionRow, Account.locale).join(Account, Account.id == SessionRow.account_id)
    found = session.execute(query.where(SessionRow.digest == digest_of(secret), SessionRow.expires_at > clock.now()))
    row = found.first()
    return (row[0], row[1]) if row else None


def find(session: Session, secret: str) -> SessionRow | None:
    """Find the unexpired session of a cookie."""
    row = session.get(SessionRow, digest_of(secret))
    return row if row is not None and row.expires_at > clock.now() else None


def digest_of(secret: str) -> bytes:
    """Give what is kept of the secret of a session."""
    return hashlib.sha256(secret.encode()).digest()


def of_account(session: Session, account_id: uuid.UUID) -> list[SessionRow]:
    """List the sessions of an account that are open, the one last used first."""
    query = select(SessionRow).where(SessionRow.account_id == account_id, SessionRow.expires_at > clock.now())
    last_used = func.coalesce(SessionRow.last_seen_at, SessionRow.created_at)
    return list(session.scalars(query.order_by(last_used.desc())))


def note_use(session: Session, digest: bytes) -> None:
    """Note that a session is in use now."""
    session.execute(update(SessionRow).where(SessionRow.digest == digest).values(last_seen_at=clock.now()))


def is_use_due(row: SessionRow) -> bool:
    """Tell whether the use of a session is worth noting (again)."""
    return clock.now() - (row.last_seen_at or row.created_at) > SEEN_EVERY


def is_fresh(row: SessionRow) -> bool:
    """Tell whether somebody signed in, or showed whose session it is, so lately that they need not do so again."""
    return row.kind == FULL and (clock.now() - row.created_at < STEP_UP_LASTS or is_stepped_up(row))


def close_one(session: Session, account_id: uuid.UUID, digest: bytes) -> None:
    """End one session of an account, wherever it is open."""
    one = (SessionRow.account_id == account_id, SessionRow.digest == digest)
    session.execute(delete(SessionRow).where(*one))


def remember_change(session: Session, secret: str, lines: Sequence[Line]) -> None:
    """Keep which items an act, of at least one line, turned on and off: for the words beside them and for Undo."""
    undo = {
        "id": str(lines[-1].sequence),
        "on": [line.item_id for line in lines if line.status is Status.GRANTED],
        "off": [line.item_id for line in lines if line.status not in {Status.GRANTED, Status.REFUSED}],
        # An explicit no where nothing was said before: to take it back would be a yes that nobody gave.
        "refused": [line.item_id for line in lines if line.status is Status.REFUSED],
    }
    session.execute(update(SessionRow).where(SessionRow.digest == digest_of(secret)).values(undo=undo))


def last_change(session: Session, secret: str, change_id: str) -> Mapping[str, list[int]] | None:
    """Give what the last act of a session turned on and off; None when `change_id` is not that act's any more.

    A page in another tab may show the Undo of an act that others have followed.
    """
    row = session.get(SessionRow, digest_of(secret), populate_existing=True, with_for_update=True)
    if row is None or row.undo is None or row.undo["id"] != change_id:
        return None
    return {"on": row.undo["on"], "off": row.undo["off"]}


def remember_adjustment(session: Session, secret: str, line: Line, before: State) -> None:
    """Keep an act that neither turned on nor off, and how it was before: for the words beside it and for Undo."""
    adjusted = {
        "item": line.item_id, "act": line.action.value, "frequency": before.frequency,
        "paused_until": before.paused_until.isoformat() if before.paused_until else None,
    }  # fmt: skip
    # Workers of an earlier release read `on` and `off` alone, and would turn off what stands there.
    undo = {"id": str(line.sequence), "on": [], "off": [], "adjusted": adjusted}
    session.execute(update(SessionRow).where(SessionRow.digest == digest_of(secret)).values(undo=undo))


def last_adjustment(session: Session, secret: str, change_id: str) -> Mapping[str, Any] | None:
    """Give the last act of a session as `remember_adjustment` kept it; None when it was another one."""
    row = session.get(SessionRow, digest_of(secret), populate_existing=True, with_for_update=True)
    if row is None or row.undo is None or row.undo["id"] != change_id:
        return None
    adjusted: Mapping[str, Any] | None = row.undo.get("adjusted")
    return adjusted


def step_up(session: Session, digest: bytes) -> str | None:
    """Note that the person has just shown once more whose session it is, and give its new secret; None when it ended.

    The old secret is worth nothing any more: whoever holds a copy of it shall not gain by what its owner showed.
    """
    return _renew(session, digest, stepped_up_at=clock.now(), code_digest=None, code_expires_at=None)


def is_stepped_up(row: SessionRow) -> bool:
    """Tell whether the person showed so lately enough for what is sensitive."""
    return row.stepped_up_at is not None and clock.now() - row.stepped_up_at < STEP_UP_LASTS


def close(session: Session, secret: str) -> None:
    """End a session; its cookie is worth nothing afterwards."""
    session.execute(delete(SessionRow).where(SessionRow.digest == digest_of(secret)))


def close_others(session: Session, account_id: uuid.UUID, kept: bytes) -> None:
    """End all sessions of an account but the one whose digest is `kept` (all, where there is none such)."""
    of_account = (SessionRow.account_id == account_id, SessionRow.digest != kept)
    session.execute(delete(SessionRow).where(*of_account))


def close_but(session: Session, account_id: uuid.UUID, kept: bytes) -> str | None:
    """End all sessions of an account but the one with digest `kept`, and give its new secret.

    Whoever throws others out may be rid of a thief that way, who may as well have a copy of this very cookie. None, and
    all others stay, when that session ended meanwhile: then it may be the thief's.
    """
    secret = _renew(session, kept)
    if secret is not None:
        close_others(session, account_id, digest_of(secret))
    return secret


def purge(session: Session) -> int:
    """Delete sessions that have run out; give how many."""
    gone = session.scalars(delete(SessionRow).where(SessionRow.expires_at < clock.now()).returning(SessionRow.digest))
    return len(gone.all())


def _open(
    session: Session, account_id: uuid.UUID, kind: str, lasts: timedelta, user_agent: str | None
) -> str:  # fmt: skip
    secret = secrets.token_urlsafe(32)
    now = clock.now()
    session.add(
        SessionRow(
            digest=digest_of(secret), account_id=account_id, kind=kind, created_at=now, expires_at=now + lasts,
            user_agent=user_agent, undo=None, last_seen_at=None, stepped_up_at=None, code_digest=None,
            code_expires_at=None,
        )
    )  # fmt: skip
    # It outlives the session: whoever comes in need not be asked whether all is still right.
    session.execute(update(Account).where(Account.id == account_id).values(last_seen_at=now))
    session.flush()
    return secret


def _renew(session: Session, digest: bytes, **changed: Any) -> str | None:
    secret = secrets.token_urlsafe(32)
    is_open = (SessionRow.digest == digest, SessionRow.expires_at > clock.now())
    renewed = update(SessionRow).where(*is_open).values(digest=digest_of(secret), **changed)
    return secret if session.scalar(renewed.returning(SessionRow.digest)) else None
