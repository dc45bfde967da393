"""Leave through a link: RFC 8058 one-click, its page, or the button behind a manage link."""

from __future__ import annotations

from datetime import datetime

from app.branding.models import Frequency
from app.db import Session
from app.errors import NotOffered
from app.kit.provenance import Provenance
from app.services import consents, opt_in, targets, tokens
from app.services.folding import Action, Line
from app.services.items import items
from app.services.locks import lock_account
from app.services.targets import is_as_rare, rarer
from app.services.tokens import LeaveTarget


def leave(session: Session, token: str, provenance: Provenance) -> list[Line]:
    """Withdraw what the link is about: one item, or all e-mail of one brand. Twice is as good as once.

    The link never expires and needs no session. Raises `BadLink`.
    """
    return _leave(session, tokens.read_unsubscribe(session, token), provenance)


def leave_by_manage(session: Session, token: str, brand: str, provenance: Provenance) -> list[Line]:
    """Leave all e-mail of `brand`, by the button behind the ever-lasting manage link. Raises `BadLink`."""
    return _leave(session, LeaveTarget(tokens.read_manage(session, brand, token), brand=brand), provenance)


def pause_instead(session: Session, token: str, until: datetime, provenance: Provenance) -> list[Line]:
    """Pause what the link is about, which is less than leaving it. What was left stays left. Raises `BadLink`."""
    target = tokens.read_unsubscribe(session, token)
    account = lock_account(session, target.account_id).account(session)
    return consents.pause(session, account, targets.covered(session, target), until, provenance) if account else []


def slow_down(session: Session, token: str, frequency: Frequency, provenance: Provenance) -> list[Line]:
    """Let the one item of the link come more rarely; no line where it is as rare already, or was left.

    Raises `BadLink`, and `NotOffered` for a link about more than one item or a frequency that its topic does not have.
    """
    target = tokens.read_unsubscribe(session, token)
    if target.item_id is None or frequency not in rarer(session, target):
        raise NotOffered(f"It does not come {frequency}.")
    item = items(session).get(target.item_id)
    account = lock_account(session, target.account_id).account(session)
    state = consents.running(session, account.id, item) if account else None
    if account is None or state is None or is_as_rare(state.frequency, frequency):
        return []
    told = {"frequency": frequency.value}
    return consents.adjust(session, account, item, state, Action.CHANGED, told, provenance)


def _leave(session: Session, target: LeaveTarget, provenance: Provenance) -> list[Line]:
    locked = lock_account(session, target.account_id)
    unwanted = targets.covered(session, target)
    opt_in.cancel(session, locked.digests, [item.id for item in unwanted], provenance)
    account = locked.account(session)
    return consents.withdraw(session, account, unwanted, provenance) if account else []
