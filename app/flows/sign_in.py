"""Sign in: with a password, in two steps around the hashing, which no transaction waits for, and a code; by passkey."""

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
from app.services import (
    accounts,
    challenges,
    guesses,
    messages,
    passkeys,
    passwords,
    second_factors,
    security_mails,
    sessions,
    throttle,
)
from app.services.locks import NOBODY, Locked, lock_account
from app.services.messages import MessageKind
from app.services.second_factors import Used
from app.services.security_mails import Event


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try: what it counts for, and the hash that the password must fit; none where nobody is known."""

    subject: bytes
    account_id: uuid.UUID = NOBODY
    hash: str | None = None
    wait_seconds: int = 0
    """Where the address, or whoever tries, had their share: how long to wait."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a right password opens: a session, by its secret; or, by a ticket, only the question for a code."""

    secret: str = ""
    ticket: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a code or passkey: the secret of a session, or why there is none; empty for a wrong one."""

    secret: str = ""
    wait_seconds: int = 0
    is_over: bool = False
    """The password must be given again."""


def begin(session: Session, email: str, origin: str) -> Attempt:
    """Count a try for the address and for where it comes from, and look the hash up. Raises `InvalidAddress`."""
    digester, address = environment(session).digester, parse_email(email)
    subject = digester.sign_in(address)
    wait = throttle.take(session, throttle.SIGN_IN, (subject, digester.origin(origin)))
    if wait:
        return Attempt(subject, wait_seconds=wait)
    known = passwords.of_address(session, digester.probes(address))
    return Attempt(subject, known.account_id, known.hash) if known else Attempt(subject)


def fail(session: Session, site: Site, attempt: Attempt) -> None:
    """Note that the password was wrong; the same writes, whether or not the address is known."""
    throttle.note_failure(session, throttle.SIGN_IN, attempt.subject)
    guesses.count(session, site.slug, attempt.account_id)


def finish(
    session: Session, site: Site, attempt: Attempt, rehashed: str | None, former_secret: str, provenance: Provenance
) -> Entry | None:
    """Open a session for whoever knew the password, in place of the one their browser had, or go on to the code.

    What was wrong before is forgiven only once the code was right too: whoever has the password could else try codes
    for ever. None where the password was changed or locked meanwhile, or the account is no more.
    """
    locked = lock_account(session, attempt.account_id)
    account = locked.account(session)
    if account is None or account.status not in accounts.MAY_SIGN_IN:
        return None
    if passwords.hash_of(session, account.id) != attempt.hash or passwords.is_locked(session, account.id):
        return None
    if rehashed:
        passwords.rehash(session, account.id, rehashed)
    if second_factors.is_on(session, account.id):
        return Entry(ticket=second_factors.ticket(session, account.id))
    passwords.forgive(session, account.id)
    return Entry(secret=_open(session, site, account, locked, former_secret, provenance))


def second_step(
    session: Session, site: Site, ticket: str, code: str, origin: str, former_secret: str, provenance: Provenance
) -> Outcome:  # fmt: skip
    """Open a session for whoever has a ticket and knows a code of the app, or a recovery code.

    Tries count for the account and for where they come from; a wrong one also counts as a wrong password in a row.
    """
    found = second_factors.read_ticket(session, ticket)
    if found is None:
        return Outcome(is_over=True)
    digester = environment(session).digester
    subject = digester.second_step(found.account_id)
    if wait := throttle.take(session, throttle.SECOND_STEP, (subject, digester.origin(origin))):
        return Outcome(wait_seconds=wait)
    locked = lock_account(session, found.account_id)
    account = locked.account(session)
    if account is None or account.status not in accounts.MAY_SIGN_IN or not second_factors.is_good(session, found):
        return Outcome(is_over=True)
    used = second_factors.use(session, account.id, code)
    if used is None:
        throttle.note_failure(session, throttle.SECOND_STEP, subject)
        guesses.count(session, site.slug, account.id)
        return Outcome()
    if not challenges.spend_once(session, found.proof):
        return Outcome(is_over=True)
    passwords.forgive(session, account.id)
    if used is Used.RECOVERY:
        security_mails.tell(session, site.slug, locked, account.id, Event.RECOVERY_CODE_USED, provenance.locale)
    return Outcome(secret=_open(session, site, account, locked, former_secret, provenance))


def with_passkey(
    session: Session, site: Site, answer: str, origin: str, former_secret: str, provenance: Provenance
) -> Outcome:  # fmt: skip
    """Open a session for whoever shows a passkey, which counts as both factors: it is had, and its owner verified.

    Tries count for where they come from. Unknown passkeys, and all that is wrong with others, get one answer.
    """
    place = environment(session).digester.origin(origin)
    if wait := throttle.take(session, throttle.PASSKEY, (place,)):
        return Outcome(wait_seconds=wait)
    shown = passkeys.read_shown(session, answer)
    if shown is None or not challenges.spend_once(session, shown.proof):
        throttle.note_failure(session, throttle.PASSKEY, place)
        return Outcome()
    locked = lock_account(session, shown.account_id)
    account = locked.account(session)
    if account is None or account.status not in accounts.MAY_SIGN_IN or not passkeys.use(session, shown):
        return Outcome()
    return Outcome(secret=_open(session, site, account, locked, former_secret, provenance))


def _open(
    session: Session, site: Site, account: Account, locked: Locked, former_secret: str, provenance: Provenance
) -> str:  # fmt: skip
    _tell_of_new_device(session, site, account, locked, provenance)
    return sessions.open_full(session, account.id, provenance.user_agent, former_secret)


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
