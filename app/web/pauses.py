"""How long something may be paused: some months, each told by the day on which it goes on."""

from __future__ import annotations

from datetime import datetime

from app.kit import clock
from app.web.sayings import day

MONTHS = (1, 3, 6, 12)


def offered(now: datetime, locale: str) -> tuple[tuple[int, str], ...]:
    """Give the months that can be chosen, each with its last day in words."""
    return tuple((months, day(_later(now, months), locale)) for months in MONTHS)


def end_of(months: str, now: datetime) -> datetime:
    """Give the moment on which a pause of so many months is over: a midnight (UTC). Raises `ValueError`."""
    if months not in {str(each) for each in MONTHS}:
        raise ValueError(months)
    return _later(now, int(months))


def _later(now: datetime, months: int) -> datetime:
    return clock.shifted(now.replace(hour=0, minute=0, second=0, microsecond=0), months)
