"""What requests and answers look like: the models behind both validation and the OpenAPI document."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    RootModel,
    Tag,
)

from app.api.times import Moment
from app.branding.models import Channel, Kind, LegalBasis
from app.services.decisions import Reason

FORM = "form:"
"""How the tags of alternatives begin, so that they are told from keys of the body."""

Name = Annotated[str, Field(min_length=1, max_length=100)]
BrandName = Annotated[Name, Field(description="The brand that wants to contact or to use; its slug.")]
ShownStatus = Literal["granted", "refused", "withdrawn", "objected", "expired", "pending"]


class Shape(BaseModel):
    """Base of all bodies: what is misspelt is an error, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class EmailSubject(Shape):
    """A person by e-mail address."""

    email: Annotated[str, Field(min_length=3, max_length=400, examples=["ana@example.com"])]


class PhoneSubject(Shape):
    """A person by phone number, in international form."""

    phone: Annotated[str, Field(min_length=3, max_length=40, examples=["+33123456789"])]


class AccountSubject(Shape):
    """A person by Parley's own id."""

    account_id: uuid.UUID


LONGEST_ID = 200
NO_NUL = r"^[^\x00]*$"
"""PostgreSQL stores no NUL."""


class ExternalId(Shape):
    """What the client calls a person in one of its systems."""

    system: Annotated[Name, Field(pattern=NO_NUL)]
    id: Annotated[str, Field(min_length=1, max_length=LONGEST_ID, pattern=NO_NUL)]


class ExternalSubject(Shape):
    """A person by an id that this client gave (`POST /api/v1/accounts`); those of other clients are none of its."""

    external_id: ExternalId


def _subject_form(value: object) -> str | None:
    if isinstance(value, dict):
        return next((FORM + name for name in ("email", "phone", "account_id", "external_id") if name in value), None)
    return None


Subject = Annotated[
    Annotated[EmailSubject, Tag(FORM + "email")]
    | Annotated[PhoneSubject, Tag(FORM + "phone")]
    | Annotated[AccountSubject, Tag(FORM + "account_id")]
    | Annotated[ExternalSubject, Tag(FORM + "external_id")],
    Discriminator(
        _subject_form,
        custom_error_type="no_subject",
        custom_error_message="must be exactly one of email, phone, account_id, external_id",
    ),
    Field(description="Whom it is about: exactly one of the four forms. Addresses never belong in a URL."),
]


class TopicQuestion(Shape):
    """May a brand contact someone about a topic over a channel?"""

    subject: Subject
    brand: BrandName
    topic: Annotated[Name, Field(description="What the brand wants to send; a topic of its own.")]
    channel: Annotated[Name, Field(description=f"One of {', '.join(Channel)}; the topic must be offered on it.")]


class PurposeQuestion(Shape):
    """May a brand use someone's data for a purpose?"""

    subject: Subject
    brand: BrandName
    purpose: Annotated[Name, Field(description="A purpose of the brand, or of the whole group.")]


def _question_form(value: object) -> str | None:
    if not isinstance(value, dict):
        return FORM + "topic"  # which says that it must be an object
    is_purpose, is_topic = "purpose" in value, "topic" in value or "channel" in value
    if is_purpose is is_topic:
        return None
    return FORM + ("purpose" if is_purpose else "topic")


TOPIC_OR_PURPOSE = Discriminator(
    _question_form,
    custom_error_type="no_question",
    custom_error_message="Give either topic and channel, or purpose.",
)


class DecisionRequest(
    RootModel[
        Annotated[
            Annotated[TopicQuestion, Tag(FORM + "topic")] | Annotated[PurposeQuestion, Tag(FORM + "purpose")],
            TOPIC_OR_PURPOSE,
        ]
    ]
):
    """The one question: about a topic on a channel, or about a purpose."""


class DecisionAnswer(BaseModel):
    """May we, and why or why not."""

    allowed: bool = Field(description="Whether the brand may.")
    reason: Reason = Field(description="The first rule that applied.")
    status: ShownStatus | None = Field(description="Status of the consent; null where nothing was ever said.")
    since: datetime | None = Field(description="When the person acted: confirmed, or left.")
    frequency: str | None = Field(description="How often at most, where the person chose.")
    expires_at: datetime | None = Field(description="When the consent runs out by itself.")
    legal_basis: LegalBasis | None = Field(description="On which ground; null where nothing is recorded or allowed.")
    evaluated_at: datetime = Field(description="The moment the answer is true for.")


Subjects = Annotated[
    list[str], Field(max_length=10_000, description="E-mail addresses, telephone numbers (+33…), or ids.")
]


OwnSystem = Annotated[
    Name,
    Field(pattern=NO_NUL, description="Your system whose ids the subjects are. Without it they are addresses."),
]


class TopicBatch(Shape):
    """May a brand contact these people about a topic over a channel?"""

    brand: BrandName
    topic: Annotated[Name, Field(description="What the brand wants to send; a topic of its own.")]
    channel: Annotated[Name, Field(description=f"One of {', '.join(Channel)}; the topic must be offered on it.")]
    subjects: Subjects
    system: OwnSystem | None = None


class PurposeBatch(Shape):
    """May a brand use these people's data for a purpose?"""

    brand: BrandName
    purpose: Annotated[Name, Field(description="A purpose of the brand, or of the whole group.")]
    subjects: Subjects
    system: OwnSystem | None = None


class BatchRequest(
    RootModel[
        Annotated[
            Annotated[TopicBatch, Tag(FORM + "topic")] | Annotated[PurposeBatch, Tag(FORM + "purpose")],
            TOPIC_OR_PURPOSE,
        ]
    ]
):
    """The one question about many: a topic on a channel, or a purpose."""


class BatchResult(BaseModel):
    """May we, of one subject."""

    subject: str = Field(description="As it was sent.")
    allowed: bool
    reason: Reason | Literal["invalid_subject"]
    since: datetime | None
    frequency: str | None


class BatchAnswer(BaseModel):
    """The answers, in the order asked."""

    evaluated_at: datetime
    results: list[BatchResult]


class LinksRequest(TopicBatch):
    """To whom a brand mails about a topic over a channel."""


class MadeLinks(BaseModel):
    """The links of one recipient."""

    subject: str = Field(description="As it was sent.")
    unsubscribe_url: str | None
    manage_url: str | None
    reason: Literal["unknown_subject", "invalid_subject"] | None = Field(description="Why there are none.")


class LinksAnswer(BaseModel):
    """The links, in the order asked."""

    links: list[MadeLinks]


class SignalRequest(Shape):
    """Whose browser said what, on which brand's site."""

    subject: Subject
    brand: BrandName
    signal: Annotated[Literal["gpc"], Field(description="Global Privacy Control.")]


class EndedUse(BaseModel):
    """A use of data that was ended."""

    brand: str | None = Field(description="Null for what the whole group does.")
    purpose: str


class SignalAnswer(BaseModel):
    """What the signal ended just now."""

    ended: list[EndedUse]


class LookupRequest(Shape):
    """Whose consents, of which brand, as of when."""

    subject: Subject
    brand: Name | None = Field(default=None, description="Only this brand; otherwise all brands of the client.")
    as_of: Moment | None = Field(
        default=None, description="Answer what was recorded by then (RFC 3339); the ledger is folded up to it."
    )


class FoundSubject(BaseModel):
    """The account behind a subject."""

    account_id: uuid.UUID
    kind: Literal["lite", "full"]
    locale: str


class Effective(BaseModel):
    """What a decision would answer now."""

    allowed: bool
    reason: Reason


class FoundConsent(BaseModel):
    """One item that the person said something about, or is asked to confirm."""

    brand: str | None = Field(description="Null for purposes and documents of the whole group.")
    kind: Kind
    key: str
    channel: Channel | None
    status: ShownStatus
    granted_at: datetime | None
    confirmed_at: datetime | None
    withdrawn_at: datetime | None
    expires_at: datetime | None
    paused_until: datetime | None
    frequency: str | None
    legal_basis: LegalBasis | None
    document_version: str | None
    source: str | None
    updated_at: datetime | None
    pending: bool = Field(description="Whether a request to confirm is open.")
    effective: Effective | None = Field(description="Null with as_of, which covers what was recorded only.")
    receipt_id: str | None


class LookupAnswer(BaseModel):
    """A person's standing with the brands of the client, and with the group."""

    subject: FoundSubject | None
    as_of: datetime
    consents: list[FoundConsent]
