"""Show once more whose session it is, before something sensitive: a code from the mailbox, or the password again."""

from __future__ import annotations

import uuid

from app.branding.models import Site
from app.db import Session
from app.environment import environment
from app.kit.provenance import Provenance
from app.services import messages, passwords, sessions, step_up, throttle
from app.services.locks import lock_account
from app.services.messages import SESSION, MessageKind


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


def with_password(session: Session, account_id: uuid.UUID, session_digest: bytes, fitted: str | None) -> str | None:
    """Step a session up whose owner typed the password that fits the hash `fitted`; give its new secret.

    None where the password was changed meanwhile, or the session ended.
    """
    if fitted is None or passwords.hash_of(session, account_id) != fitted:
        return None
    passwords.forgive(session, account_id)
    return sessions.step_up(session, session_digest)
