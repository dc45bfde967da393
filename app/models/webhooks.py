"""Other systems that are told of events, and what is told to each."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped

from app.models.base import Base, IdKey, Json


class WebhookEndpoint(Base):
    """Where a client wants to be told, and how far along the feed it is.

    The address may hold secrets and the contact is somebody's address: both are sealed, like what signs.
    """

    __tablename__ = "webhook_endpoint"
    __table_args__ = (Index("ix_webhook_endpoint_client_id", "client_id"),)

    id: Mapped[IdKey]
    client_id: Mapped[str]
    url_sealed: Mapped[bytes]
    secret_sealed: Mapped[bytes]
    old_secret_sealed: Mapped[bytes | None]
    old_secret_until: Mapped[datetime | None]
    contact_sealed: Mapped[bytes | None]
    description: Mapped[str]
    filters: Mapped[Json]
    """Lists by name (`services.webhooks.Filters`); null lets everything through."""
    position: Mapped[int]
    """All of the feed up to here was looked at; what was wanted of it has a delivery."""
    next_at: Mapped[datetime]
    """Nothing is sent before: another courier is at it, or it failed and is left in peace for a while."""
    failures: Mapped[int]
    """Tries in a row of which none succeeded."""
    failing_since: Mapped[datetime | None]
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    disabled_reason: Mapped[str | None]


class WebhookDelivery(Base):
    """One event to tell to one endpoint: the one at `position` of the feed, or a ping, which has none."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        Index("uq_webhook_delivery_position", "endpoint_id", "position", unique=True),
        Index("ix_webhook_delivery_id", "id"),
        Index("ix_webhook_delivery_next_at", "endpoint_id", "next_at", postgresql_where=text("state = 'queued'")),
    )

    endpoint_id: Mapped[IdKey]
    id: Mapped[IdKey]
    position: Mapped[int | None]
    state: Mapped[str]
    attempts: Mapped[int]
    next_at: Mapped[datetime]
    tried_at: Mapped[datetime | None]
    status_code: Mapped[int | None]
    error: Mapped[str | None]
