"""Choose the language that an account reads: its pages behind a session, and its mails."""

from __future__ import annotations

import uuid

from app.branding.models import Site
from app.db import Session
from app.errors import Gone
from app.kit.provenance import Provenance
from app.services import accounts, profile
from app.services.locks import lock_account


def read_in(session: Session, site: Site, account_id: uuid.UUID, locale: str, provenance: Provenance) -> None:
    """Keep `locale` for an account; it is no consent, so nothing stands in the ledger. Raises `Gone`."""
    account = lock_account(session, account_id).account(session)
    if account is None or account.status == accounts.ERASED:
        raise Gone("This account is no more.")
    profile.choose_language(session, account, site, locale, provenance)
