"""The only place that reads the wall clock."""

from __future__ import annotations

import time
from calendar import monthrange
from datetime import UTC, datetime


def now() -> datetime:
    """Give the present moment in UTC, to the microsecond."""
    return datetime.now(UTC)


def shifted(moment: datetime, months: int) -> datetime:
    """Give the moment so many calendar months later, or earlier; a month too short for its day has its last one."""
    year, month = divmod(moment.month - 1 + months, 12)
    last = monthrange(moment.year + year, month + 1)[1]
    return moment.replace(year=moment.year + year, month=month + 1, day=min(moment.day, last))


def unix() -> float:
    """Give the present moment in seconds since 1970, for signatures and tokens that count so."""
    return time.time()
