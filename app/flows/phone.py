"""Give a phone number and prove it by a code; take it back."""

from __future__ import annotations

import uuid
from enum import StrEnum

from app.branding.models import Site
from app.db import Session
from app.environment import environment
from app.errors import Gone
from app.kit import clock
from app.kit.addresses import Address
from app.kit.provenance import SYSTEM, Provenance, Source
from app.models import Account
from app.services import accounts, consents, messages, opt_in, phones, security_mails, targets, throttle
from app.services.folding import Line
from app.services.items import ItemRef
from app.services.locks import Locked, lock_account, lock_both, lock_with
from app.services.messages import MessageKind
from app.services.security_mails import Event
from app.services.summaries import summarise


class Asked(StrEnum):
    """What came of the wish to be sent a code."""

    SENT = "sent"
    SAME = "same"
    """The number is the account's already."""
    TOO_OFTEN = "too_often"


class Entered(StrEnum):
    """What came of a code that was typed."""

    PROVED = "proved"
    WRONG = "wrong"
    OVER = "over"
    """Too late, tried too often, or never asked for: only another code helps."""


def ask(session: Session, site: Site, account_id: uuid.UUID, number: Address, provenance: Provenance) -> Asked:
    """Send a code to a number; an earlier one proves nothing any more. Raises `Gone` when the account is no more.

    Whether the number is somebody else's is not even read here (invariant 6).
    """
    own, digest, abuse = lock_with(session, account_id, number)
    if own.account_id is None:
        raise Gone("This account is no more.")
    if digest in own.digests:
        return Asked.SAME
    if throttle.take(session, throttle.PHONE_CODES, [environment(session).digester.account(account_id)]):
        return Asked.TOO_OFTEN
    message_id = messages.queue(
        session, kind=MessageKind.PHONE_CODE, brand=site.slug, address_digest=digest, abuse_digest=abuse,
        locale=provenance.locale, account_id=account_id,
    )  # fmt: skip
    if message_id is None:
        return Asked.TOO_OFTEN
    phones.begin(session, account_id, digest, message_id)
    return Asked.SENT


def enter(session: Session, site: Site, account_id: uuid.UUID, code: str, provenance: Provenance) -> Entered:
    """Prove a number by its code: it is the account's then, in the place of an earlier one.

    Numbers are given to other people after a while. Whoever had it before loses it, and with it what they agreed to
    over it, and is told by mail. Raises `Gone` when the account is no more.
    """
    seen = phones.waiting(session, account_id)
    if seen is None:
        return Entered.OVER
    own, other = lock_both(session, account_id, seen.address_digest)
    if own.account_id is None:
        raise Gone("This account is no more.")
    proof = phones.waiting(session, account_id)
    if proof is None or proof.address_digest != seen.address_digest:
        return Entered.OVER
    digest = proof.address_digest
    if not phones.enter(session, account_id, code):
        return Entered.WRONG if phones.waiting(session, account_id) else Entered.OVER
    if other is not None:
        _lose(session, other, digest)
    former = phones.digest_of(session, account_id)
    phones.attach(session, account_id, digest, clock.now())
    event = Event.PHONE_CHANGED if former else Event.PHONE_ADDED
    if former:
        opt_in.forget_unreferenced(session, [former])
    security_mails.tell(session, site.slug, own, account_id, event, provenance.locale)
    return Entered.PROVED


def remove(session: Session, site: Site, account_id: uuid.UUID, provenance: Provenance) -> list[Line]:
    """Take the number away, and with it all that was agreed to over it: nothing revives when it comes back.

    Raises `Gone` when the account is no more.
    """
    locked = lock_account(session, account_id)
    account, former = locked.account(session), phones.digest_of(session, account_id)
    if account is None:
        raise Gone("This account is no more.")
    if former is None:
        return []
    unwanted = _over_phone(session, account, locked)
    opt_in.cancel(session, locked.digests, [item.id for item in unwanted], provenance)
    lines = consents.withdraw(session, account, unwanted, provenance)
    phones.detach(session, account_id)
    opt_in.forget_unreferenced(session, [former])
    summarise(session, locked, account, site, provenance, lines)
    security_mails.tell(session, site.slug, locked, account_id, Event.PHONE_REMOVED, provenance.locale)
    return lines


def _lose(session: Session, other: Locked, digest: bytes) -> None:
    account = other.account(session)
    if account is None:
        return
    came = Provenance(SYSTEM, Source.SYSTEM, account.locale)
    unwanted = _over_phone(session, account, other)
    opt_in.cancel(session, [digest], None, came)
    consents.expire(session, account, unwanted, came, {"cause": "number_lost"})
    phones.detach(session, account.id)
    spoken = accounts.chosen_language(account) or account.locale
    # From the group: the house where it was proved may be none that this person ever heard of.
    group = environment(session).group.slug
    security_mails.tell(session, group, other, account.id, Event.PHONE_LOST, spoken)


def _over_phone(session: Session, account: Account, locked: Locked) -> list[ItemRef]:
    held = targets.items_held(session, account.id, locked.digests)
    return [item for item in held if item.channel in phones.CHANNELS]
