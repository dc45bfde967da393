"""One account after another, each in a transaction of its own, so that the one for whom it fails holds up no other."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from functools import partial
from typing import Protocol, TypeVar

import structlog

from app.courier.logs import describe
from app.db import Session, is_unavailable
from app.environment import Environment

log = structlog.get_logger(__name__)

T_co = TypeVar("T_co", covariant=True)


class Act(Protocol[T_co]):
    """Something that is done for an account."""

    def __call__(self, session: Session, *, account_id: uuid.UUID) -> T_co:
        """Do it in the transaction of `session`."""


def singly(
    environment: Environment, account_ids: Iterable[uuid.UUID], act: Act[T_co], failed: str
) -> dict[uuid.UUID, T_co]:  # fmt: skip
    """Do `act` for each account, and give what came of it; those for whom it failed are absent.

    The log says `failed` of them, without anything personal. A database that is away is raised: it fails for everybody.
    """
    done = {}
    for account_id in account_ids:
        try:
            done[account_id] = environment.database.write(partial(act, account_id=account_id))
        except Exception as failure:
            if is_unavailable(failure):
                raise
            log.error(failed, account=str(account_id), fault=describe(failure))  # noqa: TRY400 - no addresses
    return done
