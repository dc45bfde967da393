"""What is told of a consent that was taken elsewhere."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic.config import JsonDict

from app.api.shapes import NO_NUL, BrandName, Name, Shape, Subject
from app.api.times import ActMoment
from app.branding.models import Channel, Kind

Fact = Annotated[str, StringConstraints(max_length=500, pattern=NO_NUL)]
FactName = Annotated[Name, StringConstraints(pattern=NO_NUL)]
LONGEST_WORDING = 10_000


_SAID: JsonDict = {"type": "string"}
_UNSAID: JsonDict = {"type": "null"}
_ONE_ITEM: JsonDict = {
    "oneOf": [
        {"required": ["topic", "channel"], "properties": {"topic": _SAID, "channel": _SAID, "purpose": _UNSAID}},
        {"required": ["purpose"], "properties": {"topic": _UNSAID, "channel": _UNSAID, "purpose": _SAID}},
    ]
}
"""What `_one_item` checks, for the OpenAPI document."""


class ConsentRequest(Shape):
    """Who said what to whom, when, and what proves it."""

    model_config = ConfigDict(json_schema_extra=_ONE_ITEM)

    subject: Subject
    brand: BrandName
    topic: Name | None = None
    channel: Name | None = None
    purpose: Name | None = Field(default=None, description="Stands for topic and channel.")
    action: Literal["grant", "withdraw", "request"]
    occurred_at: ActMoment | None = Field(default=None, description="When the person acted; now, unless said.")
    evidence: Annotated[dict[FactName, Fact], Field(max_length=20)] = Field(
        default_factory=dict,
        description="What proves it, such as the till, the form and its number. Kept until the person is erased.",
    )
    wording: Annotated[str, StringConstraints(max_length=LONGEST_WORDING, pattern=NO_NUL)] = Field(
        default="", description="The exact words that the person saw or heard."
    )
    locale: Name | None = Field(default=None, description="Their language; the brand's first, unless it speaks it.")

    @model_validator(mode="after")
    def _one_item(self) -> Self:
        is_topic, is_half = bool(self.topic and self.channel), bool(self.topic) is not bool(self.channel)
        if is_half or is_topic is bool(self.purpose):
            raise ValueError("Give either topic and channel, or purpose.")
        return self


class RecordedEvent(BaseModel):
    """The line of the ledger."""

    id: str
    account_id: uuid.UUID
    sequence: int
    brand: str | None
    kind: Kind
    key: str
    channel: Channel | None
    action: str
    status: str
    occurred_at: datetime
    recorded_at: datetime


class ConsentAnswer(BaseModel):
    """What came of it."""

    event: RecordedEvent | None = Field(description="Null where nothing had to be written.")
    status: str | None = Field(description="Where the consent stands now; null for somebody who is not known.")
    receipt_id: str | None
