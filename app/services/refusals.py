"""What a no comes to, by how an item stands: pure, for one person as for many at once."""

from __future__ import annotations

from datetime import datetime

from app.branding.models import LegalBasis, SiteGroup
from app.services.decisions import applies_without_asking, basis_of
from app.services.folding import Action, State, Status
from app.services.items import ItemRef
from app.services.ledger import Entry


def no(group: SiteGroup, item: ItemRef, state: State | None, occurred_at: datetime | None) -> Entry | None:
    """Make the entry of a no to an item that is in `state`; None where it was said already."""
    if basis := basis_to_end(group, item, state):
        return Entry(item.id, ending(basis, state), legal_basis=basis, occurred_at=occurred_at)
    return Entry(item.id, Action.REFUSED, occurred_at=occurred_at) if state is None else None


def again(item: ItemRef, state: State, occurred_at: datetime) -> Entry:
    """Make the entry of a no that was said once more, later than the one on record."""
    return Entry(item.id, _AGAIN[state.status], legal_basis=state.legal_basis, occurred_at=occurred_at)


_AGAIN = {
    Status.REFUSED: Action.REFUSED, Status.WITHDRAWN: Action.WITHDRAWN, Status.OBJECTED: Action.OBJECTED,
}  # fmt: skip


def basis_to_end(group: SiteGroup, item: ItemRef, state: State | None) -> str | None:
    """Give the basis on which an item is sent now, or was until it ran out; None where there is nothing to end."""
    if state is not None:
        return state.legal_basis if state.status in (Status.GRANTED, Status.EXPIRED) else None
    return basis_of(group, item).value if applies_without_asking(group, item) else None


def ending(basis: str, state: State | None) -> Action:
    """Give what a no comes to. To what has run out it is an explicit one, so that nothing else brings it back."""
    if state is not None and state.status is Status.EXPIRED:
        return Action.REFUSED
    return Action.WITHDRAWN if basis == LegalBasis.CONSENT else Action.OBJECTED
