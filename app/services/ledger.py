"""The append-only ledger: every change of a consent is one line, chained by keyed macs within its account.

A line's `mac` is HMAC-SHA-256 (RFC 2104), under a key outside the database, over the previous mac of the account
and the canonical line. Someone who can write to the tables but lacks the key can neither change, remove in the middle,
nor insert a line unnoticed; removal at the end is caught against the feed positions (`services.verification`).
Personal data is kept out of the line: it goes to `event_detail`, of which the line holds the salted hash.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from app.db import Session, run
from app.environment import environment
from app.kit import clock
from app.kit.digests import key_id
from app.kit.provenance import Provenance
from app.models import Account, Consent, ConsentEvent, EventDetail
from app.services import folding
from app.services.folding import RESULT, Action, Line, State, Status

FIRST_MAC = bytes(32)
"""What stands in for the previous mac of an account's first line."""

_COMPACT = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True)
_STATE_COLUMNS = State._fields
_STATE = [getattr(Consent, name) for name in _STATE_COLUMNS]


@dataclass(frozen=True, slots=True)
class Entry:
    """One change to write. `detail` is personal evidence; `attributes` must hold none."""

    item_id: int
    action: Action
    legal_basis: str = "consent"
    occurred_at: datetime | None = None
    notice_digest: bytes | None = None
    document_version: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Head:
    """Where the lines of an account stand: the last one, and what all of them lead to for the items at hand."""

    account_id: uuid.UUID
    sequence: int
    mac: bytes
    states: dict[int, State | None]


def append(session: Session, account: Account, entries: Sequence[Entry], provenance: Provenance) -> list[Line]:
    """Write one line for each entry, with its detail, its place in the queue for the feed, and its consent row.

    The account row must be locked by the caller (`services.locks`): sequence and mac continue from its head.
    Changing entries on an item without a row (pausing what was never granted) are a fault of the caller.
    """
    if not entries:
        return []
    states = present(session, account.id, [entry.item_id for entry in entries])
    head = Head(account.id, account.last_sequence, account.last_mac, states)
    key = environment(session).settings.ledger_keys[-1]
    written = [extend(head, entry, provenance, key) for entry in entries]
    account.last_sequence, account.last_mac = head.sequence, head.mac
    events = [event for event, _detail in written]
    _store(session, events, [detail for _event, detail in written])
    project(session, account.id, head.states)
    return [line_of(event) for event in events]


def extend(head: Head, entry: Entry, provenance: Provenance, key: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Make the next line of an account, chained to its last one, and its detail; `head` goes on to it."""
    state = head.states.get(entry.item_id)
    status = RESULT.get(entry.action, state.status if state else None)
    event, detail = build(head.account_id, head.sequence + 1, entry, status, provenance, key)
    event["mac"] = head.mac = mac(key, head.mac, event)
    head.sequence = event["sequence"]
    line = Line(
        head.sequence, entry.item_id, entry.action, status, event["occurred_at"], event["recorded_at"],
        entry.legal_basis, event["source"], entry.document_version, event["attributes"],
    )  # fmt: skip
    head.states[entry.item_id] = folding.apply(state, line)
    return event, detail


def present(session: Session, account_id: uuid.UUID, item_ids: Sequence[int] | None = None) -> dict[int, State | None]:
    """Read the consent rows of an account, of all items or of `item_ids`; absent rows are absent keys."""
    wanted = None if item_ids is None else list(item_ids)
    found = run(session, _PRESENT, {"account": account_id, "items": wanted})
    return {item_id: State(Status(status), *rest) for item_id, status, *rest in found}


_PRESENT = """
    SELECT item_id, status, granted_at, confirmed_at, withdrawn_at, expires_at, paused_until, frequency, legal_basis,
           document_version, source, updated_at, last_sequence
      FROM consent WHERE account_id = %(account)s AND (%(items)s::int[] IS NULL OR item_id = ANY(%(items)s))"""


def present_of(session: Session, account_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, dict[int, State]]:
    """Read the consent rows of many accounts, by account and item."""
    query = select(Consent.account_id, Consent.item_id, *_STATE).where(Consent.account_id.in_(list(account_ids)))
    found: dict[uuid.UUID, dict[int, State]] = {}
    for account_id, item_id, status, *rest in session.execute(query):
        found.setdefault(account_id, {})[item_id] = State(Status(status), *rest)
    return found


def canonical(event: Mapping[str, Any]) -> bytes:
    """Write a line as the bytes its mac covers: a JSON array of its columns in a fixed order.

    Times are in UTC to the microsecond, bytes in hex, attributes with sorted keys.
    """
    fields = [
        str(event["account_id"]), event["sequence"], event["item_id"], event["action"], event["status"],
        _time(event["occurred_at"]), _time(event["recorded_at"]), event["legal_basis"], event["source"],
        event["actor_kind"], event["actor_id"], event["locale"], _hex(event["notice_digest"]),
        event["document_version"], event["attributes"], _hex(event["detail_hash"]), event["ledger_key_id"],
    ]  # fmt: skip
    return _COMPACT.encode(fields).encode()


def mac(key: str, previous: bytes, event: Mapping[str, Any]) -> bytes:
    """Chain a line to the one before it."""
    return hmac.digest(key.encode(), previous + canonical(event), "sha256")


def detail_hash(salt: bytes, detail: Mapping[str, Any]) -> bytes:
    """Hash a detail under its salt, so that the line can prove it and outlive it."""
    return hashlib.sha256(salt + _COMPACT.encode(detail).encode()).digest()


def build(
    account_id: uuid.UUID, sequence: int, entry: Entry, status: Status | None, provenance: Provenance, key: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Make the rows of a line (its mac still to come) and of its detail."""
    salt = os.urandom(16)
    detail = {**provenance.as_detail(), **entry.detail}
    now = clock.now()
    event = {
        "account_id": account_id,
        "sequence": sequence,
        "item_id": entry.item_id,
        "action": entry.action.value,
        "status": status.value if status else None,
        "occurred_at": entry.occurred_at or now,
        "recorded_at": now,
        "legal_basis": entry.legal_basis,
        "source": provenance.source.value,
        "actor_kind": provenance.actor.kind.value,
        "actor_id": provenance.actor.id,
        "locale": provenance.locale,
        "notice_digest": entry.notice_digest,
        "document_version": entry.document_version,
        "attributes": dict(entry.attributes),
        "detail_hash": detail_hash(salt, detail),
        "ledger_key_id": key_id(key),
    }
    return event, {"account_id": account_id, "sequence": sequence, "salt": salt, "detail": detail}


def line_of(event: Mapping[str, Any]) -> Line:
    """Give the part of a line that folding reads."""
    return Line(
        sequence=event["sequence"],
        item_id=event["item_id"],
        action=Action(event["action"]),
        status=Status(event["status"]) if event["status"] else None,
        occurred_at=event["occurred_at"],
        recorded_at=event["recorded_at"],
        legal_basis=event["legal_basis"],
        source=event["source"],
        document_version=event["document_version"],
        attributes=event["attributes"],
    )


def _store(session: Session, events: list[dict[str, Any]], details: list[dict[str, Any]]) -> None:
    session.flush()
    session.execute(insert(ConsentEvent), events)
    session.execute(insert(EventDetail), details)
    session.execute(
        _PENDING, {"account": events[0]["account_id"], "first": events[0]["sequence"], "last": events[-1]["sequence"]}
    )


_PENDING = text(
    "INSERT INTO feed_pending (account_id, sequence, transaction_id) "
    "SELECT :account, generate_series(CAST(:first AS bigint), CAST(:last AS bigint)), "
    "pg_current_xact_id()::text::bigint"
)


def project(session: Session, account_id: uuid.UUID, states: Mapping[int, State | None]) -> None:
    """Bring the consent rows of an account to what its lines lead to."""
    gone = [item_id for item_id, state in states.items() if state is None]
    if gone:
        session.execute(delete(Consent).where(Consent.account_id == account_id, Consent.item_id.in_(gone)))
    rows = [
        {"account_id": account_id, "item_id": item_id, **state._asdict()} for item_id, state in states.items() if state
    ]
    if rows:
        statement = upsert(Consent)
        changed = {name: statement.excluded[name] for name in _STATE_COLUMNS}
        session.execute(statement.on_conflict_do_update(index_elements=["account_id", "item_id"], set_=changed), rows)


def _time(moment: datetime) -> str:
    # Half the time of strftime, and years before 1000 have their four digits.
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def _hex(value: bytes | None) -> str | None:
    return value.hex() if value is not None else None
