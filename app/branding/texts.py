"""What all brand data is made of: frozen models, words by language, and documents with their versions."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=40)]
Locale = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(_[A-Z][a-z]{3})?(_[A-Z]{2})?$")]
Words = dict[Locale, Annotated[str, StringConstraints(min_length=1)]]


class Frozen(BaseModel):
    """Base of all brand data: immutable, and a misspelt key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class DocumentVersion(Frozen):
    """One published text; `texts` is Markdown by locale, `digest` the SHA-256 of all its texts, in hex."""

    version: date
    requires_reconsent: bool = False
    effective: date
    texts: Words
    digest: str


class Document(Frozen):
    """Terms, privacy notice or a consent statement, with its versions from oldest to newest."""

    slug: Slug
    title: Words
    versions: Annotated[tuple[DocumentVersion, ...], Field(min_length=1)]

    @property
    def asking(self) -> tuple[DocumentVersion, ...]:
        """The versions that ask for consent anew, those still to come included."""
        return tuple(version for version in self.versions if version.requires_reconsent)

    def version(self, day: date) -> DocumentVersion | None:
        """Find a version by its date."""
        return next((version for version in self.versions if version.version == day), None)

    def in_force(self, on: date) -> DocumentVersion:
        """Give the newest version whose effective date is not after `on`, else the oldest one."""
        due = [version for version in self.versions if version.effective <= on]
        return due[-1] if due else self.versions[0]
