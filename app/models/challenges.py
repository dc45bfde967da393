"""What remains of challenges: which proofs of work were spent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from app.models.base import Base, DigestKey


class SpentProof(Base):
    """A proof of work that paid for a sign-up. The row may go when its challenge has expired."""

    __tablename__ = "spent_proof"
    __table_args__ = (Index("ix_spent_proof_expires_at", "expires_at"),)

    digest: Mapped[DigestKey]
    """SHA-256 of the challenge's signature."""
    expires_at: Mapped[datetime]
