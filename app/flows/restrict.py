"""Hold one's data still (GDPR art. 18): it stays, and nothing is sent or done with it, until one says otherwise."""

from __future__ import annotations

import uuid

from app.branding.models import Site
from app.db import Session
from app.errors import Gone
from app.kit.provenance import Provenance
from app.models import Account
from app.services import accounts, privacy_requests
from app.services.locks import lock_account
from app.services.privacy_requests import Kind, State


def restrict(session: Session, site: Site, account_id: uuid.UUID, provenance: Provenance) -> None:
    """Hold the data of an account still; twice is as good as once. Raises `Gone`."""
    account = _locked(session, account_id)
    if account.status != accounts.RESTRICTED:
        account.status = accounts.RESTRICTED
        privacy_requests.ask(session, site, account_id, Kind.RESTRICTION, provenance.locale)


def lift(session: Session, account_id: uuid.UUID) -> None:
    """Go on as before. Raises `Gone`."""
    account = _locked(session, account_id)
    account.status = accounts.ACTIVE
    request = privacy_requests.open_one(session, account_id, Kind.RESTRICTION)
    if request is not None:
        privacy_requests.close(session, request.id, State.DONE)


def _locked(session: Session, account_id: uuid.UUID) -> Account:
    account = lock_account(session, account_id).account(session)
    if account is None:
        raise Gone("This account is no more.")
    return account
