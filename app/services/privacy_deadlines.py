"""What people asked about their data and was not done yet, with the day by which it must be (GDPR art. 12(3))."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.db import Session
from app.kit import clock
from app.kit.months import months_after
from app.models import PrivacyReferral, PrivacyRequest
from app.services import privacy_referrals
from app.services.privacy_referrals import ANSWERED_WITHIN_MONTHS
from app.services.privacy_requests import Kind, State


@dataclass(frozen=True, slots=True)
class Open:
    """A wish that waits. `through` is the client and the way by which it was told; empty on one's own page."""

    account_id: uuid.UUID
    brand: str
    kind: str
    asked_at: datetime
    answer_by: datetime
    through: str = ""

    @property
    def is_overdue(self) -> bool:
        """Whether the month is over."""
        return self.answer_by <= clock.now()


def open_wishes(session: Session) -> list[Open]:
    """List what waits, that of the first deadline first. Data that is held still is so while its request is open."""
    return sorted([*_requests(session), *_referrals(session)], key=lambda each: each.answer_by)


def _requests(session: Session) -> Iterator[Open]:
    waiting = (PrivacyRequest.state == State.OPEN, PrivacyRequest.kind != Kind.RESTRICTION)
    for row in session.scalars(select(PrivacyRequest).where(*waiting)):
        answer_by = months_after(row.created_at, ANSWERED_WITHIN_MONTHS)
        yield Open(row.account_id, row.brand, row.kind, row.created_at, answer_by)


def _referrals(session: Session) -> Iterator[Open]:
    for row in session.scalars(select(PrivacyReferral)).all():
        if privacy_referrals.referred(session, row).is_waiting:
            through = f"{row.client}, {row.through}"
            yield Open(row.account_id, row.brand, row.kind, row.received_at, row.due_at, through)
