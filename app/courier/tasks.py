"""The jobs that the courier does, and what it does about jobs that failed."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import structlog
from procrastinate import App, BaseRetryStrategy, RetryDecision
from procrastinate.connector import BaseConnector
from procrastinate.job_context import JobContext
from procrastinate.jobs import Job

from app.courier import check_ins, erasures, exports, imports, reconsents, webhook_notices
from app.courier.delivery import FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, TRIES, TryAgain, deliver
from app.courier.logs import describe
from app.courier.singly import singly
from app.courier.texting import sender_for
from app.courier.transport import Transport
from app.db import is_unavailable
from app.environment import Environment
from app.flows import admit, go_on
from app.services import (
    address_changes,
    challenges,
    check_in_rulings,
    checkpoints,
    consents,
    feed,
    feedback,
    idempotency,
    messages,
    opt_in,
    outbox,
    phones,
    privacy_requests,
    sessions,
    throttle,
    usage,
    webhook_deliveries,
)
from app.services.imports import ENDED, Elsewhere
from app.services.imports import purge as purge_imports

FINISHED_KEPT_HOURS = 30 * 24

log = structlog.get_logger(__name__)


class Patiently(BaseRetryStrategy):
    """Tries again when the task says so; after a failure nobody foresaw, such as a lost database, ever more slowly."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """Give the time of the next try. A task that asks for one ends its tries itself; other failures end at 12."""
        if isinstance(exception, TryAgain):
            return RetryDecision(retry_in={"seconds": exception.seconds})
        log.error("job_failed", job=job.id, task=job.task_name, attempt=job.attempts, fault=describe(exception))
        if job.attempts >= TRIES and not is_unavailable(exception):
            return None
        return RetryDecision(retry_in={"seconds": int(min(2 ** min(job.attempts, 12), LONGEST_PAUSE_SECONDS))})


def build(environment: Environment, transport: Transport, connector: BaseConnector) -> App:
    """Make the procrastinate App with all tasks of the courier, working in `environment`."""
    app = App(connector=connector)
    _add_jobs(app, environment, transport)
    _add_import(app, environment)

    @app.periodic(cron="*/10 * * * *")
    @app.task(name="erase_due")
    def _erase_due(timestamp: int) -> None:
        del timestamp
        erasures.run(environment)

    @app.periodic(cron="7 * * * *")
    @app.task(name="end_pauses")
    def _end_pauses(timestamp: int) -> None:
        del timestamp
        end_by_date(environment)

    @app.periodic(cron="43 2 * * *")
    @app.task(name="check_in", pass_context=True, retry=Patiently())
    def _check_in(context: JobContext, timestamp: int) -> None:
        del timestamp
        log.info("checked_in", **check_ins.run(environment, stopped=context.should_abort))
        if context.should_abort():  # the courier is told to stop: another one goes on
            raise TryAgain(FIRST_PAUSE_SECONDS)

    @app.periodic(cron="37 * * * *")
    @app.task(name="ask_anew")
    def _ask_anew(timestamp: int) -> None:
        del timestamp
        reconsents.run(environment)

    @app.periodic(cron="17 * * * *")
    @app.task(name="purge")
    def _purge(timestamp: int) -> None:
        del timestamp
        purge(environment)

    @app.periodic(cron="*/10 * * * *")
    @app.task(name="take_checkpoint")
    def _take_checkpoint(timestamp: int) -> None:
        del timestamp
        take_checkpoint(environment)

    @app.periodic(cron="27 3 * * *")
    @app.task(name="forget_finished_jobs")
    async def _forget_finished_jobs(timestamp: int) -> None:
        del timestamp
        await app.job_manager.delete_old_jobs(nb_hours=FINISHED_KEPT_HOURS, include_failed=True, include_aborted=True)

    return app


def _add_jobs(app: App, environment: Environment, transport: Transport) -> None:
    """Add the tasks that others queue (`services.outbox`)."""
    texts = sender_for(environment)

    @app.task(name=outbox.DELIVER, retry=Patiently())
    def _deliver(message_id: str) -> None:
        deliver(environment, transport, uuid.UUID(message_id), texts)

    @app.task(name=outbox.ADMIT, retry=Patiently())
    def _admit(request_id: str) -> None:
        environment.database.write(lambda session: admit.admit(session, uuid.UUID(request_id)))

    @app.task(name=outbox.EXPORT, retry=Patiently())
    def _export(request_id: str) -> None:
        exports.build(environment, uuid.UUID(request_id))

    @app.task(name=outbox.TELL_OF_WEBHOOK, retry=Patiently())
    def _tell_of_webhook(endpoint_id: str) -> None:
        webhook_notices.tell(environment, transport, uuid.UUID(endpoint_id))


def purge(environment: Environment) -> None:
    """Delete what has served its time: unconfirmed requests and sessions that ended. Safe to run twice at once."""
    batches = {
        "opt_in_request": opt_in.purge, "stranger": opt_in.purge_strangers, "message": messages.purge,
        "address_change": address_changes.purge, "leaving_words": feedback.purge, "answered_request": idempotency.purge,
        "check_in": check_in_rulings.purge,
        "webhook_delivery": webhook_deliveries.purge,
        "import": purge_imports,
    }  # fmt: skip
    for what, purge_batch in batches.items():
        while rows := environment.database.write(purge_batch):
            log.info("purged", what=what, rows=rows)
    log.info("purged", what="session", rows=environment.database.write(sessions.purge))
    log.info("purged", what="spent_proof", rows=environment.database.write(challenges.purge))
    log.info("purged", what="export", rows=environment.database.write(privacy_requests.purge))
    log.info("purged", what="phone_proof", rows=environment.database.write(phones.purge))
    log.info("purged", what="attempt", rows=environment.database.write(throttle.purge))
    log.info("purged", what="api_usage", rows=environment.database.write(usage.purge))


def _add_import(app: App, environment: Environment) -> None:
    @app.task(name=outbox.IMPORT, pass_context=True, retry=Patiently())
    def _import(context: JobContext, import_id: str) -> None:
        is_last_try = context.job.attempts >= TRIES
        import_file(environment, uuid.UUID(import_id), context.should_abort, is_last_try=is_last_try)


def import_file(
    environment: Environment, job_id: uuid.UUID, stopped: Callable[[], bool], *, is_last_try: bool = False
) -> None:  # fmt: skip
    """Take in a file that came over the API, or as much of it as there is time for; the rest is for the next try.

    After the last one the job ends with a fault, so that nobody waits for it.
    """
    try:
        job = imports.run(environment, job_id, stopped=stopped)
    except Elsewhere:  # a courier that was taken for dead is at it
        raise TryAgain(FIRST_PAUSE_SECONDS) from None
    except Exception as failure:
        if is_last_try and not is_unavailable(failure):
            imports.give_up(environment, job_id)
        raise
    if job is not None and job.state not in ENDED:
        raise TryAgain(FIRST_PAUSE_SECONDS)
    log.info("imported", job=str(job_id), state=job and job.state, counts=job and job.counts)


def take_checkpoint(environment: Environment) -> None:
    """Mark outside the database how far the ledger has come; say so loudly when it is not what it was."""
    try:
        environment.database.write(checkpoints.take)
    except LookupError as fault:
        log.error("ledger_tampered_with", fault=str(fault), advice="run `parley ledger verify`")  # noqa: TRY400


def place_feed(environment: Environment) -> None:
    """Give the ledger lines committed since the last time their places in the change feed."""
    environment.database.write(feed.place)


async def revive_abandoned(app: App, seconds_since_heartbeat: float) -> int:
    """Queue again, at once, what workers were doing that have not been heard of for so long; give the number."""
    jobs = list(await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=seconds_since_heartbeat))
    for job in jobs:
        await app.job_manager.retry_job(job)
        log.warning("job_revived", job=job.id, task=job.task_name)
    return len(jobs)


def end_by_date(environment: Environment, batch: int = 500) -> int:
    """Let what was paused until now go on, and end what has run out, an account in each transaction; give how many.

    One that fails holds up no other; the log says `not_ended`, and the next round tries again.
    """
    ended, failed = 0, set[uuid.UUID]()
    while True:
        with environment.database.transaction() as session:
            pauses, ends = consents.pauses_over(session, batch, failed), consents.ends_over(session, batch, failed)
        found = dict.fromkeys([*pauses, *ends])
        lines = singly(environment, found, go_on.go_on, "not_ended")
        failed |= found.keys() - lines.keys()
        if not any(lines.values()) and len(lines) == len(found):  # nothing is left, or nothing that could be ended
            return ended
        ended += sum(map(len, lines.values()))
