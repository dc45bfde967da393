"""Many addresses at once: which of them were met before, and under which digest each is stored."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from app.db import Session, run
from app.environment import Environment, environment
from app.kit.addresses import Address


def of(session: Session, addresses: Iterable[Address]) -> dict[str, bytes]:
    """Give the digest under which each is stored, by its normal form; the newest when it never was."""
    digester, each_once = environment(session).digester, {each.normal: each for each in addresses}
    if len(digester.keys) == 1:
        return {normal: digester.newest(address) for normal, address in each_once.items()}
    probes = {normal: digester.probes(address) for normal, address in each_once.items()}
    stored = _stored(session, [probe for some in probes.values() for probe in some])
    return {normal: next((each for each in some if each in stored), some[0]) for normal, some in probes.items()}


def known(session: Session, addresses: Collection[Address]) -> list[Address]:
    """Give those that were met before, by whomever."""
    if not addresses:
        return []
    probes = [(address, environment(session).digester.probes(address)) for address in addresses]
    stored = _stored(session, [probe for _address, some in probes for probe in some])
    return [address for address, some in probes if not stored.isdisjoint(some)]


def key_id(env: Environment, address: Address, digest: bytes) -> str:
    """Name the key of a digest."""
    return env.digester.key_id if len(env.digester.keys) == 1 else env.digester.key_ids(address)[digest]


def array(values: Iterable[bytes | None]) -> str:
    """Write bytes as PostgreSQL writes an array of them; value by value, psycopg takes as long as the statement."""
    written = ",".join("NULL" if value is None else f'"\\\\x{value.hex()}"' for value in values)
    return f"{{{written}}}"


def _stored(session: Session, probes: Iterable[bytes]) -> set[bytes]:
    return {bytes(row[0]) for row in run(session, _STORED, {"probes": array(probes)})}


_STORED = """
    SELECT probe FROM unnest(%(probes)s::text::bytea[]) AS probe
     WHERE EXISTS (SELECT FROM address WHERE digest = probe)
        OR EXISTS (SELECT FROM contact_point WHERE address_digest = probe)
        OR EXISTS (SELECT FROM suppression WHERE address_digest = probe)"""
