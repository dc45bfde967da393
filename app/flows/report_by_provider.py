"""Take in what a mail provider tells of one mail. It knows our token, so it is believed without showing the mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.db import Session
from app.errors import StaleLocks
from app.kit import clock
from app.kit.addresses import Address
from app.kit.provenance import Provenance
from app.services import returned, suppressions
from app.services.locks import lock_digest, lock_unread
from app.services.suppressions import Noted, Reason, Scope, Wish

NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Event:
    """What a provider tells."""

    address: Address
    reason: Reason | None
    """None for what passes by itself."""
    message_id: str = ""
    occurred_at: datetime | None = None
    status: str = ""


def take(session: Session, event: Event, provenance: Provenance) -> str:
    """Suppress the address of an event, and tell what came of it; the same event twice is one.

    Where the mail was one of ours, it is the address it was sent to, and a complaint is about its house alone.
    """
    if event.reason is None:
        return NOTHING
    proof = returned.find(session, [event.message_id], [])
    if proof is not None:
        lock_digest(session, proof.digests[0])
        if returned.find(session, [event.message_id], []) != proof:
            raise StaleLocks  # the person was erased a moment before; now only the event's own address is known
    digest = proof.digests[0] if proof else lock_unread(session, [event.address])[0]
    at = event.occurred_at or (proof.sent_at if proof else None) or clock.now()
    brand = proof.brand if proof and event.reason is Reason.COMPLAINT else None
    wish = Wish(digest, Scope(brand, "email"), event.reason, at, {"status": event.status} if event.status else {})
    (noted,) = suppressions.note(session, [wish], provenance)
    if noted is Noted.ADDED and proof is not None and proof.message is not None:
        what = returned.BOUNCED if event.reason is Reason.HARD_BOUNCE else returned.COMPLAINED
        returned.mark(session, proof.message, what)
    return noted.value
