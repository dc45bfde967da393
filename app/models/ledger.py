"""The account group, part two: items, consents and the ledger they are folded from."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, Identity, Index, Integer, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Digest, DigestKey, IdKey, Json


class Item(Base):
    """What a consent is about; kept in step with `brands/`, never deleted."""

    __tablename__ = "item"
    __table_args__ = (
        UniqueConstraint("brand", "kind", "key", "channel", postgresql_nulls_not_distinct=True),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(Integer, Identity(always=True), primary_key=True)
    brand: Mapped[str | None]
    kind: Mapped[str]
    key: Mapped[str]
    channel: Mapped[str | None]
    retired_at: Mapped[datetime | None]


class Notice(Base):
    """The exact wording a person saw, once, under the digest of its locale and text."""

    __tablename__ = "notice"

    digest: Mapped[DigestKey]
    locale: Mapped[str]
    text: Mapped[str]
    created_at: Mapped[datetime]


class ConsentEvent(Base):
    """One immutable line of the ledger; see `services.ledger` for what `mac` covers. No personal data."""

    __tablename__ = "consent_event"

    account_id: Mapped[IdKey]
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    item_id: Mapped[int] = mapped_column(Integer)
    action: Mapped[str]
    status: Mapped[str | None]
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    legal_basis: Mapped[str]
    source: Mapped[str]
    actor_kind: Mapped[str]
    actor_id: Mapped[str | None]
    locale: Mapped[str]
    notice_digest: Mapped[Digest | None]
    document_version: Mapped[str | None]
    attributes: Mapped[Json]
    detail_hash: Mapped[Digest]
    ledger_key_id: Mapped[str]
    mac: Mapped[Digest]


class EventDetail(Base):
    """The personal part of a line, which erasure deletes; the line keeps its salted hash."""

    __tablename__ = "event_detail"

    account_id: Mapped[IdKey]
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    salt: Mapped[bytes]
    detail: Mapped[Json]


class Consent(Base):
    """The present state of one item for one account; always the fold of its ledger lines."""

    __tablename__ = "consent"
    __table_args__ = (
        Index("ix_consent_paused_until", "paused_until", postgresql_where=text("paused_until IS NOT NULL")),
        Index(
            "ix_consent_expires_at",
            "expires_at",
            postgresql_where=text("status = 'granted' AND expires_at IS NOT NULL"),
        ),
    )

    account_id: Mapped[IdKey]
    item_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    status: Mapped[str]
    granted_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    paused_until: Mapped[datetime | None]
    frequency: Mapped[str | None]
    legal_basis: Mapped[str]
    document_version: Mapped[str | None]
    source: Mapped[str]
    updated_at: Mapped[datetime]
    last_sequence: Mapped[int]


class FeedPending(Base):
    """A committed line that has no place in the feed yet."""

    __tablename__ = "feed_pending"

    account_id: Mapped[IdKey]
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    transaction_id: Mapped[int] = mapped_column(BigInteger)
    """`pg_current_xact_id()` of the writer, as a number."""


class EventFeed(Base):
    """The fixed order of all lines: position to event, without gaps."""

    __tablename__ = "event_feed"
    __table_args__ = (Index("uq_event_feed_event", "account_id", "sequence", unique=True),)

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    account_id: Mapped[uuid.UUID]
    sequence: Mapped[int]


class FeedState(Base):
    """An epoch of the feed; each restore of a backup begins one. Only the owner of the tables writes here."""

    __tablename__ = "feed_state"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    epoch: Mapped[int]
    position: Mapped[int] = mapped_column(server_default=text("0"))
    """Where the feed ended in the backup: up to there it is the same as in the epoch before."""
