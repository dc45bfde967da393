"""Show once more whose session it is, before something sensitive: a mailed code, or all that signing in takes."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from app.branding.models import Site
from app.db import Session
from app.environment import environment
from app.kit.provenance import Provenance
from app.services import guesses, messages, passwords, second_factors, sessions, step_up, throttle
from app.services.locks import lock_account
from app.services.messages import SESSION, MessageKind


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of a password, and of the code after it where one is asked for: the session's new secret, or none."""

    secret: str | None = None
    is_code_wrong: bool = False
    wait_seconds: int = 0
    """Where the account had its share of codes: how long to wait."""


def ask_code(
    session: Session, site: Site, account_id: uuid.UUID, session_digest: bytes, provenance: Provenance
) -> bool:  # fmt: skip
    """Mail a code for this session; False when the account had its share for today, or has no address (any more)."""
    locked = lock_account(session, account_id)
    subject = environment(session).digester.account(account_id)
    if not locked.digest or throttle.take(session, throttle.CODE_MAILS, [subject]):
        return False
    message_id = messages.queue(
        session, kind=MessageKind.STEP_UP, brand=site.slug, address_digest=locked.digest,
        abuse_digest=locked.abuse_digest, locale=provenance.locale, account_id=account_id,
        context={SESSION: session_digest.hex()},
    )  # fmt: skip
    if message_id is not None:
        step_up.begin(session, session_digest, message_id)
    return message_id is not None


def enter_code(session: Session, account_id: uuid.UUID, session_digest: bytes, code: str) -> str | None:
    """Step a session up by its code, and give its new secret; None for a wrong, old or used code, or a sixth try."""
    if not step_up.may_try(session, account_id):
        return None
    return step_up.enter(session, session_digest, code)


def with_password(
    session: Session, site: Site, account_id: uuid.UUID, session_digest: bytes, fitted: str | None, code: str
) -> Proof:  # fmt: skip
    """Step a session up whose owner typed the password that fits the hash `fitted`, and a code where one is asked for.

    Else whoever has session and password could add a passkey, and do without the code from then on. A wrong code counts
    as a wrong password in a row. Nothing where the password was changed meanwhile, or the session ended.
    """
    if fitted is None:
        return Proof()
    if second_factors.is_on(session, account_id):
        subject = environment(session).digester.second_step(account_id)
        if wait := throttle.take(session, throttle.SECOND_STEP, [subject]):
            return Proof(wait_seconds=wait)
    lock_account(session, account_id)
    if passwords.hash_of(session, account_id) != fitted or passwords.is_locked(session, account_id):
        return Proof()
    if second_factors.is_on(session, account_id) and not second_factors.use(session, account_id, code):
        guesses.count(session, site.slug, account_id)
        return Proof(is_code_wrong=True)
    passwords.forgive(session, account_id)
    return Proof(sessions.step_up(session, session_digest))
