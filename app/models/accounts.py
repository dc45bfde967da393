"""The account group, part one: who people are and the sessions they open."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, IdKey, Json


class Account(Base):
    """A person known to the group. `last_sequence` and `last_mac` are the head of the account's ledger chain."""

    __tablename__ = "account"

    id: Mapped[IdKey]
    kind: Mapped[str]
    status: Mapped[str]
    locale: Mapped[str]
    profile: Mapped[Json]
    created_at: Mapped[datetime]
    registered_at: Mapped[datetime | None]
    last_seen_at: Mapped[datetime | None]
    last_sequence: Mapped[int]
    last_mac: Mapped[bytes]


class SessionRow(Base):
    """A server-side session; only the SHA-256 of its secret is kept. `undo` names the ledger lines last written."""

    __tablename__ = "session"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    account_id: Mapped[uuid.UUID] = mapped_column(index=True)
    kind: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    user_agent: Mapped[str | None]
    undo: Mapped[Json | None]
