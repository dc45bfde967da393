"""Get something less often, or not for a while, instead of leaving it; and go on."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.branding.models import Frequency, Site
from app.db import Session
from app.environment import environment
from app.errors import Gone, NotOffered
from app.kit import clock
from app.kit.provenance import Provenance
from app.models import Account
from app.services import accounts, consents, sessions, summaries
from app.services.folding import Action, Line, State
from app.services.items import ItemRef, items
from app.services.locks import Locked, lock_account


def choose_frequency(
    session: Session, account_id: uuid.UUID, secret: str, item: ItemRef, frequency: str, provenance: Provenance,
    site: Site,
) -> list[Line]:  # fmt: skip
    """Get an item as often as `frequency` says from now on; no line where that is so already.

    Raises `NotOffered` for a frequency that its topic does not have and for what is not agreed to, `Gone` when the
    account is no more.
    """
    brand = environment(session).group.brands.get(item.brand or "")
    topic = brand.topic(item.key) if brand else None
    if topic is None or frequency not in topic.frequencies:
        raise NotOffered(f"“{item.key}” does not come {frequency}.")
    locked, account, state = _running(session, account_id, item)
    # Who never chose gets the first one, and need not say so.
    present = state.frequency if state.frequency in topic.frequencies else topic.frequencies[0]
    if Frequency(frequency) == present:
        return []
    return _adjust(session, locked, account, secret, item, state, Action.CHANGED, {"frequency": frequency},
                   provenance, site)  # fmt: skip


def pause(
    session: Session, account_id: uuid.UUID, secret: str, item: ItemRef, until: datetime, provenance: Provenance,
    site: Site,
) -> list[Line]:  # fmt: skip
    """Get nothing of an item before `until`, when it goes on by itself. Raises as `choose_frequency` does."""
    locked, account, state = _running(session, account_id, item)
    if state.paused_until == until:
        return []
    told = {"paused_until": until.isoformat()}
    return _adjust(session, locked, account, secret, item, state, Action.PAUSED, told, provenance, site)


def resume(
    session: Session, account_id: uuid.UUID, secret: str, item: ItemRef, provenance: Provenance, site: Site
) -> list[Line]:  # fmt: skip
    """Go on before the pause is over; no line where nothing is paused. Raises as `choose_frequency` does."""
    locked, account, state = _running(session, account_id, item)
    if state.paused_until is None:
        return []
    return _adjust(session, locked, account, secret, item, state, Action.RESUMED, {}, provenance, site)


def undo(
    session: Session, account_id: uuid.UUID, secret: str, change_id: str, provenance: Provenance, site: Site
) -> list[Line]:  # fmt: skip
    """Take the last of these acts back, by an act of its own that can be taken back as well.

    Does nothing when `change_id` is not the session's last change any more, or the item was left since.
    """
    last = sessions.last_adjustment(session, secret, change_id)
    if last is None:
        return []
    item = items(session).get(last["item"])
    try:
        locked, account, state = _running(session, account_id, item)
    except NotOffered:
        return []
    if last["act"] == Action.CHANGED:
        action, told = Action.CHANGED, {"frequency": last["frequency"]}
    elif last["paused_until"] and datetime.fromisoformat(last["paused_until"]) > clock.now():
        action, told = Action.PAUSED, {"paused_until": last["paused_until"]}
    elif state.paused_until is None:
        return []
    else:
        action, told = Action.RESUMED, {}
    return _adjust(session, locked, account, secret, item, state, action, told, provenance, site)


def _running(session: Session, account_id: uuid.UUID, item: ItemRef) -> tuple[Locked, Account, State]:
    locked = lock_account(session, account_id)
    account = locked.account(session)
    if account is None or account.status == accounts.ERASED:
        raise Gone("This account is no more.")
    state = consents.running(session, account_id, item)
    if state is None:
        raise NotOffered(f"“{item.key}” is not agreed to.")
    return locked, account, state


def _adjust(
    session: Session, locked: Locked, account: Account, secret: str, item: ItemRef, before: State, action: Action,
    told: Mapping[str, Any], provenance: Provenance, site: Site,
) -> list[Line]:  # fmt: skip
    lines = consents.adjust(session, account, item, before, action, told, provenance)
    sessions.remember_adjustment(session, secret, lines[0], before)
    summaries.summarise(session, locked, account, site, provenance, lines)
    return lines
