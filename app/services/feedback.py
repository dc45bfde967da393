"""Why people left: asked after it is done, never required, counted for the houses."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import date, timedelta
from enum import StrEnum

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.db import Session
from app.environment import environment
from app.kit import clock
from app.models import ConsentEvent, LeavingReason, Tally
from app.services.folding import Action
from app.services.items import items

LONGEST = 500
"""Characters that somebody may write."""
ASKED_FOR = timedelta(days=1)
"""How long after having left a reason is taken: the page may stand open for a while."""
WORDS_KEPT = timedelta(days=180)
TALLY = "left:"
"""Begins the names of the counts: `left:<topic>:<code>`."""


class Why(StrEnum):
    """Reasons that can be chosen, in the order in which they are offered."""

    TOO_MANY = "too_many"
    NOT_EXPECTED = "not_expected"
    NEVER_ASKED = "never_asked"
    NO_INTEREST = "no_interest"
    OTHER = "other"


def answer(session: Session, account_id: uuid.UUID, left: Collection[int], why: Why, words: str) -> bool:
    """Keep why somebody left the items `left`, for the newest line of theirs; another answer takes its place.

    False, and nothing kept, where none of them was left of late. The caller holds the account.
    """
    line = session.execute(
        select(ConsentEvent.sequence, ConsentEvent.item_id)
        .where(
            ConsentEvent.account_id == account_id, ConsentEvent.item_id.in_(left),
            ConsentEvent.action.in_((Action.WITHDRAWN.value, Action.OBJECTED.value)),
            ConsentEvent.recorded_at > clock.now() - ASKED_FOR,
        )
        .order_by(ConsentEvent.sequence.desc())
        .limit(1)
    ).first()  # fmt: skip
    if line is None:
        return False
    former = session.get(LeavingReason, (account_id, line.sequence))
    item = _place(session, line.item_id)
    if former is not None:
        _count(session, former.occurred_at.date(), item, former.code, -1)
        session.delete(former)
        session.flush()
    text = words.strip()[:LONGEST]
    session.add(
        LeavingReason(
            account_id=account_id, sequence=line.sequence, item_id=line.item_id, brand=item[0], code=why.value,
            sealed=environment(session).sealer.seal(text) if text else None, occurred_at=clock.now(),
        )
    )  # fmt: skip
    _count(session, clock.now().date(), item, why.value, 1)
    session.flush()
    return True


def given(session: Session, account_id: uuid.UUID) -> Sequence[LeavingReason]:
    """List what an account answered, oldest first."""
    query = select(LeavingReason).where(LeavingReason.account_id == account_id)
    return session.scalars(query.order_by(LeavingReason.sequence)).all()


def words_of(session: Session, reason: LeavingReason) -> str:
    """Read what somebody wrote; empty where they did not, or it is purged."""
    return environment(session).sealer.open(reason.sealed) if reason.sealed else ""


def counts(session: Session, brand: str | None, since: date) -> list[tuple[str, str, str, int]]:
    """Count reasons by brand, topic and code since a day. Counts stay when people are erased."""
    query = (
        select(Tally.brand, Tally.name, func.sum(Tally.count))
        .where(Tally.name.startswith(TALLY), Tally.day >= since)
        .group_by(Tally.brand, Tally.name)
        .order_by(Tally.brand, func.sum(Tally.count).desc(), Tally.name)
    )
    rows = session.execute(query if brand is None else query.where(Tally.brand == brand))
    found = []
    for house, name, count in rows:
        topic, _sign, code = name.removeprefix(TALLY).partition(":")
        if count:
            found.append((house, topic, code, count))
    return found


def purge(session: Session, limit: int = 1_000) -> int:
    """Forget what people wrote half a year ago; the reasons stay. Give how many."""
    old = select(LeavingReason.account_id, LeavingReason.sequence).where(
        LeavingReason.sealed.is_not(None), LeavingReason.occurred_at < clock.now() - WORDS_KEPT
    )
    found = session.execute(old.limit(limit)).all()
    for account_id, sequence in found:
        one = (LeavingReason.account_id == account_id, LeavingReason.sequence == sequence)
        session.execute(update(LeavingReason).where(*one).values(sealed=None))
    return len(found)


def _place(session: Session, item_id: int) -> tuple[str, str]:
    item = items(session, needed={item_id}).get(item_id)
    return item.brand or environment(session).group.slug, item.key


def _count(session: Session, day: date, item: tuple[str, str], code: str, by: int) -> None:
    brand, topic = item
    row = upsert(Tally).values(day=day, brand=brand, name=f"{TALLY}{topic}:{code}", count=by)
    keys = ["day", "brand", "name"]
    session.execute(row.on_conflict_do_update(index_elements=keys, set_={"count": Tally.count + by}))
