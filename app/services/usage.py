"""How much each client uses the API: counted in memory, written down now and then, never while a request waits.

A web worker counts into a `Counter` of its own and `write_down` adds what came together to the table, every few seconds
and when the worker stops (`app.api.metering`). A worker that is killed loses what it counted since the last time.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from app.db import Session
from app.environment import Environment
from app.kit import clock
from app.models import ApiUsage

KEPT = timedelta(days=400)
"""A year, and a month to compare it with."""
SECONDS_A_DAY = 86_400
FIRST_DAY = date(1970, 1, 1)


class Key(NamedTuple):
    """What is counted apart."""

    day: date
    client_id: str
    operation: str


class Counts(NamedTuple):
    """Requests that came, what they count as, and how many of them were above the quota."""

    requests: int
    units: int
    refused: int


class Counter:
    """Counts of one process, to which several threads add. Plain lists: each decision adds here."""

    def __init__(self) -> None:
        self._counts: dict[tuple[int, str, str], list[int]] = {}
        self._lock = threading.Lock()

    def add(self, client_id: str, operation: str, requests: int, units: int, refused: int) -> None:
        """Count more for today."""
        self._add((int(clock.unix()) // SECONDS_A_DAY, client_id, operation), requests, units, refused)

    def take(self) -> Mapping[Key, Counts]:
        """Give what was counted, and begin anew."""
        with self._lock:
            taken, self._counts = self._counts, {}
        return {
            Key(FIRST_DAY + timedelta(days=day), client_id, operation): Counts(*counts)
            for (day, client_id, operation), counts in taken.items()
        }

    def put_back(self, taken: Mapping[Key, Counts]) -> None:
        """Count what was taken once more."""
        for key, counts in taken.items():
            self._add(((key.day - FIRST_DAY).days, key.client_id, key.operation), *counts)

    def _add(self, key: tuple[int, str, str], requests: int, units: int, refused: int) -> None:
        with self._lock:
            counts = self._counts.get(key)
            if counts is None:
                counts = self._counts[key] = [0, 0, 0]
            counts[0] += requests
            counts[1] += units
            counts[2] += refused


_counters: weakref.WeakKeyDictionary[Environment, Counter] = weakref.WeakKeyDictionary()


def counter(env: Environment) -> Counter:
    """Give the counter of this process."""
    found = _counters.get(env)
    return found if found is not None else _counters.setdefault(env, Counter())


def write_down(env: Environment) -> int:
    """Add what this process counted to the table; give how many rows that were.

    What can't be written, as while the database is away, is counted again the next time; the failure is raised.
    """
    counted = counter(env)
    taken = counted.take()
    if not taken:
        return 0
    try:
        env.database.write(lambda session: _add(session, taken))
    except Exception:
        counted.put_back(taken)
        raise
    return len(taken)


def _add(session: Session, taken: Mapping[Key, Counts]) -> None:
    # In one order, so that two workers which write at once wait for each other instead of forever.
    rows = [{**key._asdict(), **taken[key]._asdict()} for key in sorted(taken)]
    new = insert(ApiUsage).values(rows)
    more = {name: getattr(ApiUsage, name) + new.excluded[name] for name in Counts._fields}
    session.execute(new.on_conflict_do_update(index_elements=list(Key._fields), set_=more))


def since(session: Session, first: date, client_id: str | None = None) -> Sequence[ApiUsage]:
    """List what was written down since a day, of one client or of all, by day, client and operation."""
    asked = select(ApiUsage).where(ApiUsage.day >= first)
    if client_id is not None:
        asked = asked.where(ApiUsage.client_id == client_id)
    return session.scalars(asked.order_by(ApiUsage.day, ApiUsage.client_id, ApiUsage.operation)).all()


def purge(session: Session) -> int:
    """Forget counts after `KEPT`; give how many rows."""
    old = delete(ApiUsage).where(ApiUsage.day < clock.now().date() - KEPT)
    return session.connection().execute(old).rowcount
