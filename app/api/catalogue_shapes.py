"""What the catalogue looks like, for the OpenAPI document."""

from __future__ import annotations

from pydantic import BaseModel, Field

from app.branding.models import Channel, Frequency, LegalBasis, OptIn

Words = dict[str, str]


class ListedTopic(BaseModel):
    """Something that a brand sends."""

    key: str
    name: Words = Field(description="By locale.")
    channels: list[Channel]
    frequencies: list[Frequency] = Field(description="The first is what people get without choosing.")
    opt_in: OptIn
    legal_basis: LegalBasis
    minimum_age: int | None


class ListedPurpose(BaseModel):
    """A use of data."""

    key: str
    name: Words
    legal_basis: LegalBasis
    sale_or_sharing: bool


class ListedDocument(BaseModel):
    """A document, with the version in force."""

    slug: str
    title: Words
    version: str
    url: str


class ListedGroup(BaseModel):
    """What belongs to the whole group."""

    slug: str
    name: str
    locales: list[str]
    purposes: list[ListedPurpose]
    documents: list[ListedDocument]


class ListedBrand(ListedGroup):
    """What belongs to one brand."""

    confirmation_days: int = Field(description="How long the link of a confirmation mail is good.")
    topics: list[ListedTopic]


class CatalogueAnswer(BaseModel):
    """What there is to ask about."""

    group: ListedGroup
    brands: list[ListedBrand]
