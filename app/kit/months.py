"""Calendar months: "36 months after"."""

from __future__ import annotations

import calendar
from datetime import datetime


def months_after(moment: datetime, months: int) -> datetime:
    """Give the same day and time so many months later; on the last day of a month that is shorter."""
    years, month = divmod(moment.month - 1 + months, 12)
    year, month = moment.year + years, month + 1
    return moment.replace(year=year, month=month, day=min(moment.day, calendar.monthrange(year, month)[1]))
