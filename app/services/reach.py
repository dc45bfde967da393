"""How a person can be reached: their addresses of all kinds, in one statement."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from app.db import Session, run
from app.environment import environment
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
    rows = run(session, _REACH, {"account": account_id}).fetchall()
    sealed = next((row[3] for row in rows if row[1:3] == ("email", True) and row[3]), None)
    return Reach(
        digests=tuple(row[0] for row in rows),
        kinds=frozenset([*(row[1] for row in rows), *(POST for row in rows if row[4])]),
        email=environment(session).sealer.open(sealed) if sealed else "",
    )


_REACH = """
    SELECT c.address_digest, c.kind, c.is_primary, a.sealed,
           EXISTS (SELECT FROM profile_field WHERE account_id = %(account)s AND kind = 'address')
      FROM contact_point AS c LEFT JOIN address AS a ON a.digest = c.address_digest
     WHERE c.account_id = %(account)s"""
