"""Suppressions: addresses that must not be contacted, known or unknown to the group otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import or_, select

from app.branding.models import Channel
from app.db import Session
from app.kit import clock, ids
from app.kit.provenance import Provenance
from app.models import AddressRow, Suppression
from app.services.locks import every_digest


class Reason(StrEnum):
    """Why an address is suppressed."""

    DO_NOT_CONTACT = "do_not_contact"
    LEGAL = "legal"
    COMPLAINT = "complaint"
    HARD_BOUNCE = "hard_bounce"


UNKNOWN_KEY = "unknown"
"""Where the address itself is gone, and its digest came with a link."""

HARD_BOUNCE_LAPSES_AFTER = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Scope:
    """What is suppressed: of one brand or (None) the group, on one channel or (None) all."""

    brand: str | None = None
    channel: str | None = None


def add(session: Session, digest: bytes, scope: Scope, reason: Reason, provenance: Provenance) -> None:
    """Suppress an address, which the caller has locked; the same suppression twice is one."""
    if any(row.reason == reason and (row.brand, row.channel) == (scope.brand, scope.channel)
           for row in in_force(session, [digest])):  # fmt: skip
        return
    now = clock.now()
    key_id = session.scalar(select(AddressRow.digest_key_id).where(AddressRow.digest == digest))
    session.add(
        Suppression(
            address_digest=digest, id=ids.new_id(), digest_key_id=key_id or UNKNOWN_KEY,
            brand=scope.brand, channel=scope.channel, reason=reason.value, provenance=provenance.as_record(),
            created_at=now, lapses_at=_lapse(reason, now), lifted_at=None,
        )
    )  # fmt: skip
    session.flush()


def in_force(session: Session, digests: Sequence[bytes]) -> list[Suppression]:
    """List what is neither lifted nor lapsed for any of `digests`, under whatever key it was said."""
    every = {each for digest in digests for each in every_digest(session, digest)}
    return list(
        session.scalars(
            select(Suppression).where(
                Suppression.address_digest.in_(every),
                Suppression.lifted_at.is_(None),
                or_(Suppression.lapses_at.is_(None), Suppression.lapses_at > clock.now()),
            )
        )
    )


def is_stopped(session: Session, digests: Sequence[bytes]) -> bool:
    """Tell whether the owner of any of `digests` asked never to be contacted."""
    return any(row.reason == Reason.DO_NOT_CONTACT for row in in_force(session, digests))


def lift(session: Session, digest: bytes, reason: Reason, provenance: Provenance) -> None:
    """Lift the suppressions of an address for one reason; the rows stay, with who lifted them."""
    for row in in_force(session, [digest]):
        if row.reason == reason:
            row.lifted_at = clock.now()
            row.provenance = {**row.provenance, "lifted_by": provenance.as_record()}
    session.flush()


def lift_stop(session: Session, digest: bytes, provenance: Provenance) -> None:
    """Lift what a STOP said of a number that nobody had then, since its owner proved it; the rows stay."""
    for row in in_force(session, [digest]):
        if row.reason == Reason.DO_NOT_CONTACT and row.channel == Channel.SMS:
            row.lifted_at = clock.now()
            row.provenance = {**row.provenance, "lifted_by": provenance.as_record()}
    session.flush()


def carry(session: Session, old: bytes, new: bytes, provenance: Provenance) -> None:
    """Let what was said about an address hold for the one that takes its place as well, since a person said it.

    Bounces stay behind: they tell of a mailbox. The caller has locked both addresses.
    """
    for row in in_force(session, [old]):
        if row.reason != Reason.HARD_BOUNCE:
            add(session, new, Scope(row.brand, row.channel), Reason(row.reason), provenance)


def _lapse(reason: Reason, now: datetime) -> datetime | None:
    return now + HARD_BOUNCE_LAPSES_AFTER if reason is Reason.HARD_BOUNCE else None
