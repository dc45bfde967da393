"""Give a phone number and prove it by a code; take it back."""

from __future__ import annotations

import uuid
from datetime import timedelta
from enum import StrEnum

from app.branding.models import Site
from app.db import Session
from app.environment import environment
from app.errors import Gone
from app.kit import clock, ids
from app.kit.addresses import Address
from app.kit.provenance import SYSTEM, Provenance, Source
from app.services import (
    accounts,
    consents,
    endings,
    messages,
    opt_in,
    phones,
    security_mails,
    stationery,
    suppressions,
    throttle,
)
from app.services.folding import Line
from app.services.locks import Locked, lock_account, lock_both, lock_with
from app.services.messages import MessageKind
from app.services.security_mails import Event
from app.services.summaries import summarise

EVERYBODY = b"everybody"
"""Whom the limit of the installation counts."""


class Asked(StrEnum):
    """What came of the wish to be sent a code."""

    SENT = "sent"
    SAME = "same"
    """The number is the account's already."""
    TOO_OFTEN = "too_often"
    """The account had its share of codes for today."""
    EXHAUSTED = "exhausted"
    """So had the whole installation, which should be looked into: somebody may earn by it."""


class Entered(StrEnum):
    """What came of a code that was typed."""

    PROVED = "proved"
    WRONG = "wrong"
    OVER = "over"
    """Too late, tried too often, or never asked for: only another code helps."""


def ask(session: Session, site: Site, account_id: uuid.UUID, number: Address, provenance: Provenance) -> Asked:
    """Send a code to a number; an earlier one proves nothing any more. Raises `Gone` when the account is no more.

    Whether the number is somebody else's is not even read here, and one that had its share of codes is answered like
    any other: who else asked there today is nobody's business (invariant 6).
    """
    own, digest, abuse = lock_with(session, account_id, number)
    if own.account_id is None:
        raise Gone("This account is no more.")
    if digest in own.digests:
        return Asked.SAME
    if throttle.take(session, throttle.PHONE_CODES, [environment(session).digester.account(account_id)]):
        return Asked.TOO_OFTEN
    if throttle.take(session, _all_codes(session), [EVERYBODY]):
        return Asked.EXHAUSTED
    message_id = messages.queue(
        session, kind=MessageKind.PHONE_CODE, brand=site.slug, address_digest=digest, abuse_digest=abuse,
        locale=provenance.locale, account_id=account_id,
    )  # fmt: skip
    phones.begin(session, account_id, digest, message_id or ids.new_id())
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
    if stationery.typed_address(session, digest, "phone") is None:  # erased meanwhile, with somebody who had it
        return Entered.OVER
    if not phones.enter(session, account_id, code):
        return Entered.WRONG if phones.waiting(session, account_id) else Entered.OVER
    if other is not None:
        _lose(session, other, digest)
    former = phones.digest_of(session, account_id)
    phones.attach(session, account_id, digest, clock.now())
    suppressions.lift_stop(session, digest, provenance)
    for each in own.digests:  # what was said of the person holds for this number as well
        if each != digest:
            suppressions.carry(session, each, digest, provenance)
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
    lines = endings.end(session, locked, account, phones.CHANNELS, provenance)
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
    unwanted = endings.over(session, other, account, phones.CHANNELS)
    opt_in.cancel(session, [digest], None, came)
    consents.expire(session, account, unwanted, came, {"cause": "number_lost"})
    phones.detach(session, account.id)
    spoken = accounts.chosen_language(account) or account.locale
    # From the group: the house where it was proved may be none that this person ever heard of.
    group = environment(session).group.slug
    security_mails.tell(session, group, other, account.id, Event.PHONE_LOST, spoken)


def _all_codes(session: Session) -> throttle.Limit:
    return throttle.Limit("phone-code-all", environment(session).settings.sms_codes_per_day, timedelta(days=1))
