"""From whom somebody means to what is held of them, for writers."""

from __future__ import annotations

import uuid

from app.db import Session
from app.kit.subjects import ExternalId, Subject
from app.services import external_ids
from app.services.locks import Locked, known_digest, lock_account, lock_digest


def lock(session: Session, subject: Subject) -> Locked | None:
    """Lock whom a subject means, in the one order of `services.locks`; None for somebody who is not known at all.

    An address that nobody owns is locked as well: what is held names no account then.
    """
    if isinstance(subject, ExternalId):
        subject = external_ids.account_of(session, subject)
    if subject is None:
        return None
    if isinstance(subject, uuid.UUID):
        return lock_account(session, subject)
    return lock_digest(session, known_digest(session, subject))
