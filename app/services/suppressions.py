"""Suppressions: addresses that must not be contacted, known or unknown to the group otherwise."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select

from app.branding.models import Channel
from app.db import Session
from app.kit import clock, ids
from app.kit.provenance import ActorKind, Provenance
from app.models import AddressRow, Suppression
from app.services.locks import every_digest


class Reason(StrEnum):
    """Why an address is suppressed."""

    DO_NOT_CONTACT = "do_not_contact"
    LEGAL = "legal"
    COMPLAINT = "complaint"
    HARD_BOUNCE = "hard_bounce"


OWNER_MAY_LIFT = (Reason.DO_NOT_CONTACT, Reason.COMPLAINT, Reason.HARD_BOUNCE)
"""What the owner of a mailbox may take back by an act that proves to be theirs."""

CHANNELS = {
    "email": frozenset({Channel.EMAIL, Channel.PUSH}),
    "phone": frozenset({Channel.SMS, Channel.WHATSAPP, Channel.PHONE, Channel.PUSH}),
}
"""The channels that use a kind of address, or (push) stand for the person who has it."""

UNKNOWN_KEY = "unknown"
"""Where the address itself is gone, and its digest came with a link."""

HARD_BOUNCE_LAPSES_AFTER = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Scope:
    """What is suppressed: of one brand or (None) the group, on one channel or (None) all."""

    brand: str | None = None
    channel: str | None = None


class Noted(StrEnum):
    """What came of a wish to suppress an address."""

    ADDED = "suppressed"
    STANDING = "already"
    LIFTED = "lifted_since"
    """It was lifted after what this tells of, which changes nothing any more."""
    LAPSED = "lapsed"
    """What this tells of is so long ago that it would count no more."""


@dataclass(frozen=True, slots=True)
class Wish:
    """That an address must not be contacted, as somebody said it."""

    digest: bytes
    scope: Scope
    reason: Reason
    at: datetime | None = None
    """When that came about; None where nobody says."""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    """More about where it comes from, kept with the provenance until an erasure; no addresses."""
    document: str = ""
    """A reference to the paper that says so; it stays, also after an erasure."""
    is_dated: bool = True
    """False where it is only known that it was so by `at`, and hence not to be later than any lifting."""


def add(session: Session, digest: bytes, scope: Scope, reason: Reason, provenance: Provenance) -> None:
    """Suppress an address from now on, which the caller has locked; the same suppression twice is one."""
    note(session, [Wish(digest, scope, reason, clock.now())], provenance)


def note(session: Session, wishes: Sequence[Wish], provenance: Provenance) -> list[Noted]:
    """Suppress addresses, which the caller has locked, and tell for each wish what came of it.

    The same suppression twice is one, unless a client said the first and somebody else the second. What the owner, or
    staff, lifted after a wish came about stays lifted.
    """
    found = _plan(session, wishes, provenance)
    session.add_all(row for _noted, row in found if row is not None)
    session.flush()
    return [noted for noted, _row in found]


def foresee(session: Session, wishes: Sequence[Wish], provenance: Provenance) -> list[Noted]:
    """Tell for each wish what would come of it, and change nothing."""
    return [noted for noted, _row in _plan(session, wishes, provenance)]


def _plan(
    session: Session, wishes: Sequence[Wish], provenance: Provenance
) -> list[tuple[Noted, Suppression | None]]:  # fmt: skip
    """Judge wishes one after the other, and make the rows of those that are new; they are not added yet."""
    every = {wish.digest: every_digest(session, wish.digest) for wish in wishes}
    known = list(session.scalars(select(Suppression).where(Suppression.address_digest.in_(_flat(every.values())))))
    query = select(AddressRow.digest, AddressRow.digest_key_id).where(AddressRow.digest.in_(every))
    keys = {row.digest: row.digest_key_id for row in session.execute(query)}
    by_digest: dict[bytes, list[Suppression]] = {}
    for row in known:
        by_digest.setdefault(row.address_digest, []).append(row)
    found: list[tuple[Noted, Suppression | None]] = []
    for wish in wishes:
        rows = [row for digest in every[wish.digest] for row in by_digest.get(digest, [])]
        noted = _judge(rows, wish, provenance)
        new = _row(wish, keys.get(wish.digest, UNKNOWN_KEY), provenance) if noted is Noted.ADDED else None
        if new is not None:
            by_digest.setdefault(wish.digest, []).append(new)
        found.append((noted, new))
    return found


def _judge(rows: Iterable[Suppression], wish: Wish, provenance: Provenance) -> Noted:
    now = clock.now()
    lapse = _lapse(wish.reason, wish.at or now)
    alike = [row for row in rows if row.reason == wish.reason and (row.brand, row.channel) == _pair(wish.scope)]
    if any(stands(row) and _speaks_for(row, provenance) for row in alike):
        return Noted.STANDING
    if any(row.lifted_at is not None and not _is_since(row.lifted_at, wish) for row in alike):
        return Noted.LIFTED
    return Noted.LAPSED if lapse is not None and lapse <= now else Noted.ADDED


def _speaks_for(row: Suppression, provenance: Provenance) -> bool:
    """Tell whether what is on record makes it needless to write the same again.

    A client may take back its own word, which must not take somebody else's with it.
    """
    actor = provenance.actor
    is_of_client = row.provenance.get("actor") == ActorKind.CLIENT
    return not is_of_client or (actor.kind is ActorKind.CLIENT and row.provenance.get("actor_id") == actor.id)


def _is_since(lifted_at: datetime, wish: Wish) -> bool:
    return wish.is_dated and wish.at is not None and wish.at >= lifted_at


def _row(wish: Wish, key_id: str, provenance: Provenance) -> Suppression:
    at = wish.at or clock.now()
    more: dict[str, Any] = {"evidence": dict(wish.evidence)} if wish.evidence else {}
    more |= {"document": wish.document} if wish.document else {}
    return Suppression(
        address_digest=wish.digest, id=ids.new_id(), digest_key_id=key_id, brand=wish.scope.brand,
        channel=wish.scope.channel, reason=wish.reason.value, provenance={**provenance.as_record(), **more},
        created_at=at, lapses_at=_lapse(wish.reason, at), lifted_at=None,
    )  # fmt: skip


def in_force(session: Session, digests: Collection[bytes]) -> list[Suppression]:
    """List what is neither lifted nor lapsed for any of `digests`, under whatever key it was said."""
    every = _flat(every_digest(session, digest) for digest in digests)
    return list(session.scalars(select(Suppression).where(Suppression.address_digest.in_(every), *_in_force())))


def liftable(session: Session, digests: Sequence[bytes]) -> list[Suppression]:
    """List what the owner of these addresses may take back."""
    return [row for row in in_force(session, digests) if row.reason in OWNER_MAY_LIFT]


def stands(row: Suppression) -> bool:
    """Tell whether a suppression is neither lifted nor lapsed."""
    return row.lifted_at is None and (row.lapses_at is None or row.lapses_at > clock.now())


def may_lift(row: Suppression, proved_at: datetime | None) -> bool:
    """Tell whether the owner of an address, who last acted from its mailbox at `proved_at`, may lift this.

    A bounce stands until a mail has reached them that was sent later than the one that came back.
    """
    if row.reason == Reason.HARD_BOUNCE:
        return proved_at is not None and proved_at > row.created_at
    return row.reason in OWNER_MAY_LIFT


def on_record(session: Session, digest: bytes) -> Sequence[Suppression]:
    """List all that was ever said about an address, lifted and lapsed ones too, oldest first."""
    query = select(Suppression).where(Suppression.address_digest.in_(every_digest(session, digest)))
    return session.scalars(query.order_by(Suppression.created_at, Suppression.id)).all()


def lift(
    session: Session, rows: Iterable[Suppression], provenance: Provenance, document: str | None = None
) -> int:  # fmt: skip
    """Lift suppressions of addresses that are locked, and give their number; the rows stay, with who lifted them.

    `document` refers to the paper that staff lift with.
    """
    lifted = 0
    for row in rows:
        row.lifted_at = clock.now()
        paper = {"document": document} if document else {}
        row.provenance = {**row.provenance, "lifted_by": {**provenance.as_record(), **paper}}
        lifted += 1
    session.flush()
    return lifted


def counts(session: Session) -> list[tuple[str, str | None, str | None, int]]:
    """Count what is in force by reason, brand and channel."""
    columns = (Suppression.reason, Suppression.brand, Suppression.channel)
    query = select(*columns, func.count()).where(*_in_force()).group_by(*columns).order_by(*columns)
    return [(row[0], row[1], row[2], row[3]) for row in session.execute(query)]


def lift_stop(session: Session, digest: bytes, provenance: Provenance) -> None:
    """Lift what a STOP said of a number that nobody had then, since its owner proved it; the rows stay."""
    said = [row for row in in_force(session, [digest]) if row.reason == Reason.DO_NOT_CONTACT]
    lift(session, [row for row in said if row.channel == Channel.SMS], provenance)


def carry(session: Session, old: bytes, new: bytes, provenance: Provenance) -> None:
    """Let what was said about an address hold for the one that takes its place as well, since a person said it.

    Bounces stay behind: they tell of a mailbox. The caller has locked both addresses.
    """
    for row in in_force(session, [old]):
        if row.reason != Reason.HARD_BOUNCE:
            add(session, new, Scope(row.brand, row.channel), Reason(row.reason), provenance)


def _in_force() -> tuple[ColumnElement[bool], ...]:
    lasting = or_(Suppression.lapses_at.is_(None), Suppression.lapses_at > clock.now())
    return Suppression.lifted_at.is_(None), lasting


def _pair(scope: Scope) -> tuple[str | None, str | None]:
    return scope.brand, scope.channel


def _flat(digests: Iterable[Iterable[bytes]]) -> set[bytes]:
    return {each for some in digests for each in some}


def _lapse(reason: Reason, now: datetime) -> datetime | None:
    return now + HARD_BOUNCE_LAPSES_AFTER if reason is Reason.HARD_BOUNCE else None
