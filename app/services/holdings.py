"""All that is held about one person, as their own page shows it and their copy holds it (GDPR art. 15)."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, func, or_, select

from app.db import Session
from app.environment import environment
from app.kit import clock
from app.models import (
    Account,
    AddressChange,
    AddressRow,
    CheckIn,
    ConsentEvent,
    ContactPoint,
    EventDetail,
    ExternalIdRow,
    LeavingReason,
    Message,
    Notice,
    OptInItem,
    OptInRequest,
    PasskeyRow,
    PrivacyReferral,
    PrivacyRequest,
    ProfileChange,
    ReconsentRequest,
    SessionRow,
    Suppression,
)
from app.services import (
    check_ins,
    consents,
    external_ids,
    feedback,
    locks,
    messages,
    opt_in,
    passkeys,
    passwords,
    phones,
    privacy_referrals,
    privacy_requests,
    profile,
    reconsent,
    second_factors,
    sessions,
)
from app.services.address_changes import Outcome
from app.services.folding import State
from app.services.items import ItemRef, items
from app.services.profile import HeldField


@dataclass(frozen=True, slots=True)
class HeldAddress:
    """An address of the person, as they typed it."""

    typed: str
    point: ContactPoint


@dataclass(frozen=True, slots=True)
class HeldConsent:
    """What the person said about an item; `item` is None where nobody offers it any more."""

    item: ItemRef | None
    state: State


@dataclass(frozen=True, slots=True)
class HeldAsking:
    """What the person asked for with an address, to be confirmed from its mailbox."""

    item: ItemRef | None
    request: OptInRequest
    asked: OptInItem

    @property
    def waits(self) -> bool:
        """Whether it can still be confirmed."""
        return opt_in.is_live(self.request) and self.asked.confirmed_at is None and self.asked.cancelled_at is None


@dataclass(frozen=True, slots=True)
class Holdings:
    """Everything but the ledger's lines, of which there may be many."""

    account: Account
    addresses: Sequence[HeldAddress]
    consents: Sequence[HeldConsent]
    lines: int
    asked: Sequence[HeldAsking]
    mails: Sequence[Message]
    sessions: Sequence[SessionRow]
    passkeys: Sequence[PasskeyRow]
    password_set_at: datetime | None
    has_codes: bool
    """Whether a code is asked for after the password."""
    recovery_codes: int
    """How many of them are left."""
    leaving_reasons: Sequence[tuple[LeavingReason, str]]
    """Why the person left, and what they wrote."""
    profile: Sequence[HeldField]
    profile_changes: Sequence[ProfileChange]
    check_ins: Sequence[CheckIn]
    changes: Sequence[AddressChange]
    typed: Mapping[bytes, str]
    """The addresses that `changes` name, as they were typed, where they are still on record."""
    number_waiting: str | None
    """A number that a code was sent to and not typed yet."""
    suppressions: Sequence[Suppression]
    asked_anew: Sequence[ReconsentRequest]
    """What documents the person was mailed about, before they changed."""
    requests: Sequence[PrivacyRequest]
    external_ids: Sequence[ExternalIdRow]
    """What other systems call the person."""
    referrals: Sequence[PrivacyReferral]
    """What the person told other systems is to become of their data."""

    @property
    def waiting(self) -> Sequence[HeldAsking]:
        """What waits for a confirmation."""
        return [each for each in self.asked if each.waits]

    @property
    def email(self) -> str:
        """The primary e-mail address; empty where there is none."""
        return next((each.typed for each in self.addresses if each.point.is_primary), "")


def gather(session: Session, account_id: uuid.UUID) -> Holdings | None:
    """Gather all that is held about an account; None when it is no more."""
    account = session.get(Account, account_id)
    if account is None:
        return None
    addresses = _addresses(session, account_id)
    digests = [each.point.address_digest for each in addresses]
    changes = session.scalars(select(AddressChange).where(AddressChange.account_id == account_id)).all()
    # Only what was proved: whether anybody else is known by an address that was merely wished for is nobody's business.
    moved = [each for each in changes if each.outcome == Outcome.MOVED]
    left = {each.from_digest for each in moved}
    return Holdings(
        account=account,
        addresses=addresses,
        consents=_consents(session, account_id),
        lines=session.scalar(select(func.count()).where(ConsentEvent.account_id == account_id)) or 0,
        asked=_asked(session, account_id, digests),
        mails=_mails(session, account_id, digests, left),
        sessions=sessions.of_account(session, account_id),
        passkeys=passkeys.of_account(session, account_id),
        password_set_at=passwords.set_at(session, account_id),
        has_codes=second_factors.is_on(session, account_id),
        recovery_codes=second_factors.recovery_codes_left(session, account_id),
        leaving_reasons=[(each, feedback.words_of(session, each)) for each in feedback.given(session, account_id)],
        profile=profile.held(session, account),
        profile_changes=profile.changes(session, account_id),
        check_ins=check_ins.of_account(session, account_id),
        changes=changes,
        typed=_typed(session, {*digests, *left, *(each.to_digest for each in moved)}),
        number_waiting=phones.number_waiting(session, account_id),
        suppressions=_suppressions(session, digests),
        asked_anew=reconsent.asked(session, account_id),
        requests=privacy_requests.of_account(session, account_id),
        external_ids=external_ids.of_account(session, account_id),
        referrals=privacy_referrals.of_account(session, account_id),
    )


def lines(session: Session, account_id: uuid.UUID) -> list[Mapping[str, Any]]:
    """List the lines of the ledger about an account, oldest first, with their details and the words seen."""
    query = (
        select(ConsentEvent.sequence, ConsentEvent.item_id, ConsentEvent.action, ConsentEvent.status,
               ConsentEvent.occurred_at, ConsentEvent.recorded_at, ConsentEvent.legal_basis, ConsentEvent.source,
               ConsentEvent.actor_kind, ConsentEvent.locale, ConsentEvent.document_version, ConsentEvent.attributes,
               EventDetail.detail, Notice.text.label("words"),
               Notice.locale.label("words_locale"))
        .outerjoin(EventDetail, (EventDetail.account_id == ConsentEvent.account_id)
                   & (EventDetail.sequence == ConsentEvent.sequence))
        .outerjoin(Notice, Notice.digest == ConsentEvent.notice_digest)
        .where(ConsentEvent.account_id == account_id)
        .order_by(ConsentEvent.sequence)
    )  # fmt: skip
    found: Sequence[RowMapping] = session.execute(query).mappings().all()
    known = items(session, needed={row["item_id"] for row in found})
    return [{**row, "item": known.find(row["item_id"])} for row in found]


def _addresses(session: Session, account_id: uuid.UUID) -> list[HeldAddress]:
    query = (
        select(ContactPoint, AddressRow.sealed)
        .outerjoin(AddressRow, AddressRow.digest == ContactPoint.address_digest)
        .where(ContactPoint.account_id == account_id)
        .order_by(ContactPoint.is_primary.desc(), ContactPoint.address_digest)
    )
    sealer = environment(session).sealer
    return [HeldAddress(sealer.open(sealed) if sealed else "", point) for point, sealed in session.execute(query)]


def _mails(
    session: Session, account_id: uuid.UUID, digests: Collection[bytes], left: Collection[bytes]
) -> Sequence[Message]:  # fmt: skip
    """List the mails to the addresses of an account, and those to addresses it `left` that were about the account."""
    theirs = or_(
        Message.address_digest.in_(digests), Message.address_digest.in_(left) & (Message.account_id == account_id)
    )
    recent = Message.created_at > clock.now() - messages.KEPT
    return session.scalars(select(Message).where(theirs, recent).order_by(Message.id)).all()


def _typed(session: Session, digests: Collection[bytes]) -> dict[bytes, str]:
    query = select(AddressRow.digest, AddressRow.sealed).where(AddressRow.digest.in_(digests))
    sealer = environment(session).sealer
    return {digest: sealer.open(sealed) for digest, sealed in session.execute(query) if sealed}


def _consents(session: Session, account_id: uuid.UUID) -> list[HeldConsent]:
    held = consents.current(session, account_id)
    known = items(session, needed=held)
    return [HeldConsent(known.find(item_id), state) for item_id, state in sorted(held.items())]


def _asked(session: Session, account_id: uuid.UUID, digests: Sequence[bytes]) -> list[HeldAsking]:
    query = (
        select(OptInRequest, OptInItem)
        .join(OptInItem, (OptInItem.address_digest == OptInRequest.address_digest)
              & (OptInItem.request_id == OptInRequest.id))
        .where(or_(OptInRequest.address_digest.in_(digests), OptInRequest.account_id == account_id))
        .order_by(OptInItem.asked_at)
    )  # fmt: skip
    rows = session.execute(query).all()
    known = items(session, needed={asked.item_id for _, asked in rows})
    return [HeldAsking(known.find(asked.item_id), request, asked) for request, asked in rows]


def _suppressions(session: Session, digests: Sequence[bytes]) -> Sequence[Suppression]:
    every = {each for digest in digests for each in locks.every_digest(session, digest)}
    query = select(Suppression).where(Suppression.address_digest.in_(every))
    return session.scalars(query.order_by(Suppression.created_at)).all()
