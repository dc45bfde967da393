"""Leave by a text message: whoever answers STOP gets no more of them."""

from __future__ import annotations

from app.branding.models import Channel
from app.db import Session
from app.kit.addresses import Address
from app.kit.provenance import Provenance
from app.services import consents, opt_in, targets
from app.services.folding import Line
from app.services.locks import known_digest, lock_account, owner_of
from app.services.summaries import summarise


def stop(session: Session, number: Address, brand: str | None, provenance: Provenance) -> list[Line]:
    """Withdraw all text messages of a number's owner, of one house or (None) of all. Twice is as good as once.

    Nothing where nobody has the number: no answer tells which it was.
    """
    account_id = owner_of(session, known_digest(session, number))
    if account_id is None:
        return []
    locked = lock_account(session, account_id)
    account = locked.account(session)
    if account is None or known_digest(session, number) not in locked.digests:
        return []
    held = targets.items_held(session, account.id, locked.digests)
    unwanted = [item for item in held if item.channel is Channel.SMS and brand in (None, item.brand)]
    opt_in.cancel(session, locked.digests, [item.id for item in unwanted], provenance)
    lines = consents.withdraw(session, account, unwanted, provenance)
    summarise(session, locked, account, None, provenance, lines)
    return lines
