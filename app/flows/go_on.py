"""What ends by its date: a pause is over, a ground has run out; and the ledger says so."""

from __future__ import annotations

import uuid

from app.db import Session
from app.kit.provenance import SYSTEM, Provenance, Source
from app.services import consents
from app.services.folding import Line
from app.services.locks import lock_account


def go_on(session: Session, account_id: uuid.UUID) -> list[Line]:
    """Write a line for each pause of an account that is over, and for each consent that has run out.

    None where another worker was here before. Decisions ask for the dates, so nobody waits for this: it lets ledger,
    feed and centre say what is so.
    """
    account = lock_account(session, account_id).account(session)
    if account is None:
        return []
    by_itself = Provenance(SYSTEM, Source.SYSTEM, account.locale)
    # What has run out has no pause any more, so that comes first.
    return [*consents.end_over(session, account, by_itself), *consents.end_pauses(session, account, by_itself)]
