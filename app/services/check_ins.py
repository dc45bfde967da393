"""Check-ins: who is asked whether what they agreed to is still right, about what, and what came of it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select, tuple_

from app.branding.models import Channel, Kind, LegalBasis, Site
from app.branding.models import CheckIn as CheckInSettings
from app.db import Session, run
from app.environment import environment
from app.kit import clock
from app.kit.provenance import ActorKind
from app.models import Account, CheckIn, ConsentEvent, Message
from app.services import accounts, consents, suppressions
from app.services.decisions import SUPPRESSED
from app.services.folding import State
from app.services.items import ItemRef, items
from app.services.messages import MessageState
from app.services.verdicts import verdicts

CAUSE = "check_in"
"""What a ledger line names as its cause where something ran out for want of an answer; with `asked_at`."""
CONTEXT = "check_in"
"""Key of a mail's context: the id of the check-in it is about."""
REST = timedelta(days=90)
"""How long nobody is asked again after a check-in that may not have reached them."""
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


class Ruling(StrEnum):
    """Whether an account is to be asked now, and why not; the first that is true."""

    ERASED = "erased"
    RESTRICTED = "restricted"
    WAITING = "waiting"
    NOTHING = "nothing"
    """Nothing is agreed to that has not run out or is not paused."""
    ACTED = "acted"
    ASKED = "asked"
    UNVERIFIED = "unverified"
    SUPPRESSED = "suppressed"
    DUE = "due"


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


def survey(session: Session, after: uuid.UUID, size: int) -> list[tuple[uuid.UUID, Ruling]]:
    """Rule on the next `size` accounts by id, in one statement; none is left when fewer come back."""
    return _rule(session, _SURVEY, {"account": after, "size": size})


def rule(session: Session, account_id: uuid.UUID) -> Ruling:
    """Rule on one account, which the caller has locked, by the same statement."""
    found = _rule(session, _ONE, {"account": account_id})
    return found[0][1] if found else Ruling.ERASED


def asked_about(session: Session, account_id: uuid.UUID, digest: bytes) -> list[About]:
    """List what an account may be asked about by e-mail at `digest`, as its houses have them.

    That is what it agreed to and what a decision allows now, so that nothing is asked, and nothing runs out, of what is
    paused, or of a house from which no mail may come.
    """
    candidates = [each for each in held(session, account_id) if not _is_paused(each.state)]
    group = environment(session).group
    judged = verdicts(session, account_id, [each.item for each in candidates], next(iter(group.brands)))
    silent = {
        row.brand for row in suppressions.in_force(session, [digest]) if row.channel in {None, Channel.EMAIL.value}
    } if candidates else set()  # fmt: skip
    return [
        each for each in candidates
        if judged[each.item.id].allowed and None not in silent and each.item.brand not in silent
    ]  # fmt: skip


def held(session: Session, account_id: uuid.UUID, only: Sequence[int] | None = None) -> list[About]:
    """List what an account agreed to and what has not run out, those of `only` where it is given; paused or not."""
    states = consents.current(session, account_id)
    registry = items(session, needed=states)
    known = [(registry.find(item_id), state) for item_id, state in sorted(states.items())]
    return [
        About(item, state) for item, state in known
        if item and _is_askable(item) and state.legal_basis == LegalBasis.CONSENT and consents.is_running(state)
        and (only is None or item.id in only)
    ]  # fmt: skip


def asker(session: Session, about: Sequence[About]) -> Site:
    """Give who asks: the house, where it is about one alone, else the group."""
    group = environment(session).group
    brands = {each.item.brand for each in about if each.item.brand}
    return group.brands[brands.pop() or ""] if len(brands) == 1 else group


def begin(
    session: Session, check_in_id: uuid.UUID, account: Account, site: Site, about: Sequence[About],
    message_id: uuid.UUID, remind_after: timedelta,
) -> None:  # fmt: skip
    """Write that an account, which the caller has locked, is asked."""
    now = clock.now()
    row = CheckIn(
        account_id=account.id, id=check_in_id, brand=site.slug, item_ids=[each.item.id for each in about],
        after_sequence=account.last_sequence, asked_at=now, reminded_at=None, next_at=now + remind_after,
        message_id=message_id, outcome=Outcome.OPEN.value, closed_at=None,
    )  # fmt: skip
    session.add(row)
    session.flush()


def find(session: Session, account_id: uuid.UUID, check_in_id: uuid.UUID) -> CheckIn | None:
    """Find a check-in, as it is now."""
    return session.get(CheckIn, (account_id, check_in_id), populate_existing=True)


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


def judge(session: Session, row: CheckIn, account: Account, digest: bytes) -> tuple[Step, list[About]]:
    """Tell what is to be done about an open check-in, and about which items; changes nothing.

    In doubt nothing runs out: not where the last mail did not leave, or is not on record any more.
    """
    if has_acted(session, row, account):
        return Step.ANSWERED, held(session, account.id, row.item_ids)
    about = [each for each in asked_about(session, account.id, digest) if each.item.id in row.item_ids]
    state = session.scalar(select(Message.state).where(Message.id == row.message_id))
    if state == MessageState.QUEUED:
        return Step.WAIT, about
    if account.status != accounts.ACTIVE or not about or state != MessageState.SENT:
        return Step.CALL_OFF, about
    return (Step.REMIND if row.reminded_at is None else Step.EXPIRE), about


def ends(row: CheckIn, settings: CheckInSettings) -> datetime:
    """Tell when what an open check-in asks about runs out without an answer, at the earliest."""
    return row.next_at + timedelta(days=settings.grace_days if row.reminded_at is None else 0)


def has_acted(session: Session, row: CheckIn, account: Account) -> bool:
    """Tell whether the person did anything since they were asked: said something, or came in."""
    if account.last_seen_at is not None and account.last_seen_at > row.asked_at:
        return True
    line = select(ConsentEvent.sequence).where(
        ConsentEvent.account_id == account.id, ConsentEvent.sequence > row.after_sequence,
        ConsentEvent.actor_kind != ActorKind.SYSTEM.value,
    )  # fmt: skip
    return session.scalar(line.limit(1)) is not None


def is_answered(session: Session, row: CheckIn, account: Account) -> bool:
    """Tell whether a check-in was answered by something else than keeping all."""
    return row.outcome in {Outcome.CHANGED, Outcome.LEFT} or (
        row.outcome != Outcome.KEPT and has_acted(session, row, account)
    )


def postpone(row: CheckIn) -> None:
    """Let the next step wait for a mail that has not left yet."""
    row.next_at = clock.now() + WAIT


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


def _rule(session: Session, statement: str, asked: dict[str, Any]) -> list[tuple[uuid.UUID, Ruling]]:
    settings, now = environment(session).group.check_in, clock.now()
    if settings is None:
        return []
    values = {
        **asked, "now": now, "before": clock.shifted(now, -settings.after_months), "rested": now - REST,
        "items": [item.id for item in items(session) if _is_askable(item)],
    }  # fmt: skip
    return [(account_id, Ruling(ruling)) for account_id, ruling in run(session, statement, values)]


def _is_askable(item: ItemRef) -> bool:
    return item.kind is not Kind.DOCUMENT and not item.is_retired


def _is_paused(state: State) -> bool:
    return state.paused_until is not None and state.paused_until > clock.now()


_VALID = """
    SELECT FROM consent k JOIN item i ON i.id = k.item_id
     WHERE k.account_id = a.id AND k.status = 'granted' AND k.legal_basis = 'consent'
       AND k.item_id = ANY(%(items)s::int[]) AND (k.expires_at IS NULL OR k.expires_at > %(now)s)
       AND (k.paused_until IS NULL OR k.paused_until <= %(now)s)"""

# What a house, a file or staff noted, the person did when the line says so: only the system's own lines are no acts.
_ACTED = """
    SELECT FROM consent_event e
     WHERE e.account_id = a.id AND e.actor_kind <> 'system' AND e.occurred_at > %(before)s"""

_RULINGS = f"""
    SELECT a.id, CASE
      WHEN a.status = 'erased' THEN 'erased'
      WHEN a.status <> 'active' THEN 'restricted'
      WHEN EXISTS (SELECT FROM check_in c WHERE c.account_id = a.id AND c.outcome = 'open') THEN 'waiting'
      WHEN NOT EXISTS ({_VALID}) THEN 'nothing'
      WHEN a.last_seen_at > %(before)s OR EXISTS ({_ACTED}) THEN 'acted'
      WHEN EXISTS (SELECT FROM check_in c WHERE c.account_id = a.id
                   AND CASE WHEN c.outcome = 'called_off' THEN c.closed_at > %(rested)s
                       ELSE c.asked_at > %(before)s END) THEN 'asked'
      WHEN t.verified_at IS NULL THEN 'unverified'
      WHEN NOT EXISTS ({_VALID} AND NOT {
    SUPPRESSED.format(digests="= t.address_digest", now="%(now)s", brand="i.brand", channel="'email'")
}) THEN 'suppressed'
      ELSE 'due' END
      FROM people AS a LEFT JOIN contact_point t ON t.account_id = a.id AND t.is_primary AND t.kind = 'email'
     ORDER BY a.id"""  # noqa: S608 - built from constants alone
_PEOPLE = "WITH people AS (SELECT id, status, last_seen_at FROM account WHERE"
_SURVEY = f"{_PEOPLE} id > %(account)s ORDER BY id LIMIT %(size)s) {_RULINGS}"
_ONE = f"{_PEOPLE} id = %(account)s) {_RULINGS}"
