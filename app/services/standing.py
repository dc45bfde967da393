"""A person's whole standing: every item they said something about or are asked to confirm, with the effective answer.

The look-up API and the preference centre both show this. The effective answer is a decision like any other, asked by
the same statement, so that they can't disagree.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter

from sqlalchemy import select

from app.db import Session
from app.environment import environment
from app.kit import clock
from app.kit.subjects import ExternalId, Subject
from app.models import Account, ConsentEvent, ContactPoint
from app.services import consents, decisions, external_ids, folding, ledger, opt_in
from app.services.decisions import Decision, Reason
from app.services.folding import State
from app.services.items import ItemRef, items
from app.services.verdicts import verdicts


@dataclass(frozen=True, slots=True)
class Standing:
    """One item: its state (none while it is only pending), whether a request is open, and the effective answer."""

    item: ItemRef
    state: State | None
    pending_since: datetime | None
    effective: Decision | None


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a subject means: an account, if there is one, and the digests of the addresses concerned."""

    subject: Subject
    account: Account | None = None
    digests: tuple[bytes, ...] = ()


def find(session: Session, subject: Subject) -> Person:
    """Find the person behind a subject; None stands for somebody unknown."""
    if isinstance(subject, ExternalId):
        subject = external_ids.account_of(session, subject)
    if subject is None:
        return Person(None)
    if isinstance(subject, uuid.UUID):
        return _of_account(session, subject, subject)
    probes = environment(session).digester.probes(subject)
    owner = session.scalar(select(ContactPoint.account_id).where(ContactPoint.address_digest.in_(probes)))
    return _of_account(session, subject, owner) if owner else Person(subject, None, tuple(probes))


def standings(
    session: Session, person: Person, brands: Collection[str], also: Iterable[ItemRef] = (),
    states: Mapping[int, State] | None = None,
) -> list[Standing]:  # fmt: skip
    """List the items of `brands` that the person said something about or is asked to confirm, with what holds now.

    Those of `also` are listed too where nothing was said about them. Group-wide items are judged as a question about
    the first of `brands` would be. `states` are the person's consents, where the caller has read them.
    """
    if states is None:
        states = consents.current(session, person.account.id) if person.account else {}
    pending = {each.item_id: each.asked_at for each in opt_in.live_items(session, person.digests)}
    known = {*states, *pending, *(item.id for item in also)}
    registry = items(session, needed=known)
    found = [
        item for item_id in sorted(known)
        if (item := registry.find(item_id)) and (item.brand is None or item.brand in brands)
    ]  # fmt: skip
    judged = _judge(session, person, found, brands)
    return [Standing(item, states.get(item.id), pending.get(item.id), judged[item.id]) for item in found]


def _judge(
    session: Session, person: Person, wanted: Sequence[ItemRef], brands: Collection[str]
) -> Mapping[int, Decision]:
    """Decide about each item: of an account all at once, of an address one by one, since it matters which it is."""
    if isinstance(person.subject, uuid.UUID):
        return verdicts(session, person.subject, wanted, next(iter(brands), ""))
    return {item.id: _effective(session, person, item, brands) for item in wanted}


def _effective(session: Session, person: Person, item: ItemRef, brands: Collection[str]) -> Decision:
    env, now = environment(session), clock.now()
    brand = env.group.brands.get(item.brand or next(iter(brands), ""))
    if brand is None:
        return Decision(allowed=False, reason=Reason.RETIRED)
    rules = decisions.rules_for(env.group, brand, item, now.date())
    return decisions.decide(rules, decisions.ask(env, item, brand.slug, person.subject, now), now)


def as_recorded(session: Session, account_id: uuid.UUID, moment: datetime, brands: Collection[str]) -> list[Standing]:
    """List what was recorded by `moment`: a fold of the ledger, without effective answers (invariant 12)."""
    query = (
        select(ConsentEvent)
        .where(ConsentEvent.account_id == account_id, ConsentEvent.recorded_at <= moment)
        .order_by(ConsentEvent.item_id, ConsentEvent.sequence)
    )
    rows = list(session.scalars(query))
    registry = items(session, needed={row.item_id for row in rows})
    found = []
    for item_id, lines in groupby(rows, key=attrgetter("item_id")):
        item = registry.find(item_id)
        state = folding.fold(ledger.line_of(vars(row)) for row in lines)
        if item and state and (item.brand is None or item.brand in brands):
            found.append(Standing(item, state, None, None))
    return found


def _of_account(session: Session, subject: Subject, account_id: uuid.UUID) -> Person:
    account = session.get(Account, account_id)
    query = select(ContactPoint.address_digest).where(ContactPoint.account_id == account_id)
    return Person(subject, account, tuple(session.scalars(query)))
