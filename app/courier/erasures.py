"""Erasures that are due, each written to the journal before and after; and what a crash in between left undone.

An intent is on disk before anything is deleted, `done` follows the commit. Whatever happens between the two, the next
run finds out from the database: still waiting, so it is carried out; erased, so it is done; taken back, so it is void.
"""

from __future__ import annotations

from functools import partial

import structlog

from app.courier.logs import describe
from app.environment import Environment
from app.flows import erase
from app.models import PrivacyRequest
from app.services import accounts, erased_addresses, erasure, erasure_journal, privacy_requests
from app.services.erasure_journal import State
from app.services.privacy_requests import Kind

log = structlog.get_logger(__name__)


def run(environment: Environment) -> int:
    """Carry out what is due, and finish what was begun; give how many were erased. Safe to run twice at once.

    One that fails holds up no other; the first failure is raised at the end.
    """
    with environment.database.transaction() as session:
        waiting = list(privacy_requests.due(session))
    erased, failures = 0, []
    for request in waiting:
        try:
            erased += _carry_out(environment, request)
        except Exception as failure:  # noqa: BLE001 - raised below
            log.error("not_erased", account=str(request.account_id), fault=describe(failure))  # noqa: TRY400 - no addresses
            failures.append(failure)
    settle(environment)
    if failures:
        raise failures[0]
    return erased


def settle(environment: Environment) -> None:
    """Write to the journal what became of intents of which it does not tell the end."""
    for account_id in erasure_journal.unfinished(environment.settings):
        with environment.database.transaction() as session:
            account = accounts.find(session, account_id)
            waits = privacy_requests.open_one(session, account_id, Kind.ERASURE) is not None
        if account is None or account.status == accounts.ERASED:
            erasure_journal.conclude(environment.settings, account_id, State.DONE)
        elif not waits:
            erasure_journal.conclude(environment.settings, account_id, State.VOID)


def replay(environment: Environment) -> int:
    """Erase once more whom a backup brought back, as the journal tells; give how many.

    That somebody was erased is remembered of all whom it names, also where the backup never knew them.
    """
    known = erasure_journal.erased(environment.settings)
    addresses = erasure_journal.erased_addresses(environment.settings)
    environment.database.write(partial(erased_addresses.remember, erased=addresses))
    return sum(
        environment.database.write(partial(erase.repeat, account_id=account_id, erased_at=erased_at))
        for account_id, erased_at in known.items()
    )


def _carry_out(environment: Environment, request: PrivacyRequest) -> bool:
    account_id, request_id = request.account_id, request.id
    with environment.database.transaction() as session:
        digests = erasure.own_digests(session, account_id)
    erasure_journal.intend(environment.settings, account_id, digests)
    if not environment.database.write(lambda session: erase.carry_out(session, request_id)):
        return False
    erasure_journal.conclude(environment.settings, account_id, State.DONE)
    log.info("erased", account=str(account_id))
    return True
