"""What was answered to a request of a service, for when it asks again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Digest, Json


class AnsweredRequest(Base):
    """The answer to a request with an `Idempotency-Key`, kept for a day. No personal data."""

    __tablename__ = "answered_request"
    __table_args__ = (Index("ix_answered_request_created_at", "created_at"),)

    client_id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[Digest]
    """Keyed digest of what was asked."""
    status: Mapped[int]
    answer: Mapped[Json]
    created_at: Mapped[datetime]
