"""A system that a house trusts tells of one of its customers: who they are there, by which address."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from app.branding.models import Brand
from app.db import Session
from app.errors import Conflict, EvidenceNotTrusted, Restricted
from app.kit.addresses import Address
from app.kit.provenance import Provenance
from app.models import Account
from app.services import accounts, erased_addresses, external_ids
from app.services.locks import lock_address


@dataclass(frozen=True, slots=True)
class Customer:
    """Who somebody is to a client: an e-mail address, and what it calls them in one of its systems."""

    address: Address
    system: str
    value: str
    proved_at: datetime | None = None
    """When they acted from the mailbox, if the client saw to that."""


@dataclass(frozen=True, slots=True)
class Introduced:
    """The account, and whether it goes by the client's id only from now on."""

    account_id: uuid.UUID
    is_new_id: bool


def introduce(
    session: Session, brand: Brand, client: str, customer: Customer, provenance: Provenance, *, is_trusted: bool
) -> Introduced:
    """Give the account of an address, which is made where there is none, and let the client's id stand for it.

    Being known is enough to be written to on some grounds, so not every client's word makes somebody known. An account
    that is there keeps its language, and what else the person chose. The address counts as proved only where the client
    says when that was; without it nothing can be told about the person either (`flows.amend`).
    Raises `EvidenceNotTrusted`, `ExternalIdTaken`, `Restricted`, and `Conflict` where the person was erased since.
    """
    if not is_trusted:
        raise EvidenceNotTrusted(f"{brand.name} does not list this client under trusted_evidence.")
    locked = lock_address(session, customer.address)
    account = locked.account(session)
    if _was_erased(session, customer, is_known=account is not None):
        raise Conflict("Something that came later stands against it.")
    if account is None or account.status == accounts.ERASED:
        account = _make(session, locked.digest, provenance.locale)
    if account.status == accounts.RESTRICTED:
        raise Restricted("This person has their data held still.")
    if customer.proved_at is not None:
        accounts.mark_verified(session, locked.digest, customer.proved_at)
    is_new = external_ids.attach(session, account.id, client, customer.system, customer.value)
    return Introduced(account.id, is_new)


def _was_erased(session: Session, customer: Customer, *, is_known: bool) -> bool:
    """Tell whether what a client remembers is of before an erasure; without a moment it is, unless they came back."""
    if customer.proved_at is not None:
        return erased_addresses.is_before(session, customer.address, customer.proved_at)
    return not is_known and bool(erased_addresses.among(session, [customer.address]))


def _make(session: Session, digest: bytes, locale: str) -> Account:
    return accounts.create_lite(session, digest, locale, verified_at=None)
