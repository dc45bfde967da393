"""How people prove who they are without a mail, and how often it was tried."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, DigestKey, IdKey


class PasswordRow(Base):
    """The password of an account, as argon2id hash; `failures` counts wrong ones since the last that was right."""

    __tablename__ = "password"

    account_id: Mapped[IdKey]
    hash: Mapped[str]
    set_at: Mapped[datetime]
    failures: Mapped[int]


class AttemptRow(Base):
    """One try of something that is limited, such as a sign-in. `subject` is a keyed digest: of an address, an IP."""

    __tablename__ = "attempt"
    __table_args__ = (Index("ix_attempt_created_at", "created_at"),)

    subject: Mapped[DigestKey]
    name: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[IdKey]
    created_at: Mapped[datetime]
    has_failed: Mapped[bool]
