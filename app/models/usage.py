"""How much the API was used."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class ApiUsage(Base):
    """What a client asked of an operation in a day (UTC). Added up from counts that web workers hold in memory."""

    __tablename__ = "api_usage"

    day: Mapped[date] = mapped_column(primary_key=True)
    client_id: Mapped[str] = mapped_column(primary_key=True)
    operation: Mapped[str] = mapped_column(primary_key=True)
    requests: Mapped[int]
    """Requests that came, also those that failed or were refused."""
    units: Mapped[int]
    """The same as quotas count: a long list counts as several requests."""
    refused: Mapped[int]
    """Those above the quota."""
