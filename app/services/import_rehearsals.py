"""What a dry run remembers of its earlier batches, so that it tells of the later ones what would really come of them.

Rows of a table of their own, by digest of the address or account id; they go when the job ends.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from app.db import Session, run
from app.services.crowds import Person
from app.services.folding import State, Status
from app.services.suppressions import Wish

_TIMES = tuple(name for name in State._fields if name.endswith(("_at", "_until")))
STATES, YES_AT, NOTED = "states", "yes_at", "noted"


def recall(session: Session, job_id: uuid.UUID, people: Iterable[Person]) -> None:
    """Bring people to where the dry run left them."""
    by_key = {person.key: person for person in people}
    for key, told in _recalled(session, job_id, by_key).items():
        person = by_key[key]
        person.head.states.update({int(item): _state(state) for item, state in told.get(STATES, {}).items()})
        person.yes_at.update({int(item): datetime.fromisoformat(at) for item, at in told.get(YES_AT, {}).items()})


def unknown(session: Session, job_id: uuid.UUID, wishes: Sequence[Wish]) -> list[Wish]:
    """Leave out what was wished for before in the dry run, and what is wished for twice."""
    recalled = _recalled(session, job_id, {_address_key(wish.digest) for wish in wishes})
    known = {(key, name) for key, told in recalled.items() for name in told.get(NOTED, [])}
    found = []
    for wish in wishes:
        named = (_address_key(wish.digest), _named(wish))
        if named not in known:
            known.add(named)
            found.append(wish)
    return found


def remember(session: Session, job_id: uuid.UUID, people: Iterable[Person], wishes: Iterable[Wish]) -> None:
    """Keep what became of people and of addresses."""
    told: dict[bytes, dict[str, Any]] = {}
    for person in people:
        if person.written:
            items = {event["item_id"] for event, _detail in person.written}
            states = {str(item): state._asdict() for item in items if (state := person.state(item)) is not None}
            yes_at = {str(item): person.yes_at[item] for item in items if item in person.yes_at}
            told[person.key] = {STATES: states, YES_AT: yes_at}
    for wish in wishes:
        told.setdefault(_address_key(wish.digest), {}).setdefault(NOTED, []).append(_named(wish))
    before = _recalled(session, job_id, told)
    rows = {
        key: json.dumps(_joined(before.get(key, {}), each), default=datetime.isoformat) for key, each in told.items()
    }
    run(session, _REMEMBER, {"job": job_id, "keys": list(rows), "told": list(rows.values())})


def _joined(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    joined = dict(before)
    for name, value in now.items():
        known = joined.get(name)
        joined[name] = {**known, **value} if isinstance(known, dict) else [*(known or []), *value] if known else value
    return joined


def _recalled(session: Session, job_id: uuid.UUID, keys: Iterable[bytes]) -> dict[bytes, dict[str, Any]]:
    rows = run(session, _RECALL, {"job": job_id, "keys": list(keys)})
    return {bytes(row[0]): row[1] for row in rows}


def _state(told: Mapping[str, Any]) -> State:
    times = {name: datetime.fromisoformat(told[name]) if told[name] else None for name in _TIMES}
    return State(**{**told, **times, "status": Status(told["status"])})


def _address_key(digest: bytes) -> bytes:
    """Name an address apart from the person who may have it."""
    return b"address:" + digest


def _named(wish: Wish) -> str:
    return f"{wish.scope.brand}:{wish.scope.channel}:{wish.reason}"


_RECALL = "SELECT person, told FROM import_rehearsal WHERE job_id = %(job)s AND person = ANY(%(keys)s::bytea[])"
_REMEMBER = """
    INSERT INTO import_rehearsal (job_id, person, told)
    SELECT %(job)s, person, told::jsonb FROM unnest(%(keys)s::bytea[], %(told)s::text[]) AS kept (person, told)
    ON CONFLICT (job_id, person) DO UPDATE SET told = excluded.told"""
