"""Ages: how old somebody is on a day."""

from __future__ import annotations

import re
from datetime import date

OLDEST = 130
"""Years; nobody was ever known to live longer."""


def read_day(text: str) -> date | None:
    """Read a day written as 2001-12-31; None for anything else."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text.strip()):
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def age_on(day: date, born: date) -> int:
    """Give the completed years of somebody born on a day; on 29 February they are completed on 1 March."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
