"""Once an hour: the mails that ask before a document changes whether things shall go on."""

from __future__ import annotations

import uuid
from functools import partial

import structlog

from app.courier.singly import singly
from app.environment import Environment
from app.flows import ask_anew
from app.services import reconsent
from app.services.reconsent import Change

BATCH = 500

log = structlog.get_logger(__name__)


def run(environment: Environment, batch: int = BATCH) -> int:
    """Mail everybody who has to be and was not yet, an account in each transaction; give how many.

    Accounts are gone through by their ids, `batch` of them at a time. Killed in between, it goes on in the next hour.
    One that fails holds up no other; the log says `not_asked_anew`.
    """
    mailed = sum(_about(environment, change, batch) for change in reconsent.due(environment.group))
    if mailed:
        log.info("reconsent_mailed", mails=mailed)
    return mailed


def _about(environment: Environment, change: Change, batch: int) -> int:
    mailed, last = 0, uuid.UUID(int=0)
    while True:
        with environment.database.transaction() as session:
            found = reconsent.candidates(session, change, last, batch)
        if not found:
            return mailed
        last = found[-1]
        mailed += sum(singly(environment, found, partial(ask_anew.ask_anew, change=change), "not_asked_anew").values())
