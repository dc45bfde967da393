"""Check-ins: who is asked whether what they agreed to is still right, about what, and what came of it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import exists, func, select, tuple_

from app.branding.models import Channel, LegalBasis, Site
from app.branding.models import CheckIn as CheckInSettings
from app.db import Session
from app.environment import environment
from app.kit import clock
from app.kit.provenance import ActorKind
from app.models import Account, CheckIn, ConsentEvent, Message
from app.services import accounts, consents, ledger, locks, suppressions
from app.services.check_in_rulings import is_askable
from app.services.folding import State
from app.services.items import ItemRef, Items, items
from app.services.messages import MessageState
from app.services.verdicts import verdicts_of

CAUSE = "check_in"
"""What a ledger line names as its cause where something ran out for want of an answer; with `asked_at`."""
CONTEXT = "check_in"
"""Key of a mail's context: the id of the check-in it is about."""
WAIT = timedelta(days=1)
"""How long the next step waits for a mail that has not left yet."""


_A_NIGHT = timedelta(hours=20)
"""Less than a day, so that a round that began late does not take from the next one."""


class Outcome(StrEnum):
    """What came of a check-in."""

    OPEN = "open"
    KEPT = "kept"
    CHANGED = "changed"
    """The person did something else, whatever it was."""
    LEFT = "left"
    EXPIRED = "expired"
    CALLED_OFF = "called_off"
    """It may not have reached them, or their data is held still: nothing runs out."""


class Step(StrEnum):
    """What is to be done about an open check-in whose time has come."""

    ANSWERED = "answered"
    CALL_OFF = "call_off"
    WAIT = "wait"
    REMIND = "remind"
    EXPIRE = "expire"


@dataclass(frozen=True, slots=True)
class About:
    """Something that a check-in asks about, and how it stands."""

    item: ItemRef
    state: State


class Judged(NamedTuple):
    """What is to be done about an open check-in, and what of it is still agreed to."""

    row: CheckIn
    step: Step
    about: Sequence[About]


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody who is asked: in whose name, about what, and by which mail."""

    id: uuid.UUID
    account: Account
    site: Site
    about: Sequence[About]
    message_id: uuid.UUID


def asked_about(session: Session, account_id: uuid.UUID, digest: bytes) -> list[About]:
    """List what an account may be asked about by e-mail at `digest`, as `asked_about_all` does."""
    return asked_about_all(session, {account_id: digest}).get(account_id, [])


def asked_about_all(session: Session, digests: Mapping[uuid.UUID, bytes]) -> dict[uuid.UUID, list[About]]:
    """List what accounts may be asked about by e-mail, each at its digest; accounts without anything are absent.

    That is what they agreed to and what a decision allows now, so that nothing is asked, and nothing runs out, of what
    is paused, or of a house from which no mail may come.
    """
    every = _held(session, digests)
    running = {each: [one for one in some if not _is_paused(one.state)] for each, some in every.items()}
    wanted = {each: [one.item for one in some] for each, some in running.items() if some}
    judged = verdicts_of(session, wanted, next(iter(environment(session).group.brands)))
    silent = _silent(session, {digests[each]: each for each in wanted})
    found = {
        each: [one for one in running[each] if decided[one.item.id].allowed
               and not silent.get(each, set()) & {None, one.item.brand}]
        for each, decided in judged.items()
    }  # fmt: skip
    return {each: about for each, about in found.items() if about}


def held(session: Session, account_id: uuid.UUID, only: Sequence[int] | None = None) -> list[About]:
    """List what an account agreed to and what has not run out, those of `only` where it is given; paused or not."""
    every = _held(session, [account_id]).get(account_id, [])
    return [each for each in every if only is None or each.item.id in only]


def asker(session: Session, about: Sequence[About]) -> Site:
    """Give who asks: the house, where it is about one alone, else the group."""
    group = environment(session).group
    brands = {each.item.brand for each in about if each.item.brand}
    return group.brands[brands.pop() or ""] if len(brands) == 1 else group


def begin(session: Session, asked: Sequence[Asked], remind_after: timedelta) -> None:
    """Write that accounts, which the caller has locked, are asked."""
    now = clock.now()
    session.add_all([
        CheckIn(
            account_id=each.account.id, id=each.id, brand=each.site.slug,
            item_ids=[one.item.id for one in each.about], after_sequence=each.account.last_sequence, asked_at=now,
            reminded_at=None, next_at=now + remind_after, message_id=each.message_id, outcome=Outcome.OPEN.value,
            closed_at=None,
        )
        for each in asked
    ])  # fmt: skip
    session.flush()


def find(session: Session, account_id: uuid.UUID, check_in_id: uuid.UUID) -> CheckIn | None:
    """Find a check-in, as it is now."""
    return session.get(CheckIn, (account_id, check_in_id), populate_existing=True)


def still_open(session: Session, due: Mapping[uuid.UUID, uuid.UUID]) -> Sequence[CheckIn]:
    """Give those check-ins, by account, that are open, as they are now."""
    query = select(CheckIn).where(
        CheckIn.account_id.in_(due), CheckIn.id.in_(due.values()), CheckIn.outcome == Outcome.OPEN.value
    )
    return session.scalars(query.execution_options(populate_existing=True)).all()


def due(session: Session, after: tuple[datetime, uuid.UUID] | None, limit: int) -> Sequence[CheckIn]:
    """List open check-ins whose next step is due, by its time and the account, after the one given."""
    query = select(CheckIn).where(CheckIn.outcome == Outcome.OPEN.value, CheckIn.next_at <= clock.now())
    order = (CheckIn.next_at, CheckIn.account_id)
    if after is not None:
        query = query.where(tuple_(*order) > after)
    return session.scalars(query.order_by(*order).limit(limit)).all()


def waiting(session: Session) -> int:
    """Count open check-ins whose next step is not due yet."""
    is_open = (CheckIn.outcome == Outcome.OPEN.value, CheckIn.next_at > clock.now())
    return session.scalar(select(func.count()).select_from(CheckIn).where(*is_open)) or 0


def asked_of_late(session: Session, settings: CheckInSettings) -> int:
    """Count who was asked within the last 20 hours and has not answered: together these take up a day's share."""
    first = clock.now() + timedelta(days=settings.remind_after_days) - _A_NIGHT
    lately = (CheckIn.outcome == Outcome.OPEN.value, CheckIn.reminded_at.is_(None), CheckIn.next_at > first)
    return session.scalar(select(func.count()).select_from(CheckIn).where(*lately)) or 0


def judge(
    session: Session, rows: Sequence[CheckIn], people: Mapping[uuid.UUID, Account], digests: Mapping[uuid.UUID, bytes]
) -> list[Judged]:  # fmt: skip
    """Tell what is to be done about open check-ins, and about which items; changes nothing.

    In doubt nothing runs out: not where the last mail did not leave, or is not on record any more. One that left late
    gives as much time as any other.
    """
    settings = environment(session).group.check_in
    acted = have_acted(session, rows, people)
    have = _held(session, [row.account_id for row in rows if row.id in acted])
    about = asked_about_all(
        session, {row.account_id: digests.get(row.account_id, b"") for row in rows if row.id not in acted}
    )
    query = select(Message.id, Message.state, Message.sent_at).where(Message.id.in_([row.message_id for row in rows]))
    mails = {mail.id: (mail.state, mail.sent_at) for mail in session.execute(query)}
    found = []
    for row in rows:
        every = have.get(row.account_id, []) if row.id in acted else about.get(row.account_id, [])
        left = [each for each in every if each.item.id in row.item_ids]
        step = Step.ANSWERED if row.id in acted else _step(row, people[row.account_id], left, mails, settings)
        found.append(Judged(row, step, left))
    return found


def _step(
    row: CheckIn, account: Account, left: Sequence[About],
    mails: Mapping[uuid.UUID, tuple[str, datetime | None]], settings: CheckInSettings | None,
) -> Step:  # fmt: skip
    state, sent_at = mails.get(row.message_id, (None, None))
    if state == MessageState.QUEUED:
        return Step.WAIT
    if account.status != accounts.ACTIVE or not left or state != MessageState.SENT:
        return Step.CALL_OFF
    if settings and sent_at and sent_at + _span(row, settings) > clock.now():
        return Step.WAIT
    return Step.REMIND if row.reminded_at is None else Step.EXPIRE


def ends(session: Session, row: CheckIn, settings: CheckInSettings) -> datetime:
    """Tell when what an open check-in asks about runs out without an answer, at the earliest.

    The time to answer counts from when the last mail left, or from now while it waits.
    """
    next_at = max(row.next_at, (_left_at(session, row) or clock.now()) + _span(row, settings))
    return next_at + timedelta(days=settings.grace_days if row.reminded_at is None else 0)


def _left_at(session: Session, row: CheckIn) -> datetime | None:
    """Tell when the last mail of a check-in left; None while it waits."""
    return session.scalar(select(Message.sent_at).where(Message.id == row.message_id))


def _span(row: CheckIn, settings: CheckInSettings) -> timedelta:
    """Give how long the last mail of a check-in waits for an answer."""
    return timedelta(days=settings.remind_after_days if row.reminded_at is None else settings.grace_days)


def has_acted(session: Session, row: CheckIn, account: Account) -> bool:
    """Tell whether the person did anything since they were asked: said something, or came in."""
    return bool(have_acted(session, [row], {account.id: account}))


def have_acted(
    session: Session, rows: Sequence[CheckIn], people: Mapping[uuid.UUID, Account]
) -> set[uuid.UUID]:  # fmt: skip
    """Give the ids of those check-ins since which the person did anything, as `has_acted` tells for one."""
    said = exists().where(
        ConsentEvent.account_id == CheckIn.account_id, ConsentEvent.sequence > CheckIn.after_sequence,
        ConsentEvent.actor_kind != ActorKind.SYSTEM.value,
    )  # fmt: skip
    these = (CheckIn.account_id.in_([row.account_id for row in rows]), CheckIn.id.in_([row.id for row in rows]))
    seen = {row.id: people[row.account_id].last_seen_at for row in rows}
    came = {row.id for row in rows if (at := seen[row.id]) is not None and at > row.asked_at}
    return came | set(session.scalars(select(CheckIn.id).where(*these, said)))


def is_answered(session: Session, row: CheckIn, account: Account) -> bool:
    """Tell whether a check-in was answered by something else than keeping all."""
    return row.outcome in {Outcome.CHANGED, Outcome.LEFT} or (
        row.outcome != Outcome.KEPT and has_acted(session, row, account)
    )


def postpone(session: Session, row: CheckIn, settings: CheckInSettings) -> None:
    """Let the next step wait for a mail that has not left yet, or left late."""
    left_at = _left_at(session, row)
    row.next_at = left_at + _span(row, settings) if left_at else clock.now() + WAIT


def remind(row: CheckIn, message_id: uuid.UUID, grace: timedelta) -> None:
    """Note the reminder."""
    row.reminded_at = clock.now()
    row.next_at, row.message_id = row.reminded_at + grace, message_id


def close(row: CheckIn, outcome: Outcome) -> None:
    """Note what came of a check-in."""
    row.outcome, row.closed_at = outcome.value, clock.now()


def of_account(session: Session, account_id: uuid.UUID) -> Sequence[CheckIn]:
    """List the check-ins of an account, oldest first."""
    return session.scalars(select(CheckIn).where(CheckIn.account_id == account_id).order_by(CheckIn.id)).all()


def _is_paused(state: State) -> bool:
    return state.paused_until is not None and state.paused_until > clock.now()


def _held(session: Session, account_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[About]]:
    states = ledger.present_of(session, account_ids)
    registry = items(session, needed={item_id for some in states.values() for item_id in some})
    return {account_id: _valid(registry, some) for account_id, some in states.items()}


def _valid(registry: Items, states: Mapping[int, State]) -> list[About]:
    known = [(registry.find(item_id), state) for item_id, state in sorted(states.items())]
    return [
        About(item, state) for item, state in known
        if item and is_askable(item) and state.legal_basis == LegalBasis.CONSENT and consents.is_running(state)
    ]  # fmt: skip


def _silent(session: Session, owners: Mapping[bytes, uuid.UUID]) -> dict[uuid.UUID, set[str | None]]:
    """Tell which houses, or (None) all, may send no mail to an account."""
    every = {each: owner for digest, owner in owners.items() for each in locks.every_digest(session, digest)}
    found: dict[uuid.UUID, set[str | None]] = {}
    for row in suppressions.in_force(session, list(owners)):
        if row.channel in {None, Channel.EMAIL.value}:
            found.setdefault(every[row.address_digest], set()).add(row.brand)
    return found
