"""What is told of accounts, and what may be said about them."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    RootModel,
    StringConstraints,
    Tag,
    model_validator,
)
from pydantic.config import JsonDict

from app.api.shapes import FORM, NO_NUL, BrandName, Name, Shape
from app.api.times import ActMoment

MOST_SYSTEMS = 20
Email = Annotated[str, Field(min_length=3, max_length=400, examples=["ana@example.com"])]


def _no_address(value: str) -> str:
    if "@" in value:
        raise ValueError("must not be an address; they belong into email or phone, where they are sealed")
    return value


SystemName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
ExternalValue = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200, pattern=NO_NUL),
    AfterValidator(_no_address),
    Field(json_schema_extra={"pattern": r"^[^\x00@]*$"}),
]
Part = Annotated[str, StringConstraints(max_length=2_000)]


def _form(value: object) -> str:
    return FORM + ("list" if isinstance(value, list) else "text")


Parts = Annotated[
    dict[
        Name,
        Annotated[
            Annotated[Part, Tag(FORM + "text")] | Annotated[list[Part], Field(max_length=100), Tag(FORM + "list")],
            Discriminator(_form),
        ],
    ],
    Field(max_length=10),
]
"""What a field of the profile holds, by part; `read_held` knows what each may be."""


class GivenId(Shape):
    """What the client calls a person in one of its systems."""

    system: SystemName
    id: ExternalValue


class NewLite(Shape):
    """A customer of a system that the brand trusts; found by their address where it is known already."""

    kind: Literal["lite"]
    email: Email
    brand: BrandName
    external_id: GivenId = Field(description="What you call them: how you find them again.")
    locale: Name | None = Field(default=None, description="Their language, where they are new here.")
    proved_at: ActMoment | None = Field(
        default=None, description="When they acted from the mailbox, such as by a link that you mailed them."
    )


class NewFull(Shape):
    """Somebody who wants a full account: they are mailed where to set a password, as the brand's own form does."""

    kind: Literal["full"]
    email: Email
    brand: BrandName
    locale: Name | None = Field(default=None, description="The language of the mail.")


def _kind(value: object) -> str | None:
    kind = value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)
    return FORM + kind if kind in ("lite", "full") else None


class NewAccount(
    RootModel[
        Annotated[
            Annotated[NewLite, Tag(FORM + "lite")] | Annotated[NewFull, Tag(FORM + "full")],
            Discriminator(_kind, custom_error_type="no_kind", custom_error_message="kind must be lite or full."),
        ]
    ]
):
    """Who is to have an account."""


class NewAccountAnswer(BaseModel):
    """Who it is."""

    account_id: uuid.UUID | None = Field(description="Null where a mail asks first.")


_SOMETHING: JsonDict = {
    "anyOf": [
        {"required": ["locale"], "properties": {"locale": {"type": "string"}}},
        {"required": ["profile"], "properties": {"profile": {"minProperties": 1}}},
        {"required": ["external_ids"], "properties": {"external_ids": {"minProperties": 1}}},
    ]
}
"""What `_something` checks, for the OpenAPI document."""


class AccountChange(Shape):
    """What is to change of an account; what is not named stays."""

    model_config = ConfigDict(json_schema_extra=_SOMETHING)

    brand: BrandName = Field(description="In whose name: the person reads it in the history of their profile.")
    locale: Name | None = Field(default=None, description="The language that they read.")
    profile: Annotated[dict[Name, Parts | None], Field(max_length=50)] = Field(
        default_factory=dict,
        description="Fields that the group declares, by key, as an account shows them; null removes.",
    )
    external_ids: Annotated[dict[SystemName, ExternalValue | None], Field(max_length=MOST_SYSTEMS)] = Field(
        default_factory=dict, description="What you call them, by system; null takes an id away."
    )

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not (self.locale or self.profile or self.external_ids):
            raise ValueError("Give locale, profile or external_ids.")
        return self


class Contact(BaseModel):
    """A way to reach them; the address itself is not told."""

    kind: Literal["email", "phone"]
    is_proved: bool = Field(description="Whether its owner acted from it.")
    is_primary: bool


class AccountAnswer(BaseModel):
    """A person, as far as the client has to do with them."""

    account_id: uuid.UUID
    kind: Literal["lite", "full"]
    status: Literal["active", "restricted"] = Field(description="Restricted: kept, and nothing may be done with it.")
    locale: str
    created_at: datetime
    registered_at: datetime | None = Field(description="When it became a full account.")
    contacts: list[Contact]
    profile: dict[str, dict[str, str | list[str]]] = Field(
        description="Declared fields that are filled in, by key. Empty while restricted."
    )
    external_ids: dict[str, str] = Field(description="What this client calls them, by system.")
