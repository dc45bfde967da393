"""Times as clients write them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field

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
ActMoment = Annotated[
    Moment, AfterValidator(_not_long_ago), Field(json_schema_extra={"pattern": "^(19[7-9][0-9]|[2-9][0-9]{3})-"})
]  # fmt: skip
"""When somebody acted. The pattern says the years for the OpenAPI document."""
