"""What people ask about their own data, and what was put together for them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, IdKey


class PrivacyRequest(Base):
    """Someone asked for a copy of their data, to hold it still, or to erase it. No personal data: it outlives them."""

    __tablename__ = "privacy_request"
    __table_args__ = (
        Index("uq_privacy_request_open", "account_id", "kind", unique=True, postgresql_where=text("state = 'open'")),
        Index("ix_privacy_request_id", "id"),
        Index("ix_privacy_request_due_at", "due_at", postgresql_where=text("state = 'open'")),
    )

    account_id: Mapped[IdKey]
    id: Mapped[IdKey]
    kind: Mapped[str]
    state: Mapped[str]
    brand: Mapped[str]
    locale: Mapped[str]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    """When it is carried out, unless it is stopped before."""
    closed_at: Mapped[datetime | None]


class PrivacyExport(Base):
    """The copy that was put together for a request: a zip, sealed, for a few days."""

    __tablename__ = "privacy_export"
    __table_args__ = (Index("ix_privacy_export_expires_at", "expires_at"),)

    account_id: Mapped[IdKey]
    request_id: Mapped[IdKey]
    sealed: Mapped[bytes] = mapped_column(deferred=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
