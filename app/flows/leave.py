"""Leave through a link: RFC 8058 one-click, its page, or the button behind a manage link."""

from __future__ import annotations

from app.db import Session
from app.kit.provenance import Provenance
from app.services import consents, opt_in, targets, tokens
from app.services.folding import Line
from app.services.locks import lock_account
from app.services.tokens import LeaveTarget


def leave(session: Session, token: str, provenance: Provenance) -> list[Line]:
    """Withdraw what the link is about: one item, or all e-mail of one brand. Twice is as good as once.

    The link never expires and needs no session. Raises `BadLink`.
    """
    return _leave(session, tokens.read_unsubscribe(session, token), provenance)


def leave_by_manage(session: Session, token: str, brand: str, provenance: Provenance) -> list[Line]:
    """Leave all e-mail of `brand`, by the button behind the ever-lasting manage link. Raises `BadLink`."""
    return _leave(session, LeaveTarget(tokens.read_manage(session, brand, token), brand=brand), provenance)


def _leave(session: Session, target: LeaveTarget, provenance: Provenance) -> list[Line]:
    locked = lock_account(session, target.account_id)
    unwanted = targets.covered(session, target)
    opt_in.cancel(session, locked.digests, [item.id for item in unwanted], provenance)
    account = locked.account(session)
    return consents.withdraw(session, account, unwanted, provenance) if account else []
