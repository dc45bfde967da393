"""Dates as files write them: ISO 8601, as Go prints them, or as `strptime` has it."""

from __future__ import annotations

import re
from datetime import UTC, datetime

ISO, GO = "iso", "go"
_GO = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.\d+)? ([+-]\d{4})( .*)?")
_SAMPLE = datetime(2001, 12, 28, 13, 5, 59, tzinfo=UTC)


def checked(form: str) -> str:
    """Give a format back that dates can be read by; raise `ValueError` for any other.

    `strptime` makes a regular expression of a format, and fails in its own ways on one that says something twice.
    """
    if form not in (ISO, GO):
        try:
            datetime.strptime(_SAMPLE.strftime(form), form)  # noqa: DTZ007 - only tried
        except (ValueError, re.error):
            raise ValueError("is no format of dates such as %d/%m/%Y, or says something twice") from None
    return form


def read(text: str, form: str) -> datetime | None:
    """Read a date; None where it is written in another way. It has a time zone only where the text names one."""
    try:
        if form == ISO:
            return datetime.fromisoformat(text)
        if form == GO:
            found = _GO.fullmatch(text)
            return datetime.strptime(f"{found[1]} {found[2]}", "%Y-%m-%d %H:%M:%S %z") if found else None
        return datetime.strptime(text, form)  # noqa: DTZ007 - the zone of the layout is put in by the caller
    except ValueError:
        return None


def is_day(text: str) -> bool:
    """Tell whether a date has no time of day."""
    return ":" not in text and "T" not in text
