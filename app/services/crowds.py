"""Many people at once, held and read in a few statements, and their new lines written by COPY.

The locks are those of `services.locks`, in its order; the lines are made by `ledger.extend` and folded as everywhere,
so that nothing tells them from others. Mails are never queued here, hence there are no locks on mailboxes.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter, itemgetter
from typing import Any

from psycopg import Connection, sql

from app.db import Session, run
from app.environment import Environment, environment
from app.errors import StaleLocks
from app.kit import clock, ids
from app.kit.addresses import Address
from app.kit.provenance import Provenance
from app.models import Consent, ConsentEvent, EventDetail
from app.services import accounts, ledger, stored_digests, streaming
from app.services.folding import State
from app.services.ledger import FIRST_MAC, Entry, Head
from app.services.stored_digests import array, key_id

Row = Sequence[Any]
COLUMNS: Mapping[str, Sequence[str]] = {
    "account": ("id", "kind", "status", "locale", "profile", "created_at", "last_sequence", "last_mac"),
    "contact_point": ("address_digest", "account_id", "kind", "verified_at", "is_primary"),
    "consent_event": [column.name for column in ConsentEvent.__table__.columns],
    "event_detail": [column.name for column in EventDetail.__table__.columns],
    "consent": [column.name for column in Consent.__table__.columns],
    "feed_pending": ("account_id", "sequence", "transaction_id"),
}  # fmt: skip
_STATE = attrgetter(*COLUMNS["consent"][2:])
_EVENT, _ATTRIBUTES = itemgetter(*COLUMNS["consent_event"]), COLUMNS["consent_event"].index("attributes")


@dataclass(slots=True)
class Person:
    """Somebody in the crowd: an account, or an address that may become one."""

    head: Head
    is_new: bool
    locale: str
    digests: tuple[bytes, ...]
    digest: bytes = b""
    """The address that a new account is to have."""
    yes_at: dict[int, datetime] = field(default_factory=dict)
    """When the last yes on record to an item was said, by item id."""
    had: frozenset[int] = frozenset()
    """Items with a consent row in the database."""
    written: list[tuple[dict[str, Any], dict[str, Any]]] = field(default_factory=list)
    """New lines with their details."""

    @property
    def key(self) -> bytes:
        """Name the person: by the account, or as long as there is none by the address."""
        return self.digest if self.is_new else self.head.account_id.bytes

    def state(self, item_id: int) -> State | None:
        """Give how an item stands, new lines included."""
        return self.head.states.get(item_id)

    def add(self, entry: Entry, provenance: Provenance, key: str) -> str:
        """Add a line; give its action."""
        event, detail = ledger.extend(self.head, entry, provenance, key)
        self.written.append((event, detail))
        return str(event["action"])


@dataclass(frozen=True, slots=True)
class Crowd:
    """Those that were asked for, by what they were asked for with; who is not known is left out."""

    by_address: Mapping[str, Person]
    by_account: Mapping[uuid.UUID, Person]
    digests: Mapping[str, bytes]
    """Of all addresses, by their normal form."""

    def find(self, subject: Address | uuid.UUID) -> Person | None:
        """Give the person behind an address or account id."""
        return self.by_address.get(subject.normal) if isinstance(subject, Address) else self.by_account.get(subject)

    @property
    def people(self) -> list[Person]:
        """Give everybody once."""
        return list({id(each): each for each in (*self.by_address.values(), *self.by_account.values())}.values())


def gather(
    session: Session, met: Sequence[tuple[Address, str]], noted: Sequence[Address],
    account_ids: Collection[uuid.UUID], *, is_rehearsal: bool = False,
) -> Crowd:  # fmt: skip
    """Lock and read everybody behind some addresses and accounts. A rehearsal reads them only.

    `met` are addresses with the locale of the account that each gets when nobody has it (e-mail only); nobody new is
    made of those of `noted`, and new ones are added as digests alone. Raises `StaleLocks`.
    """
    env, people = environment(session), [address for address, _locale in met]
    run(session, _PLAN_EACH_TIME, {})
    digests = stored_digests.of(session, (*people, *noted))
    owners = _owners(session, digests.values())
    families = _families(session, {*owners.values(), *account_ids})
    if not is_rehearsal:
        _lock_addresses(session, env, digests, people, noted, owners, families)
    heads = _accounts(session, families, is_rehearsal=is_rehearsal)
    if not is_rehearsal and (_owners(session, digests.values()), _families(session, families)) != (owners, families):
        raise StaleLocks
    known = _people(session, heads, families)
    by_address: dict[str, Person] = {}
    for address, locale in met:
        owner = owners.get(digests[address.normal])
        if owner in known:
            by_address[address.normal] = known[owner]
        elif owner is None and address.kind == "email" and address.normal not in by_address:
            by_address[address.normal] = _newcomer(digests[address.normal], locale)
    for address in noted:
        if (owner := owners.get(digests[address.normal])) in known:
            by_address.setdefault(address.normal, known[owner])
    by_account = {each: known[each] for each in account_ids if each in known}
    return Crowd(by_address, by_account, digests)


def write(session: Session, people: Iterable[Person]) -> None:
    """Write the new lines of people who are held: with details, places in the queue for the feed, and consent rows."""
    rows: dict[str, list[Row]] = {table: [] for table in COLUMNS}
    changed: list[Person] = []
    transaction = run(session, "SELECT pg_current_xact_id()::text::bigint", {}).fetchone()
    for person in people:
        if not person.written:
            continue
        if person.is_new:
            _add_account(rows, person)
        else:
            changed.append(person)
        for event, detail in person.written:
            values = list(_EVENT(event))
            values[_ATTRIBUTES] = json.dumps(event["attributes"]) if event["attributes"] else "{}"
            rows["consent_event"].append(values)
            rows["event_detail"].append(
                (detail["account_id"], detail["sequence"], detail["salt"], json.dumps(detail["detail"]))
            )
            rows["feed_pending"].append((event["account_id"], event["sequence"], transaction[0] if transaction else 0))
        _add_consents(session, rows["consent"], person)
    run(session, _MOVE_HEADS, {
        "accounts": [each.head.account_id for each in changed], "sequences": [each.head.sequence for each in changed],
        "macs": array(each.head.mac for each in changed),
    })  # fmt: skip
    connection = streaming.driver(session)
    for table, some in rows.items():
        if some:
            _copy(connection, table, some)


def _add_account(rows: dict[str, list[Row]], person: Person) -> None:
    """Add the rows of a lite account, as `accounts.create_lite` makes them."""
    head = person.head
    rows["account"].append(
        (head.account_id, accounts.LITE, accounts.ACTIVE, person.locale, "{}", clock.now(), head.sequence, head.mac)
    )
    rows["contact_point"].append((person.digest, head.account_id, "email", None, True))


def _add_consents(session: Session, rows: list[Row], person: Person) -> None:
    """Add the consent rows that are new; those that are there already are changed at once."""
    told = {event["item_id"]: person.state(event["item_id"]) for event, _detail in person.written}
    account_id = person.head.account_id
    rows += [(account_id, item_id, *_STATE(state)) for item_id, state in told.items()
             if state is not None and item_id not in person.had]  # fmt: skip
    if known := {item_id: state for item_id, state in told.items() if item_id in person.had}:
        ledger.project(session, account_id, known)


def _copy(connection: Connection[Any], table: str, rows: Iterable[Row]) -> None:
    names = sql.SQL(", ").join(map(sql.Identifier, COLUMNS[table]))
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def _owners(session: Session, digests: Iterable[bytes]) -> dict[bytes, uuid.UUID]:
    return dict(run(session, _OWNERS, {"digests": array(digests)}).fetchall())


def _families(session: Session, account_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, tuple[tuple[bytes, str], ...]]:
    """Give the addresses of accounts with their kinds, by account; also of those that have none."""
    found: dict[uuid.UUID, list[tuple[bytes, str]]] = {each: [] for each in account_ids}
    for account_id, digest, kind in run(session, _FAMILIES, {"accounts": list(account_ids)}):
        found[account_id].append((digest, kind))
    return {account_id: tuple(sorted(each)) for account_id, each in found.items()}


def _lock_addresses(
    session: Session, env: Environment, digests: Mapping[str, bytes], met: Iterable[Address], noted: Iterable[Address],
    owners: Mapping[bytes, uuid.UUID], families: Mapping[uuid.UUID, tuple[tuple[bytes, str], ...]],
) -> None:  # fmt: skip
    """Lock all addresses by ascending digest, in one statement; those that are new are added.

    Only what somebody new is met by is sealed, which costs more than all else about it. Numbers that nobody has are
    not kept.
    """
    rows: dict[bytes, Row] = {
        digest: (digest, "unknown", kind, None, None) for family in families.values() for digest, kind in family
    }
    for address in noted:
        digest = digests[address.normal]
        rows.setdefault(digest, (digest, key_id(env, address, digest), address.kind, None, None))
    for address in met:
        digest = digests[address.normal]
        if digest not in owners and address.kind == "email":
            sealed, abuse = env.sealer.seal(address.typed), env.digester.abuse(address)
            rows[digest] = (digest, key_id(env, address, digest), address.kind, abuse, sealed)
    ordered = [rows[digest] for digest in sorted(rows)]
    run(session, _MEET, {
        "digests": array(row[0] for row in ordered), "keys": f"{{{','.join(row[1] for row in ordered)}}}",
        "kinds": f"{{{','.join(row[2] for row in ordered)}}}", "abuses": array(row[3] for row in ordered),
        "texts": array(row[4] for row in ordered), "now": clock.now(),
    })  # fmt: skip


def _accounts(
    session: Session, account_ids: Collection[uuid.UUID], *, is_rehearsal: bool
) -> dict[uuid.UUID, tuple[str, int, bytes]]:
    query = _READ_ACCOUNTS if is_rehearsal else _LOCK_ACCOUNTS
    rows = run(session, query, {"accounts": sorted(account_ids)})
    return {row[0]: (row[1], row[2], row[3]) for row in rows.fetchall()}


def _people(
    session: Session, heads: Mapping[uuid.UUID, tuple[str, int, bytes]],
    families: Mapping[uuid.UUID, tuple[tuple[bytes, str], ...]],
) -> dict[uuid.UUID, Person]:  # fmt: skip
    states = ledger.present_of(session, heads) if heads else {}
    found = {
        account_id: Person(
            Head(account_id, sequence, mac, dict(states.get(account_id, {}))), is_new=False, locale=locale,
            digests=tuple(digest for digest, _kind in families[account_id]),
            had=frozenset(states.get(account_id, {})),
        )
        for account_id, (locale, sequence, mac) in heads.items()
    }  # fmt: skip
    for account_id, item_id, at in run(session, _LAST_YES, {"accounts": list(heads)}) if heads else ():
        found[account_id].yes_at[item_id] = at
    return found


def _newcomer(digest: bytes, locale: str) -> Person:
    head = Head(ids.new_id(), 0, FIRST_MAC, {})
    return Person(head, is_new=True, locale=locale, digests=(digest,), digest=digest)


# A plan that was made while a table was empty reads all of it, and would be kept until the next ANALYZE.
_PLAN_EACH_TIME = "SET LOCAL plan_cache_mode = force_custom_plan"
# A join, as the array is no constant: with ANY it would be read anew for each row of the table.
_OWNERS = """
    SELECT p.address_digest, p.account_id FROM unnest(%(digests)s::text::bytea[]) AS asked (digest)
      JOIN contact_point AS p ON p.address_digest = asked.digest"""
_FAMILIES = """
    SELECT account_id, address_digest, kind FROM contact_point WHERE account_id = ANY(%(accounts)s::uuid[])"""

# Rows that the condition leaves as they are get locked all the same (PostgreSQL, INSERT), and no new version.
_MEET = """
    INSERT INTO address (digest, digest_key_id, kind, abuse_digest, sealed, created_at)
    SELECT digest, key_id, kind, abuse, sealed, %(now)s
      FROM unnest(%(digests)s::text::bytea[], %(keys)s::text[], %(kinds)s::text[],
                  %(abuses)s::text::bytea[], %(texts)s::text::bytea[])
        AS met (digest, key_id, kind, abuse, sealed)
     ORDER BY digest
    ON CONFLICT (digest) DO UPDATE SET digest_key_id = excluded.digest_key_id, sealed = excluded.sealed,
                                       abuse_digest = coalesce(address.abuse_digest, excluded.abuse_digest)
     WHERE address.sealed IS NULL AND excluded.sealed IS NOT NULL"""

_READ_ACCOUNTS = """
    SELECT id, locale, last_sequence, last_mac FROM account
     WHERE id = ANY(%(accounts)s::uuid[]) AND status <> 'erased'"""
_LOCK_ACCOUNTS = f"{_READ_ACCOUNTS} ORDER BY id FOR UPDATE"
_MOVE_HEADS = """
    UPDATE account SET last_sequence = moved.sequence, last_mac = moved.mac
      FROM unnest(%(accounts)s::uuid[], %(sequences)s::bigint[], %(macs)s::text::bytea[]) AS moved (id, sequence, mac)
     WHERE account.id = moved.id"""
_LAST_YES = """
    SELECT account_id, item_id, max(occurred_at) FROM consent_event
     WHERE account_id = ANY(%(accounts)s::uuid[]) AND action IN ('granted', 'renewed')
       AND legal_basis NOT IN ('soft_opt_in', 'implied')
     GROUP BY account_id, item_id"""
