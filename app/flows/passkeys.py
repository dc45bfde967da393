"""Add a passkey to one's account, call it something else, or remove it."""

from __future__ import annotations

import uuid
from enum import StrEnum

from app.branding.models import Site
from app.db import Session
from app.kit.provenance import Provenance
from app.services import challenges, passkeys, passwords, security_mails, sessions
from app.services.locks import lock_account
from app.services.security_mails import Event


class Removal(StrEnum):
    """What became of the wish to remove a passkey."""

    DONE = "done"
    UNKNOWN = "unknown"
    LAST = "last"
    """It stays: without it and without a password there would be no way in."""


def add(session: Session, site: Site, secret: str, answer: str, name: str, provenance: Provenance) -> bool:
    """Add what an authenticator made for the session with this secret; False for all that is not as it should be."""
    row = sessions.find(session, secret)
    new = passkeys.read_new(session, row.digest, answer) if row else None
    if row is None or new is None:
        return False
    locked = lock_account(session, row.account_id)
    if locked.account_id is None or not challenges.spend_once(session, new.proof):
        return False
    if passkeys.count(session, row.account_id) >= passkeys.MOST:
        return False
    if not passkeys.keep(session, row.account_id, new, name):
        return False
    security_mails.tell(session, site.slug, locked, row.account_id, Event.PASSKEY_ADDED, provenance.locale)
    return True


def rename(session: Session, account_id: uuid.UUID, credential_id: bytes, name: str) -> None:
    """Call a passkey something else."""
    passkeys.rename(session, account_id, credential_id, name)


def remove(
    session: Session, site: Site, account_id: uuid.UUID, credential_id: bytes, provenance: Provenance
) -> Removal:  # fmt: skip
    """Remove a passkey, unless it is the last way in."""
    locked = lock_account(session, account_id)
    if passwords.hash_of(session, account_id) is None and passkeys.count(session, account_id) <= 1:
        return Removal.LAST
    if not passkeys.remove(session, account_id, credential_id):
        return Removal.UNKNOWN
    security_mails.tell(session, site.slug, locked, account_id, Event.PASSKEY_REMOVED, provenance.locale)
    return Removal.DONE
