"""What a change of the profile brings with it: without a postal address, nothing comes by post any more."""

from __future__ import annotations

from app.branding.models import Channel, ProfileField, Site
from app.db import Session
from app.kit.provenance import Provenance
from app.models import Account
from app.services import endings, profile, summaries
from app.services.locks import Locked
from app.services.profile_values import Value


def keep(
    session: Session, locked: Locked, account: Account, site: Site, field: ProfileField, value: Value,
    provenance: Provenance,
) -> None:  # fmt: skip
    """Let a field say `value` from now on. The account is locked by the caller."""
    had_address = profile.has_address(session, account.id)
    profile.keep(session, account, site, field, value, provenance)
    if had_address:  # the field may have held it, under an earlier declaration
        _end_post(session, locked, account, site, provenance)


def remove(
    session: Session, locked: Locked, account: Account, site: Site, key: str, provenance: Provenance
) -> bool:  # fmt: skip
    """Take back what a field says; tell whether what came by post ended with it, since no address is left.

    The account is locked by the caller.
    """
    had_address = profile.has_address(session, account.id)
    profile.remove(session, account, site, key, provenance)
    return had_address and _end_post(session, locked, account, site, provenance)


def _end_post(session: Session, locked: Locked, account: Account, site: Site, provenance: Provenance) -> bool:
    """Withdraw what comes by post of somebody without an address: it must not start again with another one."""
    if profile.has_address(session, account.id):
        return False
    lines = endings.end(session, locked, account, (Channel.POST,), provenance)
    summaries.summarise(session, locked, account, site, provenance, lines)
    return bool(lines)
