"""What is said and told of addresses that must not be contacted."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, StringConstraints, Tag, model_validator
from pydantic.config import JsonDict

from app.api.consent_shapes import Fact, FactName
from app.api.shapes import FORM, NO_NUL, BrandName, EmailSubject, PhoneSubject, Shape
from app.api.times import ActMoment
from app.branding.models import Channel
from app.services.suppressions import Reason


def _address_form(value: object) -> str | None:
    if isinstance(value, dict):
        return next((FORM + name for name in ("email", "phone") if name in value), None)
    return None


AddressSubject = Annotated[
    Annotated[EmailSubject, Tag(FORM + "email")] | Annotated[PhoneSubject, Tag(FORM + "phone")],
    Discriminator(
        _address_form, custom_error_type="no_subject", custom_error_message="must be exactly one of email, phone"
    ),
    Field(description="The address itself: an e-mail address or a telephone number. It never belongs in a URL."),
]


_DOCUMENTED: JsonDict = {
    "anyOf": [
        {"properties": {"reason": {"enum": [each.value for each in Reason if each is not Reason.LEGAL]}}},
        {"required": ["document"], "properties": {"document": {"minLength": 1}}},
    ]
}
"""What `_documented` checks, for the OpenAPI document."""


class SuppressionRequest(Shape):
    """Which address must not be contacted, by whom, over what, and why."""

    model_config = ConfigDict(json_schema_extra=_DOCUMENTED)

    subject: AddressSubject
    brand: BrandName | None = Field(description="Null for the whole group: only a client with all its brands may.")
    channel: Channel | None = Field(default=None, description="Only this channel; otherwise all.")
    reason: Reason
    occurred_at: ActMoment | None = Field(default=None, description="When that came about; now, unless said.")
    document: Annotated[str, StringConstraints(max_length=200, pattern=NO_NUL)] = Field(
        default="", description="A reference to the paper that says so; due for legal. No addresses: it stays for good."
    )
    evidence: Annotated[dict[FactName, Fact], Field(max_length=20)] = Field(
        default_factory=dict, description="Where it comes from. Kept until the person is erased."
    )

    @model_validator(mode="after")
    def _documented(self) -> Self:
        if self.reason is Reason.LEGAL and not self.document:
            raise ValueError("legal needs a document.")
        return self


class SuppressionLookup(Shape):
    """Of which address."""

    subject: AddressSubject


class SuppressionAnswer(BaseModel):
    """That an address must not be contacted, or was not to be."""

    id: uuid.UUID
    brand: str | None = Field(description="Null for the whole group.")
    channel: Channel | None = Field(description="Null for all.")
    reason: Reason
    created_at: datetime = Field(description="When it came about.")
    lapses_at: datetime | None
    lifted_at: datetime | None
    in_force: bool = Field(description="Neither lifted nor lapsed.")
    is_own: bool = Field(description="Whether this client said so.")


class FoundSuppressions(BaseModel):
    """All that was said of an address, oldest first."""

    suppressions: list[SuppressionAnswer]


class SuppressionsAnswer(FoundSuppressions):
    """A page of suppressions."""

    next: Annotated[str, Field(description="Where to go on.")]
    has_more: bool
