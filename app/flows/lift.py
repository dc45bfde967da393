"""Take back that an address must not be contacted, as the system does that said so by mistake."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from app.db import Session
from app.errors import NotLiftable
from app.kit.provenance import ActorKind, Provenance
from app.models import Suppression
from app.services import suppression_lists, suppressions
from app.services.locks import lock_digest
from app.services.suppressions import Reason

MAY_LIFT = (Reason.DO_NOT_CONTACT, Reason.HARD_BOUNCE)
"""What a client may take back that it said itself. A complaint and what the law says are for their owner and staff."""


def lift(
    session: Session, suppression_id: uuid.UUID, seen: Collection[str | None], own: Collection[str],
    provenance: Provenance,
) -> bool:  # fmt: skip
    """Lift a suppression that may be `seen`; False where there is none. Twice is as good as once.

    `own` are the ids that the client ever had: it takes back its own word alone, whatever its owner or somebody else
    said about the same address. Raises `NotLiftable`.
    """
    row = suppression_lists.find(session, suppression_id, seen)
    if row is None:
        return False
    lock_digest(session, row.address_digest)
    row = suppression_lists.find(session, suppression_id, seen)
    if row is None or not suppressions.stands(row):
        return row is not None
    if not is_own(row, own) or row.reason not in MAY_LIFT:
        raise NotLiftable("Its owner lifts this from their mailbox, or staff on a document.")
    suppressions.lift(session, [row], provenance)
    return True


def is_own(row: Suppression, own: Collection[str]) -> bool:
    """Tell whether a client set a suppression itself, by the ids that it ever had."""
    return row.provenance.get("actor") == ActorKind.CLIENT and row.provenance.get("actor_id") in own
