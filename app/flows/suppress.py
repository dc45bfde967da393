"""Note that addresses must not be contacted, known or not: by command, from a file, or as a mail provider says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.db import Session
from app.kit.addresses import Address
from app.kit.provenance import Provenance
from app.services import opt_in, suppressions
from app.services.locks import lock_unread
from app.services.suppressions import Noted, Reason, Scope, Wish

ENDS_REQUESTS = (Reason.DO_NOT_CONTACT, Reason.LEGAL)
"""Reasons by which what is only asked for ends too: a link that is already in a mailbox must not confirm it later."""


@dataclass(frozen=True, slots=True)
class Order:
    """One address that must not be contacted."""

    address: Address
    scope: Scope
    reason: Reason
    at: datetime | None = None
    """When that came about; None where it is not known."""
    document: str = ""
    """A reference to the paper that says so."""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    """More about where it comes from, kept until an erasure; no addresses."""


def suppress(session: Session, orders: Sequence[Order], provenance: Provenance) -> list[Noted]:
    """Note each order under the locks of all their addresses, and tell what came of it, in the order given.

    An address that was never met is kept as its digest alone. Consents keep their status.
    """
    digests = lock_unread(session, [order.address for order in orders])
    wishes = [
        Wish(digest, order.scope, order.reason, order.at, order.evidence, order.document)
        for digest, order in zip(digests, orders, strict=True)
    ]
    noted = suppressions.note(session, wishes, provenance)
    _cancel(session, [wish for wish, what in zip(wishes, noted, strict=True) if what is Noted.ADDED], provenance)
    return noted


def _cancel(session: Session, added: Sequence[Wish], provenance: Provenance) -> None:
    ending = {wish.digest: wish.scope for wish in added if wish.reason in ENDS_REQUESTS and _is_of_mail(wish.scope)}
    for live in opt_in.live_items(session, list(ending)):
        if ending[live.digest].brand in {None, live.brand}:
            opt_in.cancel(session, [live.digest], [live.item_id], provenance)


def _is_of_mail(scope: Scope) -> bool:
    return scope.channel in {None, "email"}
