"""The account group, part one: who people are and the sessions they open."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Digest, IdKey, Json


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
    """A server-side session; only the SHA-256 of its secret is kept. `undo` names the ledger lines last written.

    `stepped_up_at` is when the person last showed once more that it is theirs; `code_digest` is the keyed digest of the
    code that was mailed for this and is not used yet.
    """

    __tablename__ = "session"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    account_id: Mapped[uuid.UUID] = mapped_column(index=True)
    kind: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    user_agent: Mapped[str | None]
    undo: Mapped[Json | None]
    last_seen_at: Mapped[datetime | None]
    stepped_up_at: Mapped[datetime | None]
    code_digest: Mapped[bytes | None]
    code_expires_at: Mapped[datetime | None]


class PhoneProof(Base):
    """A number that its account was sent a code to, and still has to type it. The code stands nowhere: see `phones`."""

    __tablename__ = "phone_proof"

    account_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    address_digest: Mapped[Digest]
    message_id: Mapped[uuid.UUID]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    tries_left: Mapped[int]


class AddressChange(Base):
    """An account is to move from one address to another, once both mailboxes have said so.

    `provenance` tells who asked; the two others of that name who pressed in the present mailbox (`agreed`) and in the
    new one (`proved`).
    """

    __tablename__ = "address_change"
    __table_args__ = (
        Index("uq_address_change_pending", "account_id", unique=True, postgresql_where=text("outcome = 'pending'")),
        Index("ix_address_change_id", "id"),
        Index("ix_address_change_to_digest", "to_digest", postgresql_where=text("outcome = 'pending'")),
    )

    account_id: Mapped[IdKey]
    id: Mapped[IdKey]
    from_digest: Mapped[Digest]
    to_digest: Mapped[Digest]
    brand: Mapped[str]
    locale: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    provenance: Mapped[Json]
    agreed_at: Mapped[datetime | None]
    agreed_provenance: Mapped[Json | None]
    proved_at: Mapped[datetime | None]
    proved_provenance: Mapped[Json | None]
    outcome: Mapped[str]
    outcome_at: Mapped[datetime | None]
    outcome_provenance: Mapped[Json | None]
