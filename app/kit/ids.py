"""Identifiers that sort by the time they were made."""

from __future__ import annotations

import os
import uuid
from datetime import UTC, datetime

from app.kit import clock

_VERSION_7 = 0x7 << 76
_VARIANT_RFC = 0b10 << 62


def first_id_at(moment: datetime) -> uuid.UUID:
    """Give the smallest id that could be made at `moment`, to ask a primary key for what is older."""
    return uuid.UUID(int=int(moment.timestamp() * 1000) << 80)


def made_at(made: uuid.UUID) -> datetime:
    """Give the moment at which an id was made, to the millisecond."""
    return datetime.fromtimestamp((made.int >> 80) / 1000, UTC)


def new_id() -> uuid.UUID:
    """Make a UUIDv7 (RFC 9562, section 5.7): 48 bits of milliseconds, then 74 random bits."""
    milliseconds = int(clock.unix() * 1000)
    random = int.from_bytes(os.urandom(10))
    high = random >> 68 & 0xFFF
    low = random & ((1 << 62) - 1)
    return uuid.UUID(int=milliseconds << 80 | _VERSION_7 | high << 64 | _VARIANT_RFC | low)
