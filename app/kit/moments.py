"""Times as other systems read them."""

from __future__ import annotations

from datetime import UTC, datetime

FIRST_YEAR = 1970
"""Nobody acted before, as far as other systems know: an earlier year is a mistake."""


def shown(moment: datetime | None) -> str | None:
    """Write a time in UTC after RFC 3339, with microseconds where there are any: `2026-11-21T10:00:00Z`."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"
