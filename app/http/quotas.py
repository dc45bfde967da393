"""Quotas: how many requests a client may send in a minute, and the headers that tell it how many are left.

Headers after draft-ietf-httpapi-ratelimit-headers-11. Counts are kept where the limits per IP are: in the memory of
each worker, or in Redis for all of them together. Nothing is written to the database.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Sequence
from typing import NamedTuple

import structlog
from limits.storage import MemoryStorage

from app.environment import Environment
from app.http.extensions import limiter
from app.kit import clock

WINDOW_SECONDS = 60
POLICY = "requests"

log = structlog.get_logger(__name__)


class Allowance(NamedTuple):
    """What a client may still do in this minute. `left` is negative where it asked for more."""

    quota: int
    left: int
    seconds: int
    """Until the next minute, at least one."""

    @property
    def headers(self) -> Sequence[tuple[str, str]]:
        """The headers of every answer (structured fields, RFC 9651)."""
        return (
            ("RateLimit-Policy", f'"{POLICY}";q={self.quota};w={WINDOW_SECONDS}'),
            ("RateLimit", f'"{POLICY}";r={max(0, self.left)};t={self.seconds}'),
        )


class Minute:
    """The requests of this minute, by client, in the memory of this worker.

    The memory storage of `limits` would do, but starts a thread every ten milliseconds to clear up: 35 µs for each
    decision at 2,000 a second, measured, and more when there are fewer. This costs less than one.
    """

    def __init__(self) -> None:
        self._minute = 0
        self._used: dict[str, int] = {}
        self._lock = threading.Lock()

    def add(self, client_id: str, minute: int, units: int) -> int:
        """Count `units` more and give how many that makes."""
        with self._lock:
            if minute != self._minute:
                self._minute, self._used = minute, {}
            self._used[client_id] = used = self._used.get(client_id, 0) + units
            return used


_minutes: weakref.WeakKeyDictionary[Environment, Minute] = weakref.WeakKeyDictionary()


def charge(env: Environment, client_id: str, quota: int, units: int) -> Allowance | None:
    """Count `units` requests of a client and give what it has left.

    Minutes begin on the clock, so that one round trip to Redis tells all; around the turn of one, twice the quota
    fits. None where Redis can't be reached: no answer fails because of a count.
    """
    minute, second = divmod(int(clock.unix()), WINDOW_SECONDS)
    used = _count(env, client_id, minute, units)
    return None if used is None else Allowance(quota, quota - used, WINDOW_SECONDS - second)


def _count(env: Environment, client_id: str, minute: int, units: int) -> int | None:
    storage = limiter.storage
    if isinstance(storage, MemoryStorage):
        counted = _minutes.get(env) or _minutes.setdefault(env, Minute())
        return counted.add(client_id, minute, units)
    try:
        return storage.incr(f"quota/{client_id}/{minute}", WINDOW_SECONDS, units)
    except storage.base_exceptions as problem:
        log.warning("quota_not_counted", fault=type(problem).__name__)
        return None
