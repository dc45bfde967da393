"""Change one's mind in the preference centre: on, off, leave, and take the last change back."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime

from app.branding.models import Kind, LegalBasis, Site
from app.branding.wording import centre_notice_text
from app.db import Session
from app.environment import environment
from app.errors import Gone, NotOffered
from app.kit import clock
from app.kit.provenance import Provenance
from app.models import Account
from app.services import accounts, ages, consents, notices, offers, opt_in, sessions, summaries, suppressions, targets
from app.services.ages import UNTOLD, Told
from app.services.consents import Grant
from app.services.decisions import basis_of, version_in_force
from app.services.folding import Line
from app.services.items import ItemRef, items
from app.services.locks import Locked, lock_account


def change(
    session: Session, account_id: uuid.UUID, desired: Mapping[ItemRef, bool], provenance: Provenance,
    site: Site | None = None, told: Told = UNTOLD,
) -> list[Line]:  # fmt: skip
    """Bring items into the desired state: one ledger line for each that is not there yet, none for the others.

    The session that calls this was opened from the mailbox, which is the act that a double opt-in asks for. Raises
    `NotOffered` for an item that can't be turned on, `BirthDateNeeded` and `TooYoung` for what is from a certain age
    (`told` is not kept), `Gone` when the account is no more. `site` is whose page it was
    done on: the group's sums up the changes of all houses in one mail, any other leaves that to the houses.
    """
    locked, account = _own(session, account_id)
    wanted = [item for item, is_on in desired.items() if is_on]
    unwanted = [item for item, is_on in desired.items() if not is_on]
    for item in wanted:
        if not _is_offered(session, account, item):
            raise NotOffered(f"“{item.key}” can't be turned on over {item.channel}.")
    ages.check(session, wanted, told)
    if any(_is_needed(session, account, item) for item in desired):
        raise NotOffered("What a contract needs begins and ends with it.")
    lines = _turn_on(session, account, wanted, provenance)
    lines += _turn_off(session, locked, account, unwanted, provenance)
    summaries.summarise(session, locked, account, site, provenance, lines)
    return lines


def leave(
    session: Session, account_id: uuid.UUID, brand: str | None, provenance: Provenance, site: Site | None = None
) -> list[Line]:
    """Leave everything of one brand, or (None) of all; what is only asked for is cancelled too."""
    locked, account = _own(session, account_id)
    known = targets.items_held(session, account.id, locked.digests)
    unwanted = [item for item in known if item.channel and brand in (None, item.brand)]
    lines = _turn_off(session, locked, account, unwanted, provenance)
    summaries.summarise(session, locked, account, site, provenance, lines)
    return lines


def undo(
    session: Session, account_id: uuid.UUID, secret: str, change_id: str, provenance: Provenance,
    site: Site | None = None,
) -> list[Line]:  # fmt: skip
    """Take back the last change of the session `secret`, by acts of their own: the ledger only grows.

    Does nothing when `change_id` is not the last change any more. What is no longer offered stays as it is.
    """
    locked, account = _own(session, account_id)
    last = sessions.last_change(session, secret, change_id)
    if last is None:
        return []
    registry = items(session)
    off = [registry.get(item_id) for item_id in last["on"]]
    on = [item for item_id in last["off"] if _is_offered(session, account, item := registry.get(item_id))]
    lines = _turn_on(session, account, on, provenance) + _turn_off(session, locked, account, off, provenance)
    summaries.summarise(session, locked, account, site, provenance, lines)
    return lines


def lift_own_suppressions(
    session: Session, account_id: uuid.UUID, brand: str | None, proved_at: datetime | None, provenance: Provenance
) -> None:  # fmt: skip
    """Let mails come again that the owner may allow: those of one house and of all, or (None) everything.

    That mails came back can only be taken back by somebody whom one reached since: `proved_at` is when the person
    last acted from the mailbox, as far as their session shows.
    """
    locked, _ = _own(session, account_id)
    rows = suppressions.liftable(session, locked.digests)
    shown = [row for row in rows if brand is None or row.brand in {None, brand}]
    suppressions.lift(session, [row for row in shown if suppressions.may_lift(row, proved_at)], provenance)


def _own(session: Session, account_id: uuid.UUID) -> tuple[Locked, Account]:
    locked = lock_account(session, account_id)
    account = locked.account(session)
    if account is None or account.status == accounts.ERASED:
        raise Gone("This account is no more.")
    return locked, account


def _is_offered(session: Session, account: Account, item: ItemRef) -> bool:
    return offers.can_turn_on(item, accounts.channels_reached(session, account.id))


def _is_needed(session: Session, account: Account, item: ItemRef) -> bool:
    """Tell whether data is used for a contract: no choice, unless the person said something while it was one."""
    is_contract = item.kind is Kind.PURPOSE and basis_of(environment(session).group, item) is LegalBasis.CONTRACT
    return is_contract and item.id not in consents.current(session, account.id)


def _turn_on(session: Session, account: Account, wanted: Sequence[ItemRef], provenance: Provenance) -> list[Line]:
    states = consents.current(session, account.id)
    new = [item for item in wanted if not consents.is_running(states.get(item.id))]
    return consents.grant(session, account, [_grant(session, item, provenance) for item in new], provenance)


def _grant(session: Session, item: ItemRef, provenance: Provenance) -> Grant:
    group = environment(session).group
    site = group.owner(item.brand) or group
    seen = notices.keep(session, site, [item], provenance.locale, centre_notice_text)[item.id]
    return Grant(item, seen, is_confirmed=True, document_version=version_in_force(group, site, clock.now().date()))


def _turn_off(
    session: Session, locked: Locked, account: Account, unwanted: Sequence[ItemRef], provenance: Provenance
) -> list[Line]:
    opt_in.cancel(session, locked.digests, [item.id for item in unwanted], provenance)
    return consents.withdraw(session, account, unwanted, provenance)
