"""People who were asked whether what they agreed to is still right. Of the account group."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ARRAY, Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, IdKey


class CheckIn(Base):
    """One question: about what, when, and what came of it. At most one of an account is open.

    The job that asks keeps nothing else: whoever has an open row was asked, so that it may be killed at any moment.
    """

    __tablename__ = "check_in"
    __table_args__ = (
        Index("uq_check_in_open", "account_id", unique=True, postgresql_where=text("outcome = 'open'")),
        Index("ix_check_in_next_at", "next_at", "account_id", postgresql_where=text("outcome = 'open'")),
        Index("ix_check_in_closed_at", "closed_at", postgresql_where=text("closed_at IS NOT NULL")),
    )

    account_id: Mapped[IdKey]
    id: Mapped[IdKey]
    brand: Mapped[str]
    """Who asks: the house, or the group where it is about several."""
    item_ids: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    """What it asks about."""
    after_sequence: Mapped[int]
    """The account's last line in the ledger at the time: whatever the person did since comes after it."""
    asked_at: Mapped[datetime]
    reminded_at: Mapped[datetime | None]
    next_at: Mapped[datetime]
    """When the reminder is due, and after that the end."""
    message_id: Mapped[uuid.UUID]
    """Its last mail: without one that was sent, nothing runs out."""
    outcome: Mapped[str]
    closed_at: Mapped[datetime | None]
