"""Get a copy of one's data (GDPR art. 15 and 20): asked for here, put together by the courier, told by mail."""

from __future__ import annotations

import uuid

from app.branding.models import Site
from app.db import Session
from app.environment import environment
from app.errors import Gone
from app.kit.provenance import Provenance
from app.services import messages, outbox, privacy_requests, throttle
from app.services.locks import lock_account
from app.services.messages import REQUEST, MessageKind
from app.services.privacy_requests import Kind, State


def ask(session: Session, site: Site, account_id: uuid.UUID, provenance: Provenance) -> bool:
    """Let the courier put a copy together; False when that was asked for three times today. Raises `Gone`.

    Asking again while one is under way starts it anew: should the first try have failed, nobody is left waiting.
    """
    if lock_account(session, account_id).account_id is None:
        raise Gone("This account is no more.")
    if throttle.take(session, throttle.EXPORTS, [environment(session).digester.account(account_id)]):
        return False
    request = privacy_requests.open_one(session, account_id, Kind.EXPORT)
    request = request or privacy_requests.ask(session, site, account_id, Kind.EXPORT, provenance.locale)
    outbox.enqueue(session, outbox.EXPORT, request_id=request.id)
    return True


def finish(session: Session, request_id: uuid.UUID, packed: bytes) -> bool:
    """Keep the copy that was put together, and mail that it is there; False when nobody waits for it (any more)."""
    request = privacy_requests.find(session, request_id)
    if request is None:
        return False
    locked = lock_account(session, request.account_id)
    if locked.account_id is None or not privacy_requests.close(session, request.id, State.DONE):
        return False
    privacy_requests.keep_export(session, request, packed)
    if locked.digest:
        messages.queue(
            session, kind=MessageKind.EXPORT_READY, brand=request.brand, address_digest=locked.digest,
            abuse_digest=locked.abuse_digest, locale=request.locale, account_id=request.account_id,
            context={REQUEST: str(request.id)},
        )  # fmt: skip
    return True
