"""The one order in which writers take locks, so that racing acts happen one after the other.

READ COMMITTED, and before any other write: (1) an advisory lock on the abuse digest when a mail may be queued; (2) all
addresses involved, the account's own included, by ascending digest; (3) the account. Then the contact points are read
again: had they changed meanwhile, the transaction starts over (`Database.write`). Measured when this was designed:
a racing opt-in and leave-everything broke the outcome 30 times of 30 without the row locks and 0 of 30 with them.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.fernet import InvalidToken
from sqlalchemy import select

from app.db import Session, run
from app.environment import environment
from app.errors import StaleLocks
from app.kit import clock
from app.kit.addresses import Address, parse_email, parse_phone
from app.models import Account, AddressRow, ContactPoint

NOBODY = uuid.UUID(int=0)
"""Stands in for the owner of an address that nobody owns."""


@dataclass(frozen=True, slots=True)
class Locked:
    """What is now held: the account, if there is one, and all its addresses."""

    account_id: uuid.UUID | None
    digests: tuple[bytes, ...]
    """Every address that an act of this person concerns, by ascending digest."""
    digest: bytes
    """The address asked about, else the account's primary one (empty when it has none)."""
    abuse_digest: bytes

    def account(self, session: Session) -> Account | None:
        """Give the account, as it is now that nobody else can change it."""
        return session.get(Account, self.account_id, populate_existing=True) if self.account_id else None


def lock_address(session: Session, address: Address) -> Locked:
    """Lock by an address that somebody typed; it is added to the addresses met when it is new.

    Whether the address is known or not, the statements are the same, since their time would tell (invariant 6).
    Raises `StaleLocks` when the address changed hands meanwhile.
    """
    abuse = environment(session).digester.abuse(address)
    lock_abuse(session, abuse)
    digest = known_digest(session, address)
    owner, others = _family(session, digest)
    for each in sorted({digest, *others}):
        if each == digest:
            _meet(session, digest, abuse, address)
        else:
            _lock_row(session, each)
    return _hold(session, owner, others, digest, abuse)


def lock_mailbox(session: Session, address: Address) -> tuple[bytes, bytes]:
    """Lock an address only to mail to it, and give its digest and abuse digest; it is added when it is new.

    For acts that change nothing but the queue of mails. Not even the work of reading an account tells whether there
    is one (invariant 6).
    """
    abuse = environment(session).digester.abuse(address)
    lock_abuse(session, abuse)
    digest = known_digest(session, address)
    _meet(session, digest, abuse, address)
    return digest, abuse


def lock_unread(session: Session, addresses: Iterable[Address]) -> list[bytes]:
    """Lock addresses about which something is only noted, and give the digest of each, in the order asked.

    They may be many, and nobody need know them: new ones are added as digests alone, since nothing will be sent there.
    """
    env, digests, new = environment(session), [], {}
    for address in addresses:
        digest = known_digest(session, address)
        digests.append(digest)
        new[digest] = (env.digester.key_ids(address)[digest], address.kind)
    ordered = sorted(new)
    columns = {
        "digests": ordered,
        "keys": [new[each][0] for each in ordered],
        "kinds": [new[each][1] for each in ordered],
    }
    run(session, _MEET_UNREAD, {**columns, "now": clock.now()})
    return digests


def lock_digest(session: Session, digest: bytes) -> Locked:
    """Lock by the digest that a link carries. The abuse digest is empty when the address is not known any more."""
    abuse = _abuse_of(session, digest)
    lock_abuse(session, abuse)
    owner, others = _family(session, digest)
    for each in sorted({digest, *others}):
        _lock_row(session, each)
    return _hold(session, owner, others, digest, abuse)


def lock_account(session: Session, account_id: uuid.UUID) -> Locked:
    """Lock by account, for someone who proved to be its owner; `account_id` is None when there is none such."""
    primary = _primary_of(session, account_id)
    if primary is None:
        exists = run(session, _LOCK_ACCOUNT, {"account": account_id}).fetchone() is not None
        return Locked(account_id if exists else None, (), b"", b"")
    locked = lock_digest(session, primary)
    if locked.account_id != account_id:
        raise StaleLocks
    return locked


def lock_with(session: Session, account_id: uuid.UUID, other: Address | bytes) -> tuple[Locked, bytes, bytes]:
    """Lock an account and one more address, which it may move to; give also that address's digest and abuse digest.

    `other` is what somebody typed, or the digest of an address met before. Whom it belongs to is not even read here.
    The account is None in what is held when it has no address (any more).
    """
    primary = _primary_of(session, account_id) or b""
    digest = other if isinstance(other, bytes) else known_digest(session, other)
    abuse = _abuse_of(session, digest) if isinstance(other, bytes) else environment(session).digester.abuse(other)
    own_abuse = _abuse_of(session, primary)
    for each in sorted({own_abuse, abuse}):
        lock_abuse(session, each)
    owner, family = _family(session, primary)
    for each in sorted({digest, *family}):
        if each == digest and not isinstance(other, bytes):
            _meet(session, digest, abuse, other)
        else:
            _lock_row(session, each)
    if primary and owner != account_id:
        raise StaleLocks
    return _hold(session, owner, family, primary, own_abuse), digest, abuse


def lock_both(session: Session, account_id: uuid.UUID, digest: bytes) -> tuple[Locked, Locked | None]:
    """Lock an account, an address it is about to take, and the other account that has the address now, if one does.

    Mails may be queued to both. The account is None in what is held when it is no more.
    """
    owner = owner_of(session, digest)
    parties = sorted({account_id, owner or account_id})
    primaries = {party: _primary_of(session, party) or b"" for party in parties}
    abuses = {party: _abuse_of(session, primary) for party, primary in primaries.items()}
    for each in sorted(set(abuses.values())):
        lock_abuse(session, each)
    families = {party: _addresses_of(session, party) for party in parties}
    for each in sorted({digest}.union(*families.values())):
        _lock_row(session, each)
    alive = {
        party for party in parties if run(session, _LOCK_ACCOUNT, {"account": party}).fetchone() is not None
    }  # fmt: skip
    if owner_of(session, digest) != owner or any(_addresses_of(session, each) != families[each] for each in parties):
        raise StaleLocks
    held = {
        party: Locked(
            party if party in alive else None, tuple(sorted(families[party])), primaries[party], abuses[party]
        )
        for party in parties
    }
    return held[account_id], held[owner] if owner not in {None, account_id} else None


def lock_to_erase(session: Session, account_id: uuid.UUID, former: Iterable[bytes]) -> Locked:
    """Lock an account with all its addresses, and those of `former` that are still on record; no mail may be queued.

    `digests` of what is held are the present ones. The account is None when it is erased already, or never was.
    """
    primary = _primary_of(session, account_id) or b""
    owner, family = _family(session, primary)
    for each in sorted({*family, *former}):
        run(session, _LOCK_ROW, {"digest": each})
    exists = run(session, _LOCK_ACCOUNT, {"account": account_id}).fetchone() is not None
    if (primary and owner != account_id) or _family(session, primary) != (owner, family):
        raise StaleLocks
    return Locked(account_id if exists else None, tuple(sorted(family)), primary, b"")


def lock_abuse(session: Session, abuse_digest: bytes) -> None:
    """Take the advisory lock under which mails to one mailbox are counted."""
    if abuse_digest:
        run(session, _LOCK_ABUSE, {"number": int.from_bytes(abuse_digest[:8], signed=True)})


def known_digest(session: Session, address: Address) -> bytes:
    """Give the digest under which an address is stored, whichever key made it; the newest when it never was.

    With one key in force there is nothing to look up.
    """
    probes = environment(session).digester.probes(address)
    if len(probes) == 1:
        return probes[0]
    found = run(session, _KNOWN, {"probes": probes}).fetchone()
    return bytes(found[0]) if found else probes[0]


def every_digest(session: Session, digest: bytes) -> list[bytes]:
    """Give all digests under which an address may be on record: with one key in force, this one alone.

    What was said through a link in an old mail stands under the key of that time.
    """
    env = environment(session)
    if len(env.digester.keys) == 1:
        return [digest]
    row = session.execute(select(AddressRow.kind, AddressRow.sealed).where(AddressRow.digest == digest)).first()
    if row is None or row.sealed is None:
        return [digest]
    try:
        typed = env.sealer.open(row.sealed)
    except InvalidToken:  # its sealing key was pruned; whoever says no must be heard all the same
        return [digest]
    return list({digest, *env.digester.probes(parse_email(typed) if row.kind == "email" else parse_phone(typed))})


def owner_of(session: Session, digest: bytes) -> uuid.UUID | None:
    """Give the account that an address belongs to."""
    return session.scalar(select(ContactPoint.account_id).where(ContactPoint.address_digest == digest))


_KNOWN = """
    SELECT probe FROM unnest(%(probes)s::bytea[]) WITH ORDINALITY AS probes (probe, place)
     WHERE EXISTS (SELECT FROM address WHERE digest = probe)
        OR EXISTS (SELECT FROM contact_point WHERE address_digest = probe)
        OR EXISTS (SELECT FROM suppression WHERE address_digest = probe)
     ORDER BY place LIMIT 1"""
_LOCK_ABUSE = "SELECT pg_advisory_xact_lock(%(number)s::bigint)"
# Nobody acts for an account that was erased, whatever link or session names it.
_LOCK_ACCOUNT = "SELECT FROM account WHERE id = %(account)s AND status <> 'erased' FOR UPDATE"
_LOCK_ROW = "SELECT true FROM address WHERE digest = %(digest)s FOR UPDATE"

# Of an address that was forgotten, a link in an old mail still tells the digest.
_MAKE_ROW = """
    INSERT INTO address (digest, digest_key_id, kind, created_at) VALUES (%(digest)s, 'unknown', 'email', %(now)s)
    ON CONFLICT (digest) DO UPDATE SET digest = excluded.digest"""

_MEET_UNREAD = """
    INSERT INTO address (digest, digest_key_id, kind, created_at)
    SELECT digest, key_id, kind, %(now)s
      FROM unnest(%(digests)s::bytea[], %(keys)s::text[], %(kinds)s::text[]) AS met (digest, key_id, kind)
     ORDER BY digest
    ON CONFLICT (digest) DO UPDATE SET digest = excluded.digest"""

_FAMILY = """
    SELECT own.account_id, array_agg(every.address_digest)
      FROM contact_point AS own JOIN contact_point AS every ON every.account_id = own.account_id
     WHERE own.address_digest = %(digest)s GROUP BY own.account_id"""

# DO UPDATE rather than DO NOTHING: it locks the row that is there, and gives an erased one its text back.
_MEET = """
    INSERT INTO address (digest, digest_key_id, kind, abuse_digest, sealed, created_at)
    VALUES (%(digest)s, %(key)s, %(kind)s, %(abuse)s, %(sealed)s, %(now)s)
    ON CONFLICT (digest) DO UPDATE SET digest_key_id = excluded.digest_key_id,
                                       sealed = coalesce(address.sealed, excluded.sealed),
                                       abuse_digest = coalesce(address.abuse_digest, excluded.abuse_digest)"""


def _meet(session: Session, digest: bytes, abuse: bytes, address: Address) -> None:
    env = environment(session)
    row = {
        "digest": digest, "key": env.digester.key_ids(address)[digest], "kind": address.kind, "abuse": abuse,
        "sealed": env.sealer.seal(address.typed), "now": clock.now(),
    }  # fmt: skip
    run(session, _MEET, row)


def _primary_of(session: Session, account_id: uuid.UUID) -> bytes | None:
    return session.scalar(
        select(ContactPoint.address_digest).where(ContactPoint.account_id == account_id, ContactPoint.is_primary)
    )


def _lock_row(session: Session, digest: bytes) -> None:
    if run(session, _LOCK_ROW, {"digest": digest}).fetchone() is None:
        run(session, _MAKE_ROW, {"digest": digest, "now": clock.now()})


def _abuse_of(session: Session, digest: bytes) -> bytes:
    return session.scalar(select(AddressRow.abuse_digest).where(AddressRow.digest == digest)) or b""


def _family(session: Session, digest: bytes) -> tuple[uuid.UUID | None, set[bytes]]:
    """Give the owner of an address and all addresses of that owner."""
    found = run(session, _FAMILY, {"digest": digest}).fetchone()
    return (found[0], set(found[1])) if found else (None, set())


def _addresses_of(session: Session, account_id: uuid.UUID) -> set[bytes]:
    query = select(ContactPoint.address_digest).where(ContactPoint.account_id == account_id)
    return set(session.scalars(query))


def _hold(session: Session, owner: uuid.UUID | None, family: set[bytes], digest: bytes, abuse: bytes) -> Locked:
    """Lock the account, now that its addresses are, and see that both still belong together."""
    run(session, _LOCK_ACCOUNT, {"account": owner or NOBODY})
    if _family(session, digest) != (owner, family):
        raise StaleLocks
    return Locked(owner, tuple(sorted({digest, *family})), digest, abuse)
