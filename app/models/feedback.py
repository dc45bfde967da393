"""Why people left, if they said so. Of the account group."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, IdKey


class LeavingReason(Base):
    """What somebody answered after having left: one answer for a ledger line, the newest one they gave."""

    __tablename__ = "leaving_reason"
    __table_args__ = (
        Index("ix_leaving_reason_kept", "occurred_at", postgresql_where=text("sealed IS NOT NULL")),
    )  # fmt: skip

    account_id: Mapped[IdKey]
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Of the ledger line by which they left."""
    item_id: Mapped[int]
    brand: Mapped[str]
    code: Mapped[str]
    sealed: Mapped[bytes | None]
    """What they wrote in words of their own, if they did and until it is purged."""
    occurred_at: Mapped[datetime]
