"""What people ask about their own data: a copy of it, to hold it still, to erase it. At most one of a kind is open."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import delete, select, update

from app.branding.models import Site
from app.db import Session
from app.environment import environment
from app.kit import clock, ids
from app.models import PrivacyExport, PrivacyRequest

COOLING_OFF = timedelta(days=7)
"""Between the wish to be erased and the erasure: time to read the mail about it and to stop it."""
EXPORT_KEPT = timedelta(days=7)


class Kind(StrEnum):
    """What is asked for (GDPR art. 15 and 20, 18, 17)."""

    EXPORT = "export"
    RESTRICTION = "restriction"
    ERASURE = "erasure"


class State(StrEnum):
    """What became of it. A restriction is `done` when it was lifted."""

    OPEN = "open"
    DONE = "done"
    STOPPED = "stopped"


def ask(
    session: Session, site: Site, account_id: uuid.UUID, kind: Kind, locale: str, due_in: timedelta | None = None
) -> PrivacyRequest:
    """Note a wish and give it. The caller has locked the account and seen that no such wish is open."""
    now = clock.now()
    made = PrivacyRequest(
        account_id=account_id, id=ids.new_id(), kind=kind.value, state=State.OPEN.value, brand=site.slug,
        locale=locale, created_at=now, due_at=now + due_in if due_in is not None else None, closed_at=None,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def find(session: Session, request_id: uuid.UUID) -> PrivacyRequest | None:
    """Find a wish by its id, as it is now."""
    query = select(PrivacyRequest).where(PrivacyRequest.id == request_id)
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def open_one(session: Session, account_id: uuid.UUID, kind: Kind) -> PrivacyRequest | None:
    """Find the open wish of a kind."""
    query = select(PrivacyRequest).where(
        PrivacyRequest.account_id == account_id, PrivacyRequest.kind == kind, PrivacyRequest.state == State.OPEN
    )
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def of_account(session: Session, account_id: uuid.UUID) -> list[PrivacyRequest]:
    """List all wishes of an account, oldest first."""
    query = select(PrivacyRequest).where(PrivacyRequest.account_id == account_id)
    return list(session.scalars(query.order_by(PrivacyRequest.created_at)))


def close(session: Session, request_id: uuid.UUID, state: State) -> bool:
    """Close an open wish; False when it is closed already. Of two who try, the second waits and gets False."""
    still_open = (PrivacyRequest.id == request_id, PrivacyRequest.state == State.OPEN)
    closed = update(PrivacyRequest).where(*still_open).values(state=state.value, closed_at=clock.now())
    return session.scalar(closed.returning(PrivacyRequest.id)) is not None


def due(session: Session, limit: int = 100) -> Sequence[PrivacyRequest]:
    """List erasures whose cooling-off is over, those that wait for longest first."""
    query = select(PrivacyRequest).where(
        PrivacyRequest.kind == Kind.ERASURE, PrivacyRequest.state == State.OPEN, PrivacyRequest.due_at <= clock.now()
    )
    return session.scalars(query.order_by(PrivacyRequest.due_at).limit(limit)).all()


def keep_export(session: Session, request: PrivacyRequest, packed: bytes) -> None:
    """Keep the copy that was put together for a request, sealed, for a week; earlier ones of the account go."""
    now = clock.now()
    session.execute(delete(PrivacyExport).where(PrivacyExport.account_id == request.account_id))
    session.add(
        PrivacyExport(
            account_id=request.account_id, request_id=request.id, sealed=environment(session).sealer.seal_bytes(packed),
            created_at=now, expires_at=now + EXPORT_KEPT,
        )
    )  # fmt: skip
    session.flush()


def export_of(session: Session, account_id: uuid.UUID) -> PrivacyExport | None:
    """Find the copy that lies ready for an account, without its content."""
    of_account = (PrivacyExport.account_id == account_id, PrivacyExport.expires_at > clock.now())
    return session.scalars(select(PrivacyExport).where(*of_account)).one_or_none()


def read_export(session: Session, account_id: uuid.UUID, request_id: uuid.UUID) -> bytes | None:
    """Read a copy back; None where there is none (any more), or it is another account's."""
    sealed = session.scalar(
        select(PrivacyExport.sealed).where(
            PrivacyExport.account_id == account_id,
            PrivacyExport.request_id == request_id,
            PrivacyExport.expires_at > clock.now(),
        )
    )
    return environment(session).sealer.open_bytes(sealed) if sealed else None


def purge(session: Session) -> int:
    """Delete copies that have served their time; give how many."""
    old = delete(PrivacyExport).where(PrivacyExport.expires_at <= clock.now())
    return len(session.scalars(old.returning(PrivacyExport.request_id)).all())
