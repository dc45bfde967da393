"""Sign in with a password, in two steps around the hashing, which no transaction waits for."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from app.branding.models import Site
from app.db import Session
from app.environment import environment
from app.kit.addresses import parse_email
from app.kit.devices import device
from app.kit.provenance import Provenance
from app.models import Account
from app.services import accounts, messages, passwords, sessions, throttle
from app.services.locks import NOBODY, Locked, lock_account
from app.services.messages import MessageKind


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try: what it counts for, and the hash that the password must fit; none where nobody is known."""

    subject: bytes
    account_id: uuid.UUID = NOBODY
    hash: str | None = None
    wait_seconds: int = 0
    """Where the address, or whoever tries, had their share: how long to wait."""


def begin(session: Session, email: str, origin: str) -> Attempt:
    """Count a try for the address and for where it comes from, and look the hash up. Raises `InvalidAddress`."""
    digester, address = environment(session).digester, parse_email(email)
    subject = digester.sign_in(address)
    wait = throttle.take(session, throttle.SIGN_IN, (subject, digester.origin(origin)))
    if wait:
        return Attempt(subject, wait_seconds=wait)
    known = passwords.of_address(session, digester.probes(address))
    return Attempt(subject, known.account_id, known.hash) if known else Attempt(subject)


def fail(session: Session, attempt: Attempt) -> None:
    """Note that the password was wrong; the same writes, whether or not the address is known."""
    throttle.note_failure(session, throttle.SIGN_IN, attempt.subject)
    passwords.count_failure(session, attempt.account_id)


def finish(
    session: Session, site: Site, attempt: Attempt, rehashed: str | None, former_secret: str, provenance: Provenance
) -> str | None:
    """Open a session for whoever knew the password, in place of the one their browser had; give its secret.

    None where the password was changed meanwhile, or the account is no more.
    """
    locked = lock_account(session, attempt.account_id)
    account = locked.account(session)
    if account is None or account.status not in accounts.MAY_SIGN_IN:
        return None
    if passwords.hash_of(session, account.id) != attempt.hash:
        return None
    passwords.forgive(session, account.id, rehashed)
    sessions.close(session, former_secret)
    _tell_of_new_device(session, site, account, locked, provenance)
    return sessions.open_full(session, account.id, provenance.user_agent)


def _tell_of_new_device(
    session: Session, site: Site, account: Account, locked: Locked, provenance: Provenance
) -> None:  # fmt: skip
    name = " / ".join(part for part in device(provenance.user_agent) if part)
    if accounts.meet_device(account, name) and locked.digest:
        messages.queue(
            session, kind=MessageKind.NEW_DEVICE, brand=site.slug, address_digest=locked.digest,
            abuse_digest=locked.abuse_digest, locale=provenance.locale, account_id=account.id,
            context={messages.DEVICE: name},
        )  # fmt: skip
