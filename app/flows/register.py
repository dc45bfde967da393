"""Become a full customer: the mailbox is proved first, then a password is set. Lite accounts keep everything."""

from __future__ import annotations

import uuid

from app.branding.models import Site
from app.db import Session
from app.environment import environment
from app.kit import clock
from app.kit.addresses import parse_email
from app.kit.provenance import Provenance
from app.kit.signing import Purpose
from app.models import Account
from app.services import accounts, address_changes, consents, messages, notices, passwords, sessions, tokens
from app.services.locks import lock_digest, lock_mailbox
from app.services.messages import MessageKind


def ask(session: Session, site: Site, email: str, provenance: Provenance) -> None:
    """Queue a mail with the link to go on by; whether the address is known is for the courier to find out.

    Nothing is stored of what a stranger might choose before the mailbox is proved. Raises `InvalidAddress`.
    """
    digest, abuse = lock_mailbox(session, parse_email(email))
    messages.queue(
        session, kind=MessageKind.REGISTER, brand=site.slug, address_digest=digest, abuse_digest=abuse,
        locale=provenance.locale,
    )  # fmt: skip


def ask_own(session: Session, site: Site, account_id: uuid.UUID, provenance: Provenance) -> None:
    """Do the same for the address of an account whose preferences are open; nothing for one without any."""
    email = accounts.primary_email(session, account_id)
    if email is not None:
        ask(session, site, email, provenance)


def complete(
    session: Session, token: str, hashed: str, provenance: Provenance, former_secret: str = ""
) -> str | None:  # fmt: skip
    """Make the account a full one with this password, and give the secret of its session; None for a used link.

    The press comes from the mailbox. A lite account stays the same account; its other sessions end, and so does a
    change of its address, since whoever began them has not proved as much. A full one keeps its password: the way to
    another is a reset. Raises `BadLink`.
    """
    try:
        message_id = tokens.read_account(session, Purpose.REGISTER, token)
    except tokens.ExpiredLink:
        return None
    digest = messages.address_of(session, message_id)
    if digest is None:
        return None
    locked = lock_digest(session, digest)
    account = locked.account(session)
    if (account is not None and account.kind == accounts.FULL) or not messages.use_link(session, message_id):
        return None
    if account is None:
        account = accounts.create_lite(session, digest, provenance.locale, verified_at=clock.now())
    accounts.mark_verified(session, digest, clock.now())
    accounts.register(account)
    passwords.keep(session, account.id, hashed)
    _accept_terms(session, account, provenance)
    address_changes.give_up(session, account.id, provenance)
    sessions.close_others(session, account.id, kept=b"")
    return sessions.open_full(session, account.id, provenance.user_agent, former_secret)


def _accept_terms(session: Session, account: Account, provenance: Provenance) -> None:
    group = environment(session).group
    terms = group.document(accounts.TERMS)
    if terms is None:
        return
    version = terms.in_force(clock.now().date()).version
    seen = notices.keep_terms(session, group, terms, version, provenance.locale)
    consents.accept(session, account, accounts.TERMS, seen, version.isoformat(), provenance)
