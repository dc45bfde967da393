"""Addresses whose owner was erased, and when: no act from before that may be told of them any more.

Whoever was erased would come back with the next old list, and with every system that still remembers their yes. What
they do themselves afterwards counts as that of anybody else. A row holds the keyed digest of an address and a moment,
like a suppression; it stays, since old lists turn up after any time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert

from app.db import Session, run
from app.environment import environment
from app.kit.addresses import Address
from app.models import ErasedAddress


def remember(session: Session, erased: Mapping[bytes, datetime]) -> None:
    """Remember when the owners of addresses were erased, by digest; of two moments the later one."""
    if not erased:
        return
    rows = insert(ErasedAddress)
    later = func.greatest(ErasedAddress.erased_at, rows.excluded.erased_at)
    statement = rows.on_conflict_do_update(index_elements=["address_digest"], set_={"erased_at": later})
    # In one order, as all who write rows of addresses.
    values = [{"address_digest": digest, "erased_at": erased[digest]} for digest in sorted(erased)]
    session.execute(statement, values)


def among(session: Session, addresses: Collection[Address]) -> Mapping[bytes, datetime]:
    """Tell which of some addresses belonged to somebody who was erased, and when: by digest, under any key.

    To act on the answer the addresses must be locked: an erasure holds them until its row is there.
    """
    probes = [probe for each in addresses for probe in environment(session).digester.probes(each)]
    rows = run(session, _AMONG, {"probes": probes})
    return {bytes(digest): at for digest, at in rows}


def is_before(session: Session, address: Address, at: datetime) -> bool:
    """Tell whether the owner of an address was erased at or after a moment; see `among` for the lock."""
    return any(at <= erased_at for erased_at in among(session, [address]).values())


_AMONG = "SELECT address_digest, erased_at FROM erased_address WHERE address_digest = ANY(%(probes)s::bytea[])"
