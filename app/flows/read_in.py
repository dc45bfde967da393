"""Choose the language that an account reads: its pages behind a session, and its mails."""

from __future__ import annotations

import uuid

from app.db import Session
from app.errors import Gone
from app.services import accounts
from app.services.locks import lock_account


def read_in(session: Session, account_id: uuid.UUID, locale: str) -> None:
    """Keep `locale` for an account; it is no consent, so nothing stands in the ledger. Raises `Gone`."""
    account = lock_account(session, account_id).account(session)
    if account is None or account.status == accounts.ERASED:
        raise Gone("This account is no more.")
    accounts.choose_language(account, locale)
