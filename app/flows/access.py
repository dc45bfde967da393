"""Open the preference centre without a password: ask for a link, press its button."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from app.branding.models import Site
from app.db import Session
from app.kit import clock
from app.kit.addresses import parse_email
from app.kit.provenance import Provenance
from app.services import accounts, messages, sessions, suppressions, tokens
from app.services.locks import lock_account, lock_digest, lock_mailbox, owner_of


@dataclass(frozen=True, slots=True)
class Opened:
    """What a link opened: the secret of a preference session, or mails again for an address that had stopped them."""

    secret: str | None = None
    is_lifted: bool = False


def request_link(session: Session, site: Site, email: str, provenance: Provenance) -> None:
    """Queue a mail with an access link; whether the address is known is for the courier to find out.

    So a request for an unknown address costs and answers the same. Raises `InvalidAddress`.
    """
    digest, abuse = lock_mailbox(session, parse_email(email))
    _queue(session, site, digest, abuse, owner_of(session, digest), provenance)


def request_link_by_manage(session: Session, site: Site, made_for: str, token: str, provenance: Provenance) -> None:
    """Queue the same mail for the owner of an ever-lasting manage link, `made_for` a house that may be gone by now.

    Raises `BadLink`.
    """
    locked = lock_account(session, tokens.read_manage(session, made_for, token))
    if locked.account_id is not None and locked.digest:
        _queue(session, site, locked.digest, locked.abuse_digest, locked.account_id, provenance)


def open_session(session: Session, token: str, provenance: Provenance, former_secret: str = "") -> Opened:
    """Use an access link, once, in place of the session the browser had; a used or expired one opens nothing.

    The press comes from the mailbox, so it verifies the address. Where the address has no account and must not be
    contacted, the press lifts what its owner may lift. Raises `BadLink`.
    """
    try:
        message_id = tokens.read_access(session, token)
    except tokens.ExpiredLink:
        return Opened()
    digest = messages.address_of(session, message_id)
    if digest is None:
        return Opened()
    locked = lock_digest(session, digest)
    lifting = suppressions.liftable(session, [digest]) if locked.account_id is None else []
    if (locked.account_id is None and not lifting) or not messages.use_link(session, message_id):
        return Opened()
    if locked.account_id is None:
        suppressions.lift(session, lifting, provenance)
        return Opened(is_lifted=True)
    accounts.mark_verified(session, digest, clock.now())
    return Opened(sessions.open_preference(session, locked.account_id, provenance.user_agent, former_secret))


def _queue(
    session: Session, site: Site, digest: bytes, abuse: bytes, account_id: uuid.UUID | None, provenance: Provenance
) -> None:
    messages.queue(
        session, kind="access", brand=site.slug, address_digest=digest, abuse_digest=abuse,
        locale=provenance.locale, account_id=account_id,
    )  # fmt: skip
