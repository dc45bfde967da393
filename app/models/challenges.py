"""What remains of challenges: which proofs were spent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from app.models.base import Base, DigestKey


class SpentProof(Base):
    """What served once and must not again: a proof of work, a passkey's challenge, a right password before its code.

    The row may go when what it stands for has expired.
    """

    __tablename__ = "spent_proof"
    __table_args__ = (Index("ix_spent_proof_expires_at", "expires_at"),)

    digest: Mapped[DigestKey]
    """SHA-256 of the signature, or of all that was signed."""
    expires_at: Mapped[datetime]
