"""The address group: everything here is keyed by the digest of an address, first in every key."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Digest, DigestKey, IdKey, Json


class AddressRow(Base):
    """An address the system has met. `sealed` and `abuse_digest` go at erasure."""

    __tablename__ = "address"
    __table_args__ = (Index("ix_address_created_at", "created_at"),)

    digest: Mapped[DigestKey]
    digest_key_id: Mapped[str]
    kind: Mapped[str]
    abuse_digest: Mapped[Digest | None]
    sealed: Mapped[bytes | None]
    created_at: Mapped[datetime]


class ContactPoint(Base):
    """The link of an account to an address."""

    __tablename__ = "contact_point"

    address_digest: Mapped[DigestKey]
    account_id: Mapped[uuid.UUID] = mapped_column(index=True)
    kind: Mapped[str]
    verified_at: Mapped[datetime | None]
    is_primary: Mapped[bool]


class OptInRequest(Base):
    """Someone asked for items with an address that is not proved for them yet."""

    __tablename__ = "opt_in_request"
    __table_args__ = (
        Index("uq_opt_in_request_pending", "address_digest", "brand", unique=True,
              postgresql_where=text("outcome = 'pending'")),
        Index("ix_opt_in_request_id", "id"),
        Index("ix_opt_in_request_account_id", "account_id", postgresql_where=text("account_id IS NOT NULL")),
        Index("ix_opt_in_request_outcome_expires_at", "outcome", "expires_at"),
        Index("ix_opt_in_request_unconfirmed", "created_at", postgresql_where=text("outcome <> 'confirmed'")),
    )  # fmt: skip

    address_digest: Mapped[DigestKey]
    id: Mapped[IdKey]
    brand: Mapped[str]
    account_id: Mapped[uuid.UUID | None]
    locale: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    mails_sent: Mapped[int]
    last_mail_at: Mapped[datetime | None]
    outcome: Mapped[str]
    outcome_at: Mapped[datetime | None]
    outcome_provenance: Mapped[Json | None]


class OptInItem(Base):
    """One item asked for, with the words seen; confirmed by the link, or cancelled by a later leaving."""

    __tablename__ = "opt_in_item"

    address_digest: Mapped[DigestKey]
    request_id: Mapped[IdKey]
    item_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    asked_at: Mapped[datetime]
    notice_digest: Mapped[Digest]
    locale: Mapped[str]
    provenance: Mapped[Json]
    confirmed_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]


class Suppression(Base):
    """An address that must not be contacted. No brand means the whole group, no channel means all of them."""

    __tablename__ = "suppression"
    __table_args__ = (Index("ix_suppression_id", "id"), Index("ix_suppression_brand_id", "brand", "id"))

    address_digest: Mapped[DigestKey]
    id: Mapped[IdKey]
    digest_key_id: Mapped[str]
    brand: Mapped[str | None]
    channel: Mapped[str | None]
    reason: Mapped[str]
    provenance: Mapped[Json]
    created_at: Mapped[datetime]
    lapses_at: Mapped[datetime | None]
    lifted_at: Mapped[datetime | None]


class ErasedAddress(Base):
    """An address whose owner was erased: what they did before that can't be told any more. Never deleted."""

    __tablename__ = "erased_address"

    address_digest: Mapped[DigestKey]
    erased_at: Mapped[datetime]
