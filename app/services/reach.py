"""How a person can be reached: their addresses of all kinds, in one statement."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import exists, select

from app.db import Session
from app.environment import environment
from app.models import AddressRow, ContactPoint, ProfileRow
from app.services.accounts import POST


@dataclass(frozen=True, slots=True)
class Reach:
    """The addresses of an account."""

    digests: tuple[bytes, ...]
    kinds: frozenset[str]
    """`email`, `phone`, and `post` where the profile has a postal address."""
    email: str
    """The primary e-mail address as it was typed; empty where there is none."""


def reach(session: Session, account_id: uuid.UUID) -> Reach:
    """Read all addresses of an account."""
    postal = exists().where(ProfileRow.account_id == account_id, ProfileRow.kind == "address")
    query = (
        select(ContactPoint.address_digest, ContactPoint.kind, ContactPoint.is_primary, AddressRow.sealed,
               postal.label("has_postal"))
        .outerjoin(AddressRow, AddressRow.digest == ContactPoint.address_digest)
        .where(ContactPoint.account_id == account_id)
    )  # fmt: skip
    rows = session.execute(query).all()
    sealed = next((row.sealed for row in rows if row.is_primary and row.kind == "email" and row.sealed), None)
    return Reach(
        digests=tuple(row.address_digest for row in rows),
        kinds=frozenset([*(row.kind for row in rows), *(POST for row in rows if row.has_postal)]),
        email=environment(session).sealer.open(sealed) if sealed else "",
    )
