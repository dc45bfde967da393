"""Note that somebody bought something, where that allows a house to write to them until they object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.branding.models import BY_RELATION, Brand
from app.db import Session
from app.environment import environment
from app.errors import NotOffered
from app.kit import clock
from app.kit.addresses import Address
from app.kit.months import months_after
from app.kit.provenance import Provenance
from app.models import Account
from app.services import accounts, consents, erased_addresses
from app.services.decisions import version_in_force
from app.services.folding import State
from app.services.items import ItemRef, items
from app.services.locks import lock_address
from app.services.opt_outs import NO


class Noted(StrEnum):
    """What came of it."""

    NOTED = "noted"
    KNOWN = "known"
    """It may be sent already, on a better ground or for as long."""
    CONFLICT = "conflict"
    """The person said no, or was erased since. No purchase turns that into anything else (invariant 7)."""
    OVER = "over"
    """It is so long ago that the ground has ended."""


@dataclass(frozen=True, slots=True)
class Relation:
    """Somebody with an e-mail address who bought something in a country, and of what it is told (no addresses)."""

    address: Address
    country: str
    at: datetime
    evidence: Mapping[str, Any] = field(default_factory=dict)


def note_relation(
    session: Session, brand: Brand, topic: str, channel: str, relation: Relation, provenance: Provenance
) -> Noted:  # fmt: skip
    """Let a topic come to somebody on the ground it names, until that ends by itself or they object.

    Raises `UnknownItem`, and `NotOffered` where the topic rests on no such ground, or the brand does not rely on it in
    that country (ePrivacy directive, art. 13(2)).
    """
    item = items(session).subscription(brand.slug, topic, channel)
    until = _end(brand, topic, relation)
    if item.is_retired:
        raise NotOffered(f"“{topic}” is no longer offered.")
    if until <= clock.now():
        return Noted.OVER
    locked = lock_address(session, relation.address)
    account = locked.account(session)
    states = consents.current(session, account.id) if account else {}
    state = states.get(item.id)
    if account and (account.status != accounts.ACTIVE or _said_no(session, brand, item, states)):
        return Noted.CONFLICT
    if erased_addresses.is_before(session, relation.address, relation.at):
        return Noted.CONFLICT
    if state and _is_as_good(state, until):
        return Noted.KNOWN
    if account is None:
        account = accounts.create_lite(session, locked.digest, provenance.locale, verified_at=None)
    _write(session, account, brand, item, state, until, relation, provenance)
    return Noted.NOTED


def _said_no(session: Session, brand: Brand, item: ItemRef, states: Mapping[int, State]) -> bool:
    """Tell whether the person said no to the item, or left anything else of the house over the same channel.

    Whoever left all there was of a house's mail said nothing of what they never had; a purchase is no reason to begin.
    """
    alike = [each for each in items(session).of_brand(brand.slug) if each.channel is item.channel]
    return any(each.id in states and states[each.id].status in NO for each in alike)


def _end(brand: Brand, key: str, relation: Relation) -> datetime:
    topic = brand.topic(key)
    if topic is None or topic.legal_basis not in BY_RELATION or topic.basis_months is None:
        raise NotOffered(f"“{key}” does not rest on a purchase.")
    if not brand.relies_on(topic.legal_basis, relation.country):
        raise NotOffered(f"{brand.name} does not rely on {topic.legal_basis} in this country.")
    return months_after(relation.at, topic.basis_months)


def _is_as_good(state: State, until: datetime) -> bool:
    """Tell whether what holds already is a yes of the person, or lasts as long."""
    if not consents.is_running(state):
        return False
    return state.legal_basis not in set(BY_RELATION) or (state.expires_at is not None and state.expires_at >= until)


def _write(
    session: Session, account: Account, brand: Brand, item: ItemRef, state: State | None, until: datetime,
    relation: Relation, provenance: Provenance,
) -> None:  # fmt: skip
    topic = brand.topic(item.key)
    assert topic is not None  # noqa: S101 - `_end` has seen it
    version = version_in_force(environment(session).group, brand, relation.at.date())
    if state and state.document_version and version and consents.is_running(state):
        version = max(version, state.document_version)  # a purchase takes back no newer agreement
    consents.rely(
        session, account, item, state, topic.legal_basis, until, relation.country, relation.at, version,
        relation.evidence, provenance,
    )  # fmt: skip
