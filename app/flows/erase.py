"""Be erased (GDPR art. 17): asked for by the person, stopped by them within a week, else carried out by the courier."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from app.branding.models import Site
from app.db import Session
from app.environment import environment
from app.errors import Gone, StaleLocks
from app.kit import clock
from app.kit.provenance import PERSON, SYSTEM, Provenance, Source
from app.services import erasure, messages, privacy_requests, sessions, throttle, tokens
from app.services.locks import lock_account, lock_to_erase
from app.services.messages import REQUEST, MessageKind
from app.services.privacy_requests import COOLING_OFF, Kind, State


class Asked(StrEnum):
    """What came of the wish."""

    WAITING = "waiting"
    """It will be carried out when the cooling-off is over; asked for just now or before."""
    TOO_OFTEN = "too_often"


def ask(session: Session, site: Site, account_id: uuid.UUID, provenance: Provenance) -> Asked:
    """Note the wish and mail how to stop it; nothing is erased yet. Raises `Gone`."""
    locked = lock_account(session, account_id)
    if locked.account_id is None:
        raise Gone("This account is no more.")
    if privacy_requests.open_one(session, account_id, Kind.ERASURE):
        return Asked.WAITING
    if throttle.take(session, throttle.ERASURES, [environment(session).digester.account(account_id)]):
        return Asked.TOO_OFTEN
    request = privacy_requests.ask(session, site, account_id, Kind.ERASURE, provenance.locale, due_in=COOLING_OFF)
    if locked.digest:
        messages.queue(
            session, kind=MessageKind.ERASURE_ASKED, brand=site.slug, address_digest=locked.digest,
            abuse_digest=locked.abuse_digest, locale=provenance.locale, account_id=account_id,
            context={REQUEST: str(request.id)},
        )  # fmt: skip
    return Asked.WAITING


def stop(session: Session, account_id: uuid.UUID) -> bool:
    """Take the wish back in one's session; False when there is none (any more)."""
    request = privacy_requests.open_one(session, account_id, Kind.ERASURE)
    return request is not None and privacy_requests.close(session, request.id, State.STOPPED)


def stop_by_link(session: Session, token: str) -> bool:
    """Stop an erasure by a press in the mailbox; False when there is nothing to stop (any more). Raises `BadLink`.

    Whoever asked for it may have been somebody else, so every session ends.
    """
    try:
        request = privacy_requests.find(session, tokens.read_erasure_stop(session, token))
    except tokens.ExpiredLink:
        return False
    if request is None or not privacy_requests.close(session, request.id, State.STOPPED):
        return False
    sessions.close_others(session, request.account_id, kept=b"")
    return True


def carry_out(session: Session, request_id: uuid.UUID) -> bool:
    """Erase whoever asked for it, if the cooling-off is over and they did not take it back; tell whether it was done.

    The intent must stand in the erasure journal by now.
    """
    seen = privacy_requests.find(session, request_id)
    if seen is None:
        return False
    former = erasure.former_digests(session, seen.account_id)
    locked = lock_to_erase(session, seen.account_id, former)
    if erasure.former_digests(session, seen.account_id) != former:
        raise StaleLocks
    if seen.due_at is None or seen.due_at > clock.now() or not privacy_requests.close(session, seen.id, State.DONE):
        return False
    came = Provenance(PERSON, Source.ACCOUNT, seen.locale)
    erasure.erase(session, locked, former, seen.created_at, clock.now(), came, but_request=seen.id)
    return True


def repeat(session: Session, account_id: uuid.UUID, erased_at: datetime) -> bool:
    """Erase an account that came back with a backup, though the journal tells of its erasure; tell whether it did.

    `erased_at` is when it was erased for the first time.
    """
    former = erasure.former_digests(session, account_id)
    locked = lock_to_erase(session, account_id, former)
    if erasure.former_digests(session, account_id) != former:
        raise StaleLocks
    if locked.account_id is None:
        return False
    erasure.erase(session, locked, former, clock.now(), erased_at, Provenance(SYSTEM, Source.SYSTEM))
    return True
