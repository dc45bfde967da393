"""The only place that reads the wall clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def now() -> datetime:
    """Give the present moment in UTC, to the microsecond."""
    return datetime.now(UTC)


def unix() -> float:
    """Give the present moment in seconds since 1970, for signatures and tokens that count so."""
    return time.time()
