"""Move to another address: both mailboxes must say so, in any order. What was agreed to, and since when, stays."""

from __future__ import annotations

import uuid
from enum import StrEnum

from app.branding.models import Site
from app.db import Session
from app.errors import Gone
from app.kit import clock, ids
from app.kit.addresses import parse_email
from app.kit.provenance import Provenance
from app.kit.signing import Purpose
from app.models import AddressChange
from app.services import accounts, address_changes, messages, opt_in, sessions, suppressions
from app.services.address_changes import CHANGE, Outcome, Progress, Side, Stop
from app.services.locks import Locked, lock_with, owner_of
from app.services.messages import MessageKind


class Asked(StrEnum):
    """What came of the wish, as far as the one who has it may know."""

    MAILED = "mailed"
    SAME = "same"
    TOO_OFTEN = "too_often"
    """The present address had its share of mails for today."""


def ask(session: Session, site: Site, account_id: uuid.UUID, email: str, provenance: Provenance) -> Asked:
    """Mail to both addresses; an earlier wish is replaced.

    Whether the new address is known, or must not be written to, is for the courier to find out, so that neither the
    answer nor its time tells (invariant 6). Raises `InvalidAddress`, and `Gone` when the account is no more.
    """
    own, digest, abuse = lock_with(session, account_id, parse_email(email))
    if own.account_id is None:
        raise Gone("This account is no more.")
    if digest == own.digest:
        return Asked.SAME
    change_id, locale = ids.new_id(), provenance.locale
    if not _mail(session, MessageKind.ADDRESS_AGREE, change_id, site.slug, own.digest, own.abuse_digest, locale):
        return Asked.TOO_OFTEN
    _mail(session, MessageKind.ADDRESS_PROVE, change_id, site.slug, digest, abuse, locale)
    digests = (own.digest, digest)
    address_changes.begin(session, change_id, account_id, digests, site.slug, provenance)
    return Asked.MAILED


def agree(session: Session, token: str, provenance: Provenance) -> Progress:
    """Press in the present mailbox. Raises `BadLink`."""
    return _press(session, Purpose.ADDRESS_AGREE, Side.PRESENT, token, provenance)


def prove(session: Session, token: str, provenance: Provenance) -> Progress:
    """Press in the new mailbox. Raises `BadLink`."""
    return _press(session, Purpose.ADDRESS_PROVE, Side.NEW, token, provenance)


def stop(session: Session, token: str, provenance: Provenance) -> Stop:
    """End a change and any that took its place, by a press in the present mailbox. Raises `BadLink`.

    Somebody asked for it who holds a session but is not the owner of the mailbox, so all sessions end with it.
    """
    change = address_changes.of_link(session, Purpose.ADDRESS_STOP, token)
    if change is None:
        return Stop.OVER
    lock_with(session, change.account_id, change.to_digest)
    if address_changes.has_left(session, change):
        return Stop.LEFT
    address_changes.stop_all(session, change, provenance)
    sessions.close_others(session, change.account_id, kept=b"")
    return Stop.STOPPED


def _press(session: Session, purpose: Purpose, side: Side, token: str, provenance: Provenance) -> Progress:
    seen = address_changes.of_link(session, purpose, token)
    if seen is None:
        return Progress.OVER
    own, digest, abuse = lock_with(session, seen.account_id, seen.to_digest)
    change = address_changes.press(session, seen.id, side, provenance)
    if change is None:
        # Only now is it settled: the other mailbox, or another press of this one, may have come first.
        return address_changes.progress(address_changes.find(session, seen.id), side)
    if change.agreed_at is None or change.proved_at is None:
        return Progress.WAITING
    if own.digest != change.from_digest or owner_of(session, digest) not in {None, own.account_id}:
        address_changes.settle(session, change.id, Outcome.TAKEN, provenance)
        return Progress.OVER
    _move(session, own, change, abuse, provenance)
    return Progress.MOVED


def _move(session: Session, own: Locked, change: AddressChange, abuse_digest: bytes, provenance: Provenance) -> None:
    old, new = change.from_digest, change.to_digest
    address_changes.settle(session, change.id, Outcome.MOVED, provenance)
    suppressions.carry(session, old, new, provenance)
    opt_in.leave_behind(session, old, change.account_id, provenance)
    messages.redirect(session, change.account_id, old, new, abuse_digest)
    accounts.replace_email(session, change.account_id, old, new, clock.now())
    sessions.close_others(session, change.account_id, kept=b"")
    _mail(session, MessageKind.ADDRESS_LEFT, change.id, change.brand, old, own.abuse_digest, change.locale)
    _mail(session, MessageKind.ADDRESS_MOVED, change.id, change.brand, new, abuse_digest, change.locale)


def _mail(
    session: Session, kind: MessageKind, change_id: uuid.UUID, brand: str, digest: bytes, abuse_digest: bytes,
    locale: str,
) -> uuid.UUID | None:  # fmt: skip
    return messages.queue(
        session, kind=kind, brand=brand, address_digest=digest, abuse_digest=abuse_digest, locale=locale,
        context={CHANGE: str(change_id)},
    )  # fmt: skip
