"""What other systems know people by, and what people asked through them. Of the account group."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, IdKey


class ExternalIdRow(Base):
    """What a client calls an account in one of its systems. Clients are told apart by name, as trusted evidence is."""

    __tablename__ = "external_id"
    __table_args__ = (Index("uq_external_id_client_system_value", "client", "system", "value", unique=True),)

    account_id: Mapped[IdKey]
    client: Mapped[str] = mapped_column(primary_key=True)
    system: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]
    created_at: Mapped[datetime]


class PrivacyReferral(Base):
    """Somebody told another system what is to become of their data; they were mailed to do it themselves.

    No personal data: like a `PrivacyRequest`, it outlives whom it is about.
    """

    __tablename__ = "privacy_referral"
    __table_args__ = (Index("ix_privacy_referral_id", "id"),)

    account_id: Mapped[IdKey]
    id: Mapped[IdKey]
    client: Mapped[str]
    brand: Mapped[str]
    kind: Mapped[str]
    through: Mapped[str]
    received_at: Mapped[datetime]
    due_at: Mapped[datetime]
    """When it must have been answered (GDPR art. 12(3))."""
    created_at: Mapped[datetime]
