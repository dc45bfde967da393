"""Wrong passwords, and wrong codes after a right one: counted, and told by mail once they lock the password."""

from __future__ import annotations

import uuid

from app.db import Session
from app.services import passwords, security_mails
from app.services.locks import lock_account
from app.services.security_mails import Event


def count(session: Session, site: str, account_id: uuid.UUID) -> None:
    """Count one more; the id may be nobody's. Whoever's password it locks is told by mail, in their own language.

    Only the last one locks the account, so that all others cost the same for known and unknown addresses.
    """
    if not passwords.count_failure(session, account_id):
        return
    locked = lock_account(session, account_id)
    if account := locked.account(session):
        security_mails.tell(session, site, locked, account.id, Event.PASSWORD_LOCKED, account.locale)
