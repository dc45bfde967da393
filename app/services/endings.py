"""What ends with an address: all that came over the channels it was there for."""

from __future__ import annotations

from collections.abc import Collection

from app.branding.models import Channel
from app.db import Session
from app.kit.provenance import Provenance
from app.models import Account
from app.services import consents, opt_in, targets
from app.services.folding import Line, Status
from app.services.items import ItemRef
from app.services.locks import Locked


def over(session: Session, locked: Locked, account: Account, channels: Collection[Channel]) -> list[ItemRef]:
    """List what an account ever had to do with over any of `channels`, of every house."""
    return [item for item in targets.items_held(session, account.id, locked.digests) if item.channel in channels]


def end(
    session: Session, locked: Locked, account: Account, channels: Collection[Channel], provenance: Provenance
) -> list[Line]:
    """Withdraw what was agreed to over `channels` and cancel what was asked for: the person took the address away.

    What needs no agreement is not objected to: that is an act of its own, which nobody did.
    """
    unwanted, held = over(session, locked, account, channels), consents.current(session, account.id)
    opt_in.cancel(session, locked.digests, [item.id for item in unwanted], provenance)
    running = [item for item in unwanted if item.id in held and held[item.id].status is Status.GRANTED]
    return consents.withdraw(session, account, running, provenance)
