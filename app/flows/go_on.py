"""Pauses that are over: what was paused goes on by itself, and the ledger says so."""

from __future__ import annotations

import uuid

from app.db import Session
from app.kit.provenance import SYSTEM, Provenance, Source
from app.services import consents
from app.services.folding import Line
from app.services.locks import lock_account


def go_on(session: Session, account_id: uuid.UUID) -> list[Line]:
    """Write a `resumed` line for each pause of an account that is over; none where another worker was here before.

    Decisions ask for the date, so nobody waits for this: it lets ledger and centre say what is so.
    """
    account = lock_account(session, account_id).account(session)
    if account is None:
        return []
    return consents.end_pauses(session, account, Provenance(SYSTEM, Source.SYSTEM, account.locale))
