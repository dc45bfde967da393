"""Times as clients write them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator

from app.kit.moments import FIRST_YEAR


def _written_out(value: object) -> object:
    # Pydantic would also take seconds since 1970, which the document does not promise.
    if isinstance(value, str) and "T" in value.upper():
        return value
    raise ValueError("must be a time such as 2026-11-21T10:00:00Z (RFC 3339)")


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("is out of range") from None


def _not_long_ago(value: datetime) -> datetime:
    if value.year < FIRST_YEAR:
        raise ValueError(f"must be of {FIRST_YEAR} or later")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_written_out), AfterValidator(_in_utc)]
ActMoment = Annotated[Moment, AfterValidator(_not_long_ago)]
"""When somebody acted."""
