"""What letters are made of: the desk each is written at, the lines it lists, and the letter itself."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.branding.models import Site
from app.db import Session
from app.environment import environment
from app.models import Account, AddressRow, ContactPoint, Message
from app.services import accounts
from app.services.changes import Change
from app.services.items import ItemRef
from app.services.messages import MessageKind
from app.services.reconsent_words import Told

AS_ASKED = (MessageKind.CONFIRM, MessageKind.PHONE_CODE)
"""Kinds that speak the language of the page where they were asked for, whoever the address belongs to."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Nothing is sent, for this reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class Line:
    """One item as a mail lists it: `statement` is the wording seen, `since` when it was confirmed.

    `brand` is its house; for a use of data it may be the group.
    """

    brand: Site
    item: ItemRef
    statement: str = ""
    since: datetime | None = None
    change: Change | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """Everything a mail is made of. Links that a kind does not offer are empty."""

    kind: MessageKind
    site: Site
    locale: str
    to: str
    message_id: str
    lines: tuple[Line, ...] = ()
    action: str = ""
    request_id: uuid.UUID | None = None
    expires_at: datetime | None = None
    never: str = ""
    manage: str = ""
    unsubscribe: str = ""
    stop: str = ""
    """Ends the change of address that the letter is about."""
    other_address: str = ""
    """Where the choices go that leave the address of the letter; shortened once they are gone."""
    device: str = ""
    """What somebody signed in with."""
    asked: Told | None = None
    """The question that the letter puts."""
    differs: str = ""
    """Where it reads what changes in a document."""
    code: str = ""
    """Six digits to type where they were asked for."""
    event: str = ""
    """Which change of security the letter tells of."""
    wish: str = ""
    """What somebody is said to have asked for (`privacy_referrals.Kind`)."""
    is_full: bool = False
    """Whether its reader signs in, so that another password keeps a thief out."""
    has_replaced: bool = False
    """Whether the change of address took the place of an earlier one."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What every kind of letter starts from."""

    session: Session
    message: Message
    site: Site
    to: str

    def letter(self, kind: MessageKind, *, reader: Account | None = None, **parts: Any) -> Letter:
        """Write a letter of a kind to the address of this desk.

        It speaks the language that its reader once chose (`reader`, else the owner of the address) where the site
        does; what answers a form in its own words speaks the form's.
        """
        chosen = None if kind in AS_ASKED else self._chosen_by(reader or self.account())
        locale = self.site.locale(chosen or self.message.locale)
        return Letter(kind, self.site, locale, self.to, self.message.message_id, **parts)

    def _chosen_by(self, reader: Account | None) -> str | None:
        chosen = accounts.chosen_language(reader) if reader else None
        return chosen if chosen in self.site.locales else None

    def account(self) -> Account | None:
        """Find who the address belongs to now."""
        query = (
            select(Account)
            .join(ContactPoint, ContactPoint.account_id == Account.id)
            .where(ContactPoint.address_digest == self.message.address_digest, Account.status != "erased")
        )
        return self.session.scalar(query)


def typed_address(session: Session, digest: bytes, kind: str = "email") -> str | None:
    """Read an address back, as it was typed, a `phone` number in full; None when it is not known (any more)."""
    sealed = session.scalar(select(AddressRow.sealed).where(AddressRow.digest == digest, AddressRow.kind == kind))
    return environment(session).sealer.open(sealed) if sealed else None
