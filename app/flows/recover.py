"""Set another password: by a link in the mailbox, or from within by whoever knows the present one."""

from __future__ import annotations

import uuid

from app.branding.models import Site
from app.db import Session
from app.errors import Gone
from app.kit.addresses import parse_email
from app.kit.provenance import Provenance
from app.kit.signing import Purpose
from app.services import accounts, address_changes, messages, passwords, sessions, tokens
from app.services.locks import Locked, lock_account, lock_digest, lock_mailbox
from app.services.messages import MessageKind


def ask(session: Session, site: Site, email: str, provenance: Provenance) -> None:
    """Queue a mail with the link to another password, for whoever has one. Raises `InvalidAddress`."""
    digest, abuse = lock_mailbox(session, parse_email(email))
    messages.queue(
        session, kind=MessageKind.PASSWORD_RESET, brand=site.slug, address_digest=digest, abuse_digest=abuse,
        locale=provenance.locale,
    )  # fmt: skip


def reset(session: Session, site: Site, token: str, hashed: str, provenance: Provenance) -> bool:
    """Set the password by the link of a mail, once, and end every session; False for a used or old link.

    An older link, and a change of address that waits, are over: somebody else may have asked for them. Nobody is signed
    in by it: the mailbox alone is not all that an account may ask for. Raises `BadLink`.
    """
    try:
        message_id = tokens.read_account(session, Purpose.RESET, token)
    except tokens.ExpiredLink:
        return False
    digest = messages.address_of(session, message_id)
    if digest is None:
        return False
    locked = lock_digest(session, digest)
    account = locked.account(session)
    if account is None or account.kind != accounts.FULL or passwords.is_set_since(session, message_id):
        return False
    if not messages.use_link(session, message_id):
        return False
    address_changes.give_up(session, account.id, provenance)
    _set(session, site, locked, account.id, hashed, provenance)
    sessions.close_others(session, account.id, kept=b"")
    return True


def change(
    session: Session, site: Site, account_id: uuid.UUID, hashed: str, kept: bytes, provenance: Provenance
) -> str | None:  # fmt: skip
    """Set another password in one's account; every session ends but the one with digest `kept`, which is renewed.

    Gives its new secret; None, and nothing is changed, when it ended meanwhile, as by a reset. Raises `Gone`.
    """
    locked = lock_account(session, account_id)
    if locked.account_id is None:
        raise Gone("This account is no more.")
    secret = sessions.close_but(session, account_id, kept)
    if secret is not None:
        _set(session, site, locked, account_id, hashed, provenance)
    return secret


def _set(
    session: Session, site: Site, locked: Locked, account_id: uuid.UUID, hashed: str, provenance: Provenance
) -> None:  # fmt: skip
    passwords.keep(session, account_id, hashed)
    if locked.digest:
        messages.queue(
            session, kind=MessageKind.PASSWORD_CHANGED, brand=site.slug, address_digest=locked.digest,
            abuse_digest=locked.abuse_digest, locale=provenance.locale, account_id=account_id,
        )  # fmt: skip
