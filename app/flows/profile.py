"""Tell something about oneself, say it otherwise, or take it back."""

from __future__ import annotations

import uuid

from app.branding.models import Channel, ProfileField, Site
from app.db import Session
from app.errors import Gone
from app.kit.provenance import Provenance
from app.models import Account
from app.services import endings, profile, summaries
from app.services.locks import Locked, lock_account
from app.services.profile_values import Value


def keep(
    session: Session, site: Site, account_id: uuid.UUID, field: ProfileField, value: Value, provenance: Provenance
) -> None:
    """Let a field say `value` from now on. Raises `Gone` when the account is no more."""
    locked, account = _own(session, account_id)
    had_address = profile.has_address(session, account_id)
    profile.keep(session, account, site, field, value, provenance)
    if had_address:  # the field may have held it, under an earlier declaration
        _end_post(session, locked, account, site, provenance)


def remove(session: Session, site: Site, account_id: uuid.UUID, key: str, provenance: Provenance) -> bool:
    """Take back what a field says; tell whether what came by post ended with it, since no address is left.

    Raises `Gone` when the account is no more.
    """
    locked, account = _own(session, account_id)
    had_address = profile.has_address(session, account_id)
    profile.remove(session, account, site, key, provenance)
    return had_address and _end_post(session, locked, account, site, provenance)


def _end_post(session: Session, locked: Locked, account: Account, site: Site, provenance: Provenance) -> bool:
    """Withdraw what comes by post of somebody without an address: it must not start again with another one."""
    if profile.has_address(session, account.id):
        return False
    lines = endings.end(session, locked, account, (Channel.POST,), provenance)
    summaries.summarise(session, locked, account, site, provenance, lines)
    return bool(lines)


def _own(session: Session, account_id: uuid.UUID) -> tuple[Locked, Account]:
    locked = lock_account(session, account_id)
    account = locked.account(session)
    if account is None:
        raise Gone("This account is no more.")
    return locked, account
