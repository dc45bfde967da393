"""What the change feed looks like."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from app.branding.models import Channel, Kind


class EventData(BaseModel):
    """One line of the ledger, without anything personal."""

    account_id: uuid.UUID
    sequence: int = Field(description="Counts the lines of the account from 1.")
    brand: str | None
    kind: Kind
    key: str
    channel: Channel | None
    action: str
    status: str | None
    occurred_at: datetime = Field(description="When the person acted.")
    legal_basis: str
    source: str
    actor: str
    locale: str
    document_version: str | None
    frequency: str | None
    paused_until: datetime | None
    expires_at: datetime | None


class ChangeEvent(BaseModel):
    """A CloudEvent (1.0, JSON format)."""

    specversion: Literal["1.0"]
    id: str = Field(description="Stays the same, however often it is read.")
    source: str
    type: str
    subject: str = Field(description="The account id.")
    time: datetime = Field(description="When it was recorded.")
    datacontenttype: Literal["application/json"]
    data: EventData


class HistoryEvent(ChangeEvent):
    """The same, with the name of its record."""

    receiptid: str = Field(description="What `/api/v1/receipts` has its record under.")


class HistoryAnswer(BaseModel):
    """A page of one account's history."""

    events: list[HistoryEvent]
    next: str
    has_more: bool


class EventsAnswer(BaseModel):
    """A page of the feed."""

    events: list[ChangeEvent]
    next: str
    has_more: bool
