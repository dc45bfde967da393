"""Changes of address: asked for in the centre, made when the present mailbox agreed and the new one is proved.

Writers hold the account and both addresses (`locks.lock_with`). A change that nobody presses for does nothing and says
nothing, and is purged. One that moved is kept, with digests and provenance only: no other record tells of the move.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, delete, select, update

from app.db import Session
from app.kit import clock
from app.kit.ids import first_id_at
from app.kit.provenance import Provenance
from app.kit.signing import Purpose
from app.models import AddressChange
from app.services import tokens
from app.services.tokens import ADDRESS_CHANGE_LASTS

KEPT = timedelta(days=90)
CHANGE = "change"
"""Key of the context of a mail about a change: its id."""


class Outcome(StrEnum):
    """What became of a change."""

    PENDING = "pending"
    MOVED = "moved"
    STOPPED = "stopped"
    REPLACED = "replaced"
    TAKEN = "taken"
    """The new address belongs to another account, so nothing moved."""


class Side(StrEnum):
    """Which mailbox a press comes from."""

    PRESENT = "agreed"
    NEW = "proved"


class Progress(StrEnum):
    """What a link can still do, and where its press leads."""

    OPEN = "open"
    WAITING = "waiting"
    """Pressed here; the other mailbox is still to be asked."""
    MOVED = "moved"
    OVER = "over"
    """Stopped, replaced, too old, or overtaken by something else; the link moves nothing any more."""


class Stop(StrEnum):
    """What "it was not me" can do, or did."""

    STOPPED = "stopped"
    """Whatever was to move from here is stopped, and every session closed."""
    LEFT = "left"
    """Too late: the choices have left this address."""
    OVER = "over"
    """The link is too old."""


def begin(
    session: Session, change_id: uuid.UUID, account_id: uuid.UUID, digests: tuple[bytes, bytes], brand: str,
    provenance: Provenance,
) -> None:  # fmt: skip
    """Note that an account is to move between `digests`, from the first to the second; an earlier wish is replaced."""
    now = clock.now()
    earlier = (AddressChange.account_id == account_id, AddressChange.outcome == Outcome.PENDING)
    session.execute(update(AddressChange).where(*earlier).values(outcome=Outcome.REPLACED.value, outcome_at=now))
    session.add(
        AddressChange(
            account_id=account_id, id=change_id, from_digest=digests[0], to_digest=digests[1], brand=brand,
            locale=provenance.locale, created_at=now,
            expires_at=now + ADDRESS_CHANGE_LASTS, provenance=provenance.as_record(), outcome=Outcome.PENDING.value,
        )
    )  # fmt: skip
    session.flush()


def find(session: Session, change_id: uuid.UUID) -> AddressChange | None:
    """Find a change by the id in its links, as it is now."""
    query = select(AddressChange).where(AddressChange.id == change_id)
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def of_link(session: Session, purpose: Purpose, token: str) -> AddressChange | None:
    """Find the change behind a link; None when the link is too old, or the change no more. Raises `BadLink`."""
    try:
        return find(session, tokens.read_address(session, purpose, token))
    except tokens.ExpiredLink:
        return None


def is_live(change: AddressChange | None) -> bool:
    """Tell whether a change can still be made."""
    return change is not None and change.outcome == Outcome.PENDING and change.expires_at > clock.now()


def progress(change: AddressChange | None, side: Side) -> Progress:
    """Say what the link in the mail to one side can do."""
    if change is not None and change.outcome == Outcome.MOVED:
        return Progress.MOVED
    if change is None or not is_live(change):
        return Progress.OVER
    pressed_at = change.agreed_at if side is Side.PRESENT else change.proved_at
    return Progress.OPEN if pressed_at is None else Progress.WAITING


def press(session: Session, change_id: uuid.UUID, side: Side, provenance: Provenance) -> AddressChange | None:
    """Use up the link of one side and give the change; None when it can't be used (any more)."""
    column = AddressChange.agreed_at if side is Side.PRESENT else AddressChange.proved_at
    unused = update(AddressChange).where(AddressChange.id == change_id, column.is_(None), *_live())
    act = {f"{side}_at": clock.now(), f"{side}_provenance": provenance.as_record()}
    used = session.scalars(unused.values(**act).returning(AddressChange.id)).one_or_none()
    return find(session, change_id) if used else None


def settle(session: Session, change_id: uuid.UUID, outcome: Outcome, provenance: Provenance) -> bool:
    """Close a live change; False when it is closed already."""
    act = {"outcome": outcome.value, "outcome_at": clock.now(), "outcome_provenance": provenance.as_record()}
    live = update(AddressChange).where(AddressChange.id == change_id, *_live())
    return session.scalar(live.values(**act).returning(AddressChange.id)) is not None


def stoppable(session: Session, token: str) -> Stop:
    """Say what a press of "it was not me" would come to. Raises `BadLink`."""
    change = of_link(session, Purpose.ADDRESS_STOP, token)
    if change is None:
        return Stop.OVER
    return Stop.LEFT if has_left(session, change) else Stop.STOPPED


def stop_all(session: Session, change: AddressChange, provenance: Provenance) -> None:
    """Stop whatever is to move the account of `change` from where that one was to move it."""
    act = {"outcome": Outcome.STOPPED.value, "outcome_at": clock.now(), "outcome_provenance": provenance.as_record()}
    same = (AddressChange.account_id == change.account_id, AddressChange.from_digest == change.from_digest)
    session.execute(update(AddressChange).where(*same, *_live()).values(**act))


def give_up(session: Session, account_id: uuid.UUID, provenance: Provenance) -> None:
    """Stop whatever is to move an account: somebody else may have asked for it. The caller has locked the account."""
    act = {"outcome": Outcome.STOPPED.value, "outcome_at": clock.now(), "outcome_provenance": provenance.as_record()}
    session.execute(update(AddressChange).where(AddressChange.account_id == account_id, *_live()).values(**act))


def has_left(session: Session, change: AddressChange) -> bool:
    """Tell whether the account has left the address that `change` was to move it from, by this change or a later."""
    same = (AddressChange.account_id == change.account_id, AddressChange.from_digest == change.from_digest)
    moved = (AddressChange.outcome == Outcome.MOVED, AddressChange.outcome_at >= change.created_at)
    return session.scalar(select(AddressChange.id).where(*same, *moved).limit(1)) is not None


def has_replaced(session: Session, change: AddressChange) -> bool:
    """Tell whether another change could still be made when this one took its place."""
    other = (AddressChange.account_id == change.account_id, AddressChange.outcome == Outcome.REPLACED)
    then = (AddressChange.outcome_at == change.created_at, AddressChange.expires_at > change.created_at)
    return session.scalar(select(AddressChange.id).where(*other, *then).limit(1)) is not None


def left_from(session: Session, digest: bytes) -> uuid.UUID | None:
    """Find the account that moved away from an address last."""
    moved = (AddressChange.from_digest == digest, AddressChange.outcome == Outcome.MOVED)
    newest = select(AddressChange.account_id).where(*moved).order_by(AddressChange.outcome_at.desc())
    return session.scalar(newest.limit(1))


def purge(session: Session, limit: int = 5_000) -> int:
    """Delete up to `limit` changes asked for more than 90 days ago; give how many. Their ids are UUIDv7.

    Those that moved stay, as the only trace of where a consent came from: digests and provenance, no address.
    """
    old = (AddressChange.id < first_id_at(clock.now() - KEPT), AddressChange.outcome != Outcome.MOVED)
    over = select(AddressChange.id).where(*old).limit(limit)
    gone = session.scalars(delete(AddressChange).where(AddressChange.id.in_(over)).returning(AddressChange.id))
    return len(gone.all())


def _live() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return AddressChange.outcome == Outcome.PENDING, AddressChange.expires_at > clock.now()
