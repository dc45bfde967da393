"""Who was mailed that a document changes. Of the account group."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, IdKey


class ReconsentRequest(Base):
    """One person was mailed about one version of a document; never a second time."""

    __tablename__ = "reconsent_request"

    account_id: Mapped[IdKey]
    site: Mapped[str] = mapped_column(primary_key=True)
    """The brand or group whose document it is, by its slug."""
    document: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(primary_key=True)
    """The date of the version, as ISO text like that in the ledger."""
    asked_at: Mapped[datetime]
