"""How people prove who they are without a mail, and how often it was tried."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ARRAY, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, DigestKey, IdKey


class PasswordRow(Base):
    """The password of an account, as argon2id hash; `failures` counts wrong ones since the last that was right."""

    __tablename__ = "password"

    account_id: Mapped[IdKey]
    hash: Mapped[str]
    set_at: Mapped[datetime]
    failures: Mapped[int]


class PasskeyRow(Base):
    """A passkey (WebAuthn Level 3, section 4): the public half, and how often its authenticator says it was used."""

    __tablename__ = "passkey"
    __table_args__ = (Index("uq_passkey_credential_id", "credential_id", unique=True),)

    account_id: Mapped[IdKey]
    credential_id: Mapped[DigestKey]
    public_key: Mapped[bytes]
    sign_count: Mapped[int]
    name: Mapped[str]
    transports: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


class SecondFactorRow(Base):
    """The secret that an app shares with an account, sealed; no code of `last_step` or before it counts any more."""

    __tablename__ = "second_factor"

    account_id: Mapped[IdKey]
    sealed: Mapped[bytes]
    confirmed_at: Mapped[datetime]
    last_step: Mapped[int]


class RecoveryCodeRow(Base):
    """A code that stands in once for one of the app, as keyed digest."""

    __tablename__ = "recovery_code"

    account_id: Mapped[IdKey]
    digest: Mapped[DigestKey]
    used_at: Mapped[datetime | None]


class AttemptRow(Base):
    """One try of something that is limited, such as a sign-in. `subject` is a keyed digest: of an address, an IP."""

    __tablename__ = "attempt"
    __table_args__ = (Index("ix_attempt_created_at", "created_at"),)

    subject: Mapped[DigestKey]
    name: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[IdKey]
    created_at: Mapped[datetime]
    has_failed: Mapped[bool]
