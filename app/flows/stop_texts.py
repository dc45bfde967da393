"""Leave by a text message: whoever answers STOP gets no more of them."""

from __future__ import annotations

from dataclasses import replace

from app.branding.models import Channel
from app.db import Session
from app.errors import StaleLocks
from app.kit.addresses import Address
from app.kit.provenance import Provenance
from app.services import accounts, consents, opt_in, suppressions, targets
from app.services.folding import Line
from app.services.locks import known_digest, lock_account, lock_address, owner_of
from app.services.summaries import summarise
from app.services.suppressions import Reason, Scope


def stop(session: Session, number: Address, brand: str | None, provenance: Provenance) -> list[Line]:
    """Withdraw all text messages of a number's owner, of one house or (None) of all. Twice is as good as once.

    A number that nobody has gets no more texts either, such as codes that others had sent there, until its owner proves
    it. No answer tells which it was. Raises `StaleLocks` when the number changes hands meanwhile.
    """
    account_id = owner_of(session, known_digest(session, number))
    if account_id is None:
        return _stop_strangers(session, number, brand, provenance)
    locked = lock_account(session, account_id)
    account = locked.account(session)
    if account is None or known_digest(session, number) not in locked.digests:
        raise StaleLocks
    came = replace(provenance, locale=accounts.chosen_language(account) or account.locale)
    held = targets.items_held(session, account.id, locked.digests)
    unwanted = [item for item in held if item.channel is Channel.SMS and brand in (None, item.brand)]
    opt_in.cancel(session, locked.digests, [item.id for item in unwanted], came)
    lines = consents.withdraw(session, account, unwanted, came)
    summarise(session, locked, account, None, came, lines)
    return lines


def _stop_strangers(session: Session, number: Address, brand: str | None, provenance: Provenance) -> list[Line]:
    locked = lock_address(session, number)
    if locked.account_id is not None:
        raise StaleLocks
    scope = Scope(brand, Channel.SMS.value)
    suppressions.add(session, locked.digest, scope, Reason.DO_NOT_CONTACT, provenance)
    return []
