"""What people tell about themselves, and when they did. Of the account group."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, IdKey, Json


class ProfileRow(Base):
    """A field of somebody's profile. What it says is sealed; `kind` is not, so that a decision sees a postal address.

    `kind` is that of the declaration it was filled in by: a later one of the same key may be of another.
    """

    __tablename__ = "profile_field"
    __table_args__ = (Index("ix_profile_field_address", "account_id", postgresql_where=text("kind = 'address'")),)

    account_id: Mapped[IdKey]
    key: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    sealed: Mapped[bytes]
    updated_at: Mapped[datetime]


class ProfileChange(Base):
    """A field was set, changed or removed. What it said before is not kept: what one removes is gone."""

    __tablename__ = "profile_change"

    account_id: Mapped[IdKey]
    id: Mapped[IdKey]
    key: Mapped[str]
    action: Mapped[str]
    brand: Mapped[str]
    """The house or group on whose page it was done."""
    occurred_at: Mapped[datetime]
    provenance: Mapped[Json]
