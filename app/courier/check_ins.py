"""The nightly round of check-ins: first what is due about those that are open, then who is to be asked.

It keeps no place of its own. Whom it asked has an open check-in, and whom it did not is found again: killed at any
moment, the next round goes on where this one was. In memory is one batch at a time.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TypeVar

import structlog

from app.courier.logs import describe
from app.db import is_unavailable
from app.environment import Environment
from app.flows import check_in
from app.models import CheckIn
from app.services import check_in_rulings, check_ins, locks_of_many
from app.services.check_in_rulings import Ruling

BATCH = 1_000
"""Accounts ruled on in one statement."""
TOGETHER = 100
"""Accounts that share a transaction."""
FIRST = uuid.UUID(int=0)
ASKED = "asked"
FAILED = "failed"
PASSED = "passed"
"""Not due any more when its turn came: somebody acted, or another round was here before."""

Told = Callable[[int], None]
Stopped = Callable[[], bool]
T = TypeVar("T", list[uuid.UUID], Mapping[uuid.UUID, uuid.UUID])

log = structlog.get_logger(__name__)


def run(
    environment: Environment, at_most: int | None = None, told: Told = lambda _: None,
    stopped: Stopped = lambda: False,
) -> Mapping[str, int]:  # fmt: skip
    """Do all that is due, and ask at most so many people (None: as many as the group lets be asked in a day).

    Give the counts by `Step`, with `asked` and `failed`. `told` hears how many accounts were looked at, batch by batch;
    when `stopped` says so, the rest waits for the next round. One that fails holds up no other, but a database that is
    away ends the round. Two rounds at once ask nobody twice.
    """
    counted = Counter[str]()
    if environment.group.check_in is None:
        return counted
    for rows in _due(environment, stopped):
        counted.update(_follow_up(environment, {row.account_id: row.id for row in rows}))
    at_most = _left_today(environment) if at_most is None else at_most
    for some in _to_ask(environment, told, stopped):
        while some and (room := at_most - counted[ASKED]) > 0:
            counted.update(_ask(environment, some[:room]))
            some = some[room:]  # noqa: PLW2901 - what there was no room for, unless somebody was passed over
        if counted[ASKED] >= at_most:
            break
    return +counted


def rehearse(environment: Environment, told: Told = lambda _: None) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """Count, changing nothing, how all accounts are ruled, and which steps are due about open check-ins."""
    rulings, steps = Counter[str](), Counter[str]()
    if environment.group.check_in is None:
        return rulings, steps
    for ruled in _surveyed(environment):
        rulings.update(str(ruling) for _, ruling in ruled)
        useless = _without_use(environment, [account_id for account_id, ruling in ruled if ruling is Ruling.DUE])
        rulings.update({Ruling.DUE: -useless, Ruling.NOTHING: useless})
        told(len(ruled))
    for rows in _due(environment, lambda: False):
        steps.update(_judge(environment, rows))
    return +rulings, steps


def _without_use(environment: Environment, account_ids: Sequence[uuid.UUID]) -> int:
    """Count who agreed only to what can't come now for other reasons, such as a postal address that is missing."""
    with environment.database.transaction() as session:
        digests = locks_of_many.primaries_of(session, account_ids)
        return len(account_ids) - len(check_ins.asked_about_all(session, digests))


def _surveyed(environment: Environment) -> Iterator[list[tuple[uuid.UUID, Ruling]]]:
    after = FIRST
    while True:
        with environment.database.transaction() as session:
            ruled = check_in_rulings.survey(session, after, BATCH)
        yield ruled
        if len(ruled) < BATCH:
            return
        after = ruled[-1][0]


def _to_ask(environment: Environment, told: Told, stopped: Stopped) -> Iterator[list[uuid.UUID]]:
    for ruled in _surveyed(environment):
        wanted = [account_id for account_id, ruling in ruled if ruling is Ruling.DUE]
        for first in range(0, len(wanted), TOGETHER):
            if stopped():
                return
            yield wanted[first : first + TOGETHER]
        told(len(ruled))


def _due(environment: Environment, stopped: Stopped) -> Iterator[Sequence[CheckIn]]:
    after = None
    while not stopped():
        with environment.database.transaction() as session:
            found = check_ins.due(session, after, TOGETHER)
        if not found:
            return
        yield found
        after = found[-1].next_at, found[-1].account_id


def _judge(environment: Environment, rows: Sequence[CheckIn]) -> Counter[str]:
    with environment.database.transaction() as session:
        account_ids = [row.account_id for row in rows]
        people = locks_of_many.accounts_of(session, account_ids)
        digests = locks_of_many.primaries_of(session, account_ids)
        known = [row for row in rows if row.account_id in people]
        return Counter(str(each.step) for each in check_ins.judge(session, known, people, digests))


def _left_today(environment: Environment) -> int:
    settings = environment.group.check_in
    with environment.database.transaction() as session:
        return max(0, settings.mails_a_day - check_ins.asked_of_late(session, settings)) if settings else 0


def _follow_up(environment: Environment, due: Mapping[uuid.UUID, uuid.UUID]) -> Counter[str]:
    """Go on with some check-ins in one transaction; one by one where that fails."""

    def act(some: Mapping[uuid.UUID, uuid.UUID]) -> Counter[str]:
        steps = environment.database.write(partial(check_in.follow_up, due=some))
        return Counter({PASSED: len(some) - len(steps)}) + Counter(str(step) for step in steps)

    return _carefully(act, due, [{account_id: due[account_id]} for account_id in due])


def _ask(environment: Environment, some: list[uuid.UUID]) -> Counter[str]:
    """Ask some people in one transaction; one by one where that fails."""

    def act(some: list[uuid.UUID]) -> Counter[str]:
        asked = environment.database.write(partial(check_in.ask, account_ids=some))
        return Counter({ASKED: asked, PASSED: len(some) - asked})

    return _carefully(act, some, [[each] for each in some])


def _carefully(act: Callable[[T], Counter[str]], every: T, singly: Sequence[T]) -> Counter[str]:
    """Do something for some people, and where it fails for each alone, so that the one who fails holds up no other."""
    try:
        return act(every)
    except Exception as failure:
        if is_unavailable(failure):
            raise
        if len(singly) > 1:
            return sum((_carefully(act, each, [each]) for each in singly), Counter[str]())
        log.error("not_checked_in", account=str(next(iter(every))), fault=describe(failure))  # noqa: TRY400 - no addresses
        return Counter({FAILED: 1})
