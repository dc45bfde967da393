"""Mails to deliver, and the clients and keys of the API."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import Index, LargeBinary, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Digest, IdKey, Json


class Message(Base):
    """One mail to deliver, from the act that caused it to the server's answer. `context` holds ids, never addresses."""

    __tablename__ = "message"
    __table_args__ = (
        Index("ix_message_address_digest_brand_created_at", "address_digest", "brand", "created_at"),
        Index("ix_message_abuse_digest_created_at", "abuse_digest", "created_at"),
    )

    id: Mapped[IdKey]
    kind: Mapped[str]
    brand: Mapped[str]
    locale: Mapped[str]
    address_digest: Mapped[Digest]
    abuse_digest: Mapped[Digest]
    account_id: Mapped[uuid.UUID | None]
    request_id: Mapped[uuid.UUID | None]
    context: Mapped[Json]
    state: Mapped[str]
    state_reason: Mapped[str | None]
    attempts: Mapped[int]
    message_id: Mapped[str]
    server_answer: Mapped[str | None]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    link_used_at: Mapped[datetime | None]


class DevelopmentMail(Base):
    """A mail that was not sent anywhere but shown in the development mailbox."""

    __tablename__ = "development_mail"

    id: Mapped[IdKey]
    sealed: Mapped[bytes]
    sent_at: Mapped[datetime]


class Tally(Base):
    """How many, a day and brand: what stays of records that were purged."""

    __tablename__ = "tally"

    day: Mapped[date] = mapped_column(primary_key=True)
    brand: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]


class OAuthClient(Base):
    """Another service that may ask; only the SHA-256 of its random 256-bit secret is kept."""

    __tablename__ = "oauth_client"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str]
    secret_digest: Mapped[bytes] = mapped_column(LargeBinary)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    brands: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    quota: Mapped[int | None]
    """Requests a minute; what the settings say, where there is none."""


class SigningKey(Base):
    """A private key that signs access tokens, sealed; it is published until `retired_at`."""

    __tablename__ = "signing_key"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    algorithm: Mapped[str]
    sealed: Mapped[bytes]
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]
