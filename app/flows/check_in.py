"""Ask whether what somebody agreed to is still right, once in some years; remind; let it run out; and take the answer.

Each account is one transaction, judged under its lock: whoever runs this twice, or is killed in between, asks nobody
twice and forgets nobody.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from app.branding.models import Frequency
from app.db import Session
from app.environment import environment
from app.errors import NotOffered
from app.kit import ids
from app.kit.provenance import SYSTEM, Provenance, Source
from app.models import Account, CheckIn
from app.services import (
    accounts,
    check_in_rulings,
    check_in_words,
    check_ins,
    consents,
    locks_of_many,
    mailings,
    notices,
    opt_in,
    targets,
    tokens,
)
from app.services.check_ins import About, Asked, Judged, Outcome, Step
from app.services.folding import Action, Line
from app.services.locks import Locked, lock_account
from app.services.mailings import Mail
from app.services.message_kinds import MessageKind


class Answer(Enum):
    """What came of pressing the button that keeps all."""

    KEPT = "kept"
    REWORDED = "reworded"
    """The page showed something else than would be kept now."""
    NOTHING_LEFT = "nothing_left"


@dataclass(frozen=True, slots=True)
class _Open:
    """A check-in whose account is held."""

    row: CheckIn
    account: Account
    locked: Locked


def ask(session: Session, account_ids: Collection[uuid.UUID]) -> int:
    """Mail the question to those of some accounts that are due, and give how many those were."""
    settings = environment(session).group.check_in
    held = locks_of_many.lock_accounts(session, account_ids)
    digests = {each: held[each].digest for each in check_in_rulings.due(session, held)}
    every = check_ins.asked_about_all(session, digests)
    people = locks_of_many.accounts_of(session, every.keys())
    asked = [
        Asked(ids.new_id(), people[each], check_ins.asker(session, about), about, ids.new_id())
        for each, about in every.items()
    ]
    if settings is None or not asked:
        return 0
    mailings.queue_all(session, [_question(each, held[each.account.id]) for each in asked])
    check_ins.begin(session, asked, timedelta(days=settings.remind_after_days))
    return len(asked)


def _question(asked: Asked, to: Locked) -> Mail:
    context = {check_ins.CONTEXT: str(asked.id)}
    return Mail(asked.message_id, MessageKind.CHECK_IN, asked.site.slug, asked.account.locale, to, context)


def follow_up(session: Session, due: Mapping[uuid.UUID, uuid.UUID]) -> list[Step]:
    """Do what is due about open check-ins, by account, and tell what; nothing where another worker was here before."""
    settings = environment(session).group.check_in
    held = locks_of_many.lock_accounts(session, due.keys())
    rows = check_ins.still_open(session, {each: due[each] for each in held})
    people = locks_of_many.accounts_of(session, [row.account_id for row in rows])
    judged = check_ins.judge(session, rows, people, {each: locked.digest for each, locked in held.items()})
    if settings is None:
        return []
    for row, step, about in judged:
        if step is Step.ANSWERED:
            check_ins.close(row, Outcome.CHANGED if about else Outcome.LEFT)
        elif step is Step.CALL_OFF:
            check_ins.close(row, Outcome.CALLED_OFF)
        elif step is Step.WAIT:
            check_ins.postpone(session, row, settings)
        elif step is Step.EXPIRE:
            _expire(session, row, people[row.account_id], about)
    _remind(session, [each for each in judged if each.step is Step.REMIND], people, held, settings.grace_days)
    return [each.step for each in judged]


def _remind(
    session: Session, judged: Sequence[Judged], people: Mapping[uuid.UUID, Account], held: Mapping[uuid.UUID, Locked],
    grace_days: int,
) -> None:  # fmt: skip
    kind, mails = MessageKind.CHECK_IN_REMINDER, []
    for row, _step, _about in judged:
        account, context = people[row.account_id], {check_ins.CONTEXT: str(row.id)}
        mails.append(Mail(ids.new_id(), kind, row.brand, account.locale, held[account.id], context))
        check_ins.remind(row, mails[-1].id, timedelta(days=grace_days))
    mailings.queue_all(session, mails)


def keep(session: Session, token: str, words: str, provenance: Provenance) -> Answer:
    """Keep all that the check-in asked about and that is still agreed to; twice is as good as once.

    `words` is the digest of what the page showed, which is kept as evidence. Dates stay as they were. Raises `BadLink`,
    `ExpiredLink`.
    """
    opened = _hold(session, *tokens.read_check_in(session, token))
    if opened is None:
        return Answer.NOTHING_LEFT
    row, account = opened.row, opened.account
    about = check_ins.held(session, account.id, row.item_ids)
    if not about:
        return Answer.NOTHING_LEFT
    if row.outcome == Outcome.KEPT:
        return Answer.KEPT
    told = check_in_words.wordings(session, about, provenance.locale)
    if check_in_words.digest(told) != words:
        return Answer.REWORDED
    seen = {item_id: notices.store(session, each.text, each.locale) for item_id, each in told.items()}
    consents.keep(session, account, {each.item.id: each.state for each in about}, seen, provenance)
    check_ins.close(row, Outcome.KEPT)
    return Answer.KEPT


def leave(session: Session, token: str, item_id: int | None, provenance: Provenance) -> list[Line]:
    """Leave one thing that the check-in asked about, or (None) all of them. Raises as `pause` does."""
    opened, about = _answering(session, token, item_id)
    if opened is None:
        return []
    left = [each.item for each in about]
    opt_in.cancel(session, opened.locked.digests, [item.id for item in left], provenance)
    return consents.withdraw(session, opened.account, left, provenance)


def pause(session: Session, token: str, item_id: int, until: datetime, provenance: Provenance) -> list[Line]:
    """Pause one thing that the check-in asked about. What was left meanwhile stays left.

    Raises `BadLink`, `ExpiredLink`, and `NotOffered` for what it did not ask about.
    """
    opened, about = _answering(session, token, item_id)
    return consents.pause(session, opened.account, [each.item for each in about], until, provenance) if opened else []


def slow_down(session: Session, token: str, item_id: int, frequency: Frequency, provenance: Provenance) -> list[Line]:
    """Let one thing come more rarely. Raises as `pause` does, also for a frequency that its topic does not have."""
    opened, about = _answering(session, token, item_id)
    if opened is None or not about:
        return []
    item, state = about[0].item, about[0].state
    if frequency in targets.RARENESS and targets.is_as_rare(state.frequency, frequency):
        return []
    if frequency not in _rarer(session, about[0]):
        raise NotOffered(f"It does not come {frequency}.")
    told = {"frequency": frequency.value}
    return consents.adjust(session, opened.account, item, state, Action.CHANGED, told, provenance)


def _rarer(session: Session, about: About) -> list[Frequency]:
    brand = environment(session).group.brands.get(about.item.brand or "")
    return targets.rarer_than(brand, about.item, about.state.frequency) if brand else []


def _answering(session: Session, token: str, item_id: int | None) -> tuple[_Open | None, list[About]]:
    """Hold a check-in, whatever came of it, with what it asked about and is still agreed to."""
    opened = _hold(session, *tokens.read_check_in(session, token))
    if opened is None:
        return None, []
    if item_id is not None and item_id not in opened.row.item_ids:
        raise NotOffered("This is nothing that was asked about.")
    only = opened.row.item_ids if item_id is None else [item_id]
    return opened, check_ins.held(session, opened.account.id, only)


def _hold(session: Session, account_id: uuid.UUID, check_in_id: uuid.UUID) -> _Open | None:
    locked = lock_account(session, account_id)
    account = locked.account(session)
    row = check_ins.find(session, account_id, check_in_id)
    if account is None or account.status == accounts.ERASED or row is None:
        return None
    return _Open(row, account, locked)


def _expire(session: Session, row: CheckIn, account: Account, about: Sequence[About]) -> None:
    came = Provenance(SYSTEM, Source.SYSTEM, account.locale)
    why = {"cause": check_ins.CAUSE, "asked_at": row.asked_at.isoformat()}
    consents.expire(session, account, [each.item for each in about], came, why)
    check_ins.close(row, Outcome.EXPIRED)
