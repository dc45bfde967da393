"""Erasure: what of a person goes, and what stays (GDPR art. 17).

What goes is deleted rather than marked. What stays tells of nobody: the lines of the ledger, without their details and
closed by one `erased` line for each consent, addresses that must not be contacted as digests, the digests of its
own with when it was erased, and counts.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, exists, false, or_, select, update

from app.db import Session
from app.environment import environment
from app.kit.addresses import parse_email
from app.kit.provenance import Provenance
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
    OptInItem,
    OptInRequest,
    PasskeyRow,
    PasswordRow,
    PhoneProof,
    PrivacyExport,
    PrivacyReferral,
    PrivacyRequest,
    ProfileChange,
    ProfileRow,
    ReconsentRequest,
    RecoveryCodeRow,
    SecondFactorRow,
    SessionRow,
    Suppression,
)
from app.services import (
    accounts,
    consents,
    erased_addresses,
    ledger,
    locks,
    mailbox,
    privacy_referrals,
    stationery,
    suppressions,
    throttle,
)
from app.services.folding import Action
from app.services.ledger import Entry
from app.services.locks import Locked
from app.services.message_kinds import TEXTS

FORGOTTEN = (
    SessionRow, PasswordRow, PasskeyRow, SecondFactorRow, RecoveryCodeRow, AddressChange, PrivacyExport, ContactPoint,
    ProfileRow, ProfileChange, PhoneProof, LeavingReason, CheckIn, ReconsentRequest,
    ExternalIdRow,
)  # fmt: skip
"""Tables whose rows of an account go with it."""

PERSONAL = ("ip", "user_agent", "page", "request_id", "evidence")
"""What the provenance of a suppression holds besides who acted, through what, and on which document."""


def former_digests(session: Session, account_id: uuid.UUID) -> set[bytes]:
    """Give the addresses that an account had to do with besides its own.

    Those it left, those it wished for or asked with, and numbers that it had a code sent to.
    """
    changes = select(AddressChange.from_digest, AddressChange.to_digest).where(AddressChange.account_id == account_id)
    asked = select(OptInRequest.address_digest).where(OptInRequest.account_id == account_id)
    texted = select(Message.address_digest).where(Message.account_id == account_id, Message.kind.in_(TEXTS))
    found = {digest for row in session.execute(changes) for digest in row}
    return found | set(session.scalars(asked.union(texted)))


def own_digests(session: Session, account_id: uuid.UUID) -> set[bytes]:
    """Give the addresses of an account, and those it left that are nobody else's by now."""
    present = session.scalars(select(ContactPoint.address_digest).where(ContactPoint.account_id == account_id))
    return {*present, *_left(session, account_id, former_digests(session, account_id))}


def erase(
    session: Session, locked: Locked, former: Collection[bytes], asked_at: datetime, erased_at: datetime,
    provenance: Provenance, but_request: uuid.UUID | None = None,
) -> None:  # fmt: skip
    """Erase an account that is locked with its addresses and those of `former` (`locks.lock_to_erase`).

    What its owner did up to `erased_at` can't be told of its addresses afterwards (`services.erased_addresses`). Of its
    privacy requests the one that led here stays, `but_request`: it says nothing of the person.
    """
    account = locked.account(session)
    if account is None:
        return
    own = {*locked.digests, *_left(session, account.id, former)}
    erased_addresses.remember(session, dict.fromkeys(own, erased_at))
    every = {each for digest in own for each in locks.every_digest(session, digest)}
    _forget_what_names_them(session, account.id, own)
    _close_ledger(session, account, asked_at, provenance)
    _forget_requests(session, account.id, locked.digests)
    _forget_messages(session, account.id, own, former)
    _forget_account(session, account, but_request)
    _bare_suppressions(session, every)
    _forget_addresses(session, {*own, *former})


def _close_ledger(session: Session, account: Account, asked_at: datetime, provenance: Provenance) -> None:
    held = {item_id: state.legal_basis for item_id, state in consents.current(session, account.id).items()}
    if not held:
        # Lines without a consent, whose details go as well: one of them must say why.
        query = select(ConsentEvent.item_id, ConsentEvent.legal_basis).where(ConsentEvent.account_id == account.id)
        held = {row.item_id: row.legal_basis for row in session.execute(query)}
    entries = [
        Entry(item_id, Action.ERASED, legal_basis=basis, occurred_at=asked_at) for item_id, basis in held.items()
    ]
    ledger.append(session, account, entries, provenance)
    session.execute(delete(EventDetail).where(EventDetail.account_id == account.id))


def _forget_what_names_them(session: Session, account_id: uuid.UUID, own: Iterable[bytes]) -> None:
    """Delete what is found by the address itself: mails in the development mailbox, and tries that were counted."""
    emails, numbers = ([typed for digest in own if (typed := stationery.typed_address(session, digest, kind))]
                       for kind in ("email", "phone"))  # fmt: skip
    mailbox.forget(session, [*emails, *numbers])
    digester = environment(session).digester
    by_address = [digester.sign_in(parse_email(typed)) for typed in emails]
    throttle.forget(session, [digester.account(account_id), digester.second_step(account_id), *by_address])


def _forget_requests(session: Session, account_id: uuid.UUID, digests: Collection[bytes]) -> None:
    """Delete what was asked for with the present addresses, and with others while they were the account's."""
    theirs = or_(OptInRequest.address_digest.in_(digests), OptInRequest.account_id == account_id)
    gone = session.execute(delete(OptInRequest).where(theirs).returning(OptInRequest.address_digest, OptInRequest.id))
    for digest, request_id in gone.all():
        of_request = (OptInItem.address_digest == digest, OptInItem.request_id == request_id)
        session.execute(delete(OptInItem).where(*of_request))


def _forget_messages(
    session: Session, account_id: uuid.UUID, own: Collection[bytes], former: Collection[bytes]
) -> None:  # fmt: skip
    """Delete the mails to the account's addresses, and those about its moves to any other."""
    changes = session.scalars(select(AddressChange.id).where(AddressChange.account_id == account_id))
    about_moves = [Message.context["change"].astext == str(change_id) for change_id in changes]
    by_others = Message.kind.in_(TEXTS) & (Message.account_id != account_id)
    theirs = or_(Message.address_digest.in_(own) & ~by_others, Message.account_id == account_id, *about_moves)
    # The index that finds a mail begins with its address.
    session.execute(delete(Message).where(Message.address_digest.in_({*own, *former}), theirs))


def _forget_account(session: Session, account: Account, but_request: uuid.UUID | None) -> None:
    """Delete what hangs on the account, and leave nothing in it but its place in the ledger."""
    for table in FORGOTTEN:
        session.execute(delete(table).where(table.account_id == account.id))
    others = PrivacyRequest.id != but_request if but_request else ~false()
    session.execute(delete(PrivacyRequest).where(PrivacyRequest.account_id == account.id, others))
    # What led another system to mail about it says nothing of the person either, and tells that system of the end.
    moot = PrivacyReferral.kind != privacy_referrals.Kind.ERASURE
    session.execute(delete(PrivacyReferral).where(PrivacyReferral.account_id == account.id, moot))
    account.status, account.kind, account.locale = accounts.ERASED, accounts.LITE, environment(session).group.locales[0]
    account.profile = {}
    account.registered_at = account.last_seen_at = None
    session.flush()


def _bare_suppressions(session: Session, digests: Collection[bytes]) -> None:
    """Keep that an address must not be contacted, without where the wish for it came from."""
    for row in session.scalars(select(Suppression).where(Suppression.address_digest.in_(digests))):
        row.provenance = _bare(row.provenance)
    session.flush()


def _bare(record: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in record.items() if key not in PERSONAL}
    if "lifted_by" in kept:
        kept["lifted_by"] = _bare(kept["lifted_by"])
    return kept


def _forget_addresses(session: Session, digests: Iterable[bytes]) -> None:
    """Delete addresses that nobody has to do with any more; those that must not be contacted stay, as digests alone."""
    for digest in digests:
        if _is_anybodys(session, digest):
            continue
        this = AddressRow.digest == digest
        if suppressions.in_force(session, [digest]):
            session.execute(update(AddressRow).where(this).values(sealed=None, abuse_digest=None))
        else:
            session.execute(delete(AddressRow).where(this))


def _left(session: Session, account_id: uuid.UUID, former: Collection[bytes]) -> set[bytes]:
    """Give those of `former` that the account had until it moved or wrote as its number, and that are nobody else's."""
    moved = select(AddressChange.from_digest).where(
        AddressChange.account_id == account_id, AddressChange.outcome == "moved", AddressChange.from_digest.in_(former)
    )
    texted = select(Message.address_digest).where(
        Message.account_id == account_id, Message.kind.in_(TEXTS), Message.address_digest.in_(former)
    )
    return {digest for digest in session.scalars(moved.union(texted)) if not _is_wanted(session, digest, account_id)}


def _is_wanted(session: Session, digest: bytes, but: uuid.UUID | None = None) -> bool:
    """Tell whether an address belongs to an account, or somebody other than `but` asked for something with it."""
    by_others = or_(OptInRequest.account_id.is_(None), OptInRequest.account_id != but)
    owned = exists().where(ContactPoint.address_digest == digest)
    asked = exists().where(OptInRequest.address_digest == digest, by_others)
    texted = exists().where(PhoneProof.address_digest == digest, PhoneProof.account_id != but)
    return bool(session.scalar(select(or_(owned, asked, texted))))


def _is_anybodys(session: Session, digest: bytes) -> bool:
    """Tell whether an address is still somebody's: they own it, asked with it, are mailed there, or move to it."""
    mailed = exists().where(Message.address_digest == digest)
    awaited = exists().where(and_(AddressChange.to_digest == digest, AddressChange.outcome == "pending"))
    return _is_wanted(session, digest) or bool(session.scalar(select(or_(mailed, awaited))))
