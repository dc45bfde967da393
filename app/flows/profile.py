"""Tell something about oneself, say it otherwise, or take it back."""

from __future__ import annotations

import uuid

from app.branding.models import ProfileField, Site
from app.db import Session
from app.errors import Gone
from app.kit.provenance import Provenance
from app.models import Account
from app.services import profile_acts
from app.services.locks import Locked, lock_account
from app.services.profile_values import Value


def keep(
    session: Session, site: Site, account_id: uuid.UUID, field: ProfileField, value: Value, provenance: Provenance
) -> None:
    """Let a field say `value` from now on. Raises `Gone` when the account is no more."""
    locked, account = _own(session, account_id)
    profile_acts.keep(session, locked, account, site, field, value, provenance)


def remove(session: Session, site: Site, account_id: uuid.UUID, key: str, provenance: Provenance) -> bool:
    """Take back what a field says; tell whether what came by post ended with it, since no address is left.

    Raises `Gone` when the account is no more.
    """
    locked, account = _own(session, account_id)
    return profile_acts.remove(session, locked, account, site, key, provenance)


def _own(session: Session, account_id: uuid.UUID) -> tuple[Locked, Account]:
    locked = lock_account(session, account_id)
    account = locked.account(session)
    if account is None:
        raise Gone("This account is no more.")
    return locked, account
