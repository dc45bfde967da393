"""What people told other systems is to become of their data, at a till or on the telephone.

Nothing is done about it by anybody but the person, who is mailed where to do it themselves. So the state of a referral
is read from what they did since, and no word of another system can get ahead of it.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, exists, select

from app.db import Session
from app.kit import clock, ids
from app.kit.months import months_after
from app.kit.provenance import ActorKind
from app.models import AddressChange, ConsentEvent, PrivacyReferral, ProfileChange
from app.services import accounts, privacy_requests
from app.services.folding import Action

ANSWERED_WITHIN_MONTHS = 1
"""GDPR art. 12(3)."""


class Kind(StrEnum):
    """What is asked for (GDPR art. 15, 17, 18, 16, 21)."""

    ACCESS = "access"
    ERASURE = "erasure"
    RESTRICTION = "restriction"
    RECTIFICATION = "rectification"
    OBJECTION = "objection"


class Through(StrEnum):
    """How the person told it."""

    SHOP = "shop"
    TELEPHONE = "telephone"
    LETTER = "letter"
    EMAIL = "email"
    CHAT = "chat"
    OTHER = "other"


class State(StrEnum):
    """How far it got, by what the person did since."""

    WAITING = "waiting"
    """The person was mailed and has not acted yet."""
    UNDER_WAY = "under_way"
    """They asked for it themselves; it is being done, or cools off."""
    DONE = "done"
    STOPPED = "stopped"
    """They took it back."""


WISHES = {
    Kind.ACCESS: privacy_requests.Kind.EXPORT,
    Kind.ERASURE: privacy_requests.Kind.ERASURE,
    Kind.RESTRICTION: privacy_requests.Kind.RESTRICTION,
}
"""What the person asks for on their own page, where it is a thing to be asked for there."""

NO = (Action.OBJECTED, Action.WITHDRAWN, Action.REFUSED)


@dataclass(frozen=True, slots=True)
class Referred:
    """A referral, and how far it got."""

    row: PrivacyReferral
    state: State

    @property
    def is_waiting(self) -> bool:
        """Whether it is still to be answered."""
        return self.state in {State.WAITING, State.UNDER_WAY}

    @property
    def is_overdue(self) -> bool:
        """Whether the month is over and nothing was done."""
        return self.is_waiting and self.row.due_at <= clock.now()


def waiting(session: Session, account_id: uuid.UUID, client: str, brand: str, kind: Kind) -> Referred | None:
    """Find what a client told already and the person has not acted on yet. The caller has locked the account."""
    told = (
        PrivacyReferral.account_id == account_id, PrivacyReferral.client == client, PrivacyReferral.brand == brand,
        PrivacyReferral.kind == kind,
    )  # fmt: skip
    row = session.scalar(select(PrivacyReferral).where(*told).order_by(PrivacyReferral.id.desc()).limit(1))
    found = referred(session, row) if row else None
    return found if found and found.state is State.WAITING else None


def note(
    session: Session, account_id: uuid.UUID, client: str, brand: str, kind: Kind, through: Through,
    received_at: datetime,
) -> Referred:  # fmt: skip
    """Note what a client was told at `received_at`; the month to answer runs from then."""
    row = PrivacyReferral(
        account_id=account_id, id=ids.new_id(), client=client, brand=brand, kind=kind.value, through=through.value,
        received_at=received_at, due_at=months_after(received_at, ANSWERED_WITHIN_MONTHS), created_at=clock.now(),
    )  # fmt: skip
    session.add(row)
    session.flush()
    return Referred(row, State.WAITING)


def find(session: Session, referral_id: uuid.UUID, brands: Collection[str]) -> Referred | None:
    """Find a referral in the name of one of `brands`, with how far it got."""
    query = select(PrivacyReferral).where(PrivacyReferral.id == referral_id, PrivacyReferral.brand.in_(brands))
    row = session.scalar(query)
    return referred(session, row) if row else None


def of_account(session: Session, account_id: uuid.UUID) -> Sequence[PrivacyReferral]:
    """List all referrals of an account, oldest first."""
    query = select(PrivacyReferral).where(PrivacyReferral.account_id == account_id)
    return session.scalars(query.order_by(PrivacyReferral.id)).all()


def referred(session: Session, row: PrivacyReferral) -> Referred:
    """Tell how far a referral got."""
    kind = Kind(row.kind)
    if kind in WISHES:
        return Referred(row, _by_wish(session, row, WISHES[kind]))
    acted = _has_corrected(row) if kind is Kind.RECTIFICATION else _has_objected(row)
    return Referred(row, State.DONE if session.scalar(select(acted)) else State.WAITING)


def _by_wish(session: Session, row: PrivacyReferral, kind: privacy_requests.Kind) -> State:
    """Tell how far the person's own wish got: one made since, or one that was open then."""
    theirs = [each for each in privacy_requests.of_account(session, row.account_id) if each.kind == kind]
    wish = next(
        (each for each in reversed(theirs) if each.closed_at is None or each.closed_at >= row.created_at), None
    )  # fmt: skip
    if wish is None:
        return State.DONE if kind is privacy_requests.Kind.ERASURE and _is_erased(session, row) else State.WAITING
    if wish.state == privacy_requests.State.STOPPED:
        return State.STOPPED
    # A restriction does its work while it is open; it is closed when it was lifted.
    is_done = wish.state == privacy_requests.State.DONE or kind is privacy_requests.Kind.RESTRICTION
    return State.DONE if is_done else State.UNDER_WAY


def _is_erased(session: Session, row: PrivacyReferral) -> bool:
    """Tell whether the person is gone, though no wish of theirs says so: after a restore their erasure was repeated."""
    account = accounts.find(session, row.account_id)
    return account is not None and account.status == accounts.ERASED


def _has_corrected(row: PrivacyReferral) -> ColumnElement[bool]:
    """Tell whether the person changed their profile since, or moved to another address."""
    by_person = ProfileChange.provenance["actor"].astext == ActorKind.PERSON.value
    changed = exists().where(
        ProfileChange.account_id == row.account_id, ProfileChange.occurred_at >= row.created_at, by_person
    )
    moved = exists().where(
        AddressChange.account_id == row.account_id, AddressChange.outcome == "moved",
        AddressChange.outcome_at >= row.created_at,
    )  # fmt: skip
    return changed | moved


def _has_objected(row: PrivacyReferral) -> ColumnElement[bool]:
    """Tell whether the person said no to something since."""
    return exists().where(
        ConsentEvent.account_id == row.account_id, ConsentEvent.recorded_at >= row.created_at,
        ConsentEvent.actor_kind == ActorKind.PERSON.value, ConsentEvent.action.in_([each.value for each in NO]),
    )  # fmt: skip
