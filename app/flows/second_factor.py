"""Ask for a code after the password from now on, make other recovery codes, or ask for none any more."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from app.branding.models import Site
from app.db import Session
from app.environment import environment
from app.errors import StaleLocks
from app.kit.addresses import Address
from app.kit.provenance import Provenance
from app.services import accounts, guesses, passwords, second_factors, security_mails, sessions, throttle
from app.services.locks import known_digest, lock_account, owner_of
from app.services.security_mails import Event


@dataclass(frozen=True, slots=True)
class SwitchedOn:
    """Recovery codes to keep, and the new secret of the session."""

    codes: list[str]
    secret: str


def switch_on(
    session: Session, site: Site, account_id: uuid.UUID, secret: str, step: int, kept: bytes, provenance: Provenance
) -> SwitchedOn | None:  # fmt: skip
    """Switch it on, once `secret` gave the code of `step`; None where it is on already, or the session ended meanwhile.

    Every session ends but the one with digest `kept`, which is renewed: whoever holds another has not proved as much.
    """
    locked = lock_account(session, account_id)
    if locked.account_id is None or passwords.hash_of(session, account_id) is None:
        return None
    if second_factors.is_on(session, account_id):
        return None
    renewed = sessions.close_but(session, account_id, kept)
    if renewed is None:
        return None
    codes = second_factors.switch_on(session, account_id, secret, step)
    security_mails.tell(session, site.slug, locked, account_id, Event.SECOND_FACTOR_ON, provenance.locale)
    return SwitchedOn(codes, renewed)


def count(session: Session, account_id: uuid.UUID) -> int:
    """Count a try of a code in the account; give the seconds to wait where it had its share."""
    return throttle.take(session, throttle.SECOND_STEP, (environment(session).digester.second_step(account_id),))


def switch_off(session: Session, site: Site, account_id: uuid.UUID, code: str, provenance: Provenance) -> bool:
    """Switch it off for whoever knows a code; they proved the password already. False for a wrong code."""
    locked = lock_account(session, account_id)
    if locked.account_id is None or not _fits(session, site, account_id, code):
        return False
    second_factors.switch_off(session, account_id)
    security_mails.tell(session, site.slug, locked, account_id, Event.SECOND_FACTOR_OFF, provenance.locale)
    return True


def switch_off_for(session: Session, address: Address) -> uuid.UUID | None:
    """Switch it off for the owner of `address`, who has neither app nor recovery codes left; give whose account it is.

    Staff saw that they are the owner. Every session ends: whoever has one need not be. The password opens nothing until
    it is set anew from the mailbox, since it may be too short to stand alone. None where it is not on. Raises
    `StaleLocks` when the address changes hands meanwhile.
    """
    digest = known_digest(session, address)
    account_id = owner_of(session, digest)
    if account_id is None:
        return None
    locked = lock_account(session, account_id)
    account = locked.account(session)
    if account is None or digest not in locked.digests:
        raise StaleLocks
    if not second_factors.is_on(session, account_id):
        return None
    second_factors.switch_off(session, account_id)
    passwords.lock(session, account_id)
    sessions.close_others(session, account_id, kept=b"")
    group, spoken = environment(session).group.slug, accounts.chosen_language(account) or account.locale
    security_mails.tell(session, group, locked, account_id, Event.SECOND_FACTOR_RESET, spoken)
    return account_id


def renew_codes(
    session: Session, site: Site, account_id: uuid.UUID, code: str, provenance: Provenance
) -> list[str]:  # fmt: skip
    """Make other recovery codes for whoever knows a code; none for a wrong one."""
    locked = lock_account(session, account_id)
    if locked.account_id is None or not _fits(session, site, account_id, code):
        return []
    codes = second_factors.renew_recovery_codes(session, account_id)
    security_mails.tell(session, site.slug, locked, account_id, Event.RECOVERY_CODES_RENEWED, provenance.locale)
    return codes


def _fits(session: Session, site: Site, account_id: uuid.UUID, code: str) -> bool:
    """Use a code up; a wrong one counts as a wrong password in a row."""
    if second_factors.use(session, account_id, code) is not None:
        return True
    guesses.count(session, site.slug, account_id)
    return False
