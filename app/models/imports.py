"""Files of consents that are taken in. What is personal in them stays here only until they are."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, DigestKey, IdKey, Json


class ImportJob(Base):
    """A file to take in, and how far it has come: written in the transaction of the rows, so that both agree."""

    __tablename__ = "import_job"
    __table_args__ = (
        Index("ix_import_job_client_id", "client_id"),
        Index("ix_import_job_created_at", "created_at"),
        Index("ix_import_job_fingerprint", "fingerprint"),
    )

    id: Mapped[IdKey]
    client_id: Mapped[str | None]
    """Who sent it; None for the operator's command."""
    name: Mapped[str]
    """Of the file, as it stands in the evidence."""
    fingerprint: Mapped[bytes | None]
    """Of the operator's file and how it is read, by which a run that was interrupted is found again."""
    format: Mapped[str]
    mapping: Mapped[Json]
    is_dry_run: Mapped[bool]
    state: Mapped[str]
    fault: Mapped[str | None]
    """Why it failed, in words."""
    size: Mapped[int]
    """Bytes of the file, those that have come so far."""
    position: Mapped[int]
    """Bytes that are done."""
    next_line: Mapped[int]
    """The line of the file that is next."""
    counts: Mapped[Json]
    """How many rows, by what came of them."""
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class ImportPiece(Base):
    """A piece of a file that came over the API, sealed; all of them go with the end of the job."""

    __tablename__ = "import_piece"

    job_id: Mapped[IdKey]
    start: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Bytes before it."""
    sealed: Mapped[bytes]


class ImportReject(Base):
    """A row that was not taken, and why. Nothing of the row itself: where it stands in the file is enough."""

    __tablename__ = "import_reject"

    job_id: Mapped[IdKey]
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    start: Mapped[int]
    length: Mapped[int]
    code: Mapped[str]
    words: Mapped[str]


class ImportRehearsal(Base):
    """What a dry run would have made of somebody so far; it goes with the end of the job."""

    __tablename__ = "import_rehearsal"

    job_id: Mapped[IdKey]
    person: Mapped[DigestKey]
    """Digest of an address, or the id of an account."""
    told: Mapped[Json]
