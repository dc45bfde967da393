"""Work for the courier, written in the caller's transaction: a job exists if and only if its cause was committed.

A procrastinate App of its own, which never opens a connection: every job goes through the session's. There is no
`queueing_lock`, because its conflict would abort the caller's transaction.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import cast

import psycopg
from procrastinate import App, SyncPsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.types import JSONDict, TimeDeltaParams

from app.db import Session

DELIVER = "deliver"
"""The task that sends one message; its argument is `message_id`."""

ADMIT = "admit"
"""The task that grants what a request asks for by single opt-in; its argument is `request_id`."""

EXPORT = "export"
"""The task that puts together a copy of somebody's data; its argument is `request_id`."""

IMPORT = "import_consents"
"""The task that takes in a file that came over the API; its argument is `import_id`."""

TELL_OF_WEBHOOK = "tell_of_webhook"
"""The task that mails whoever is to know that a webhook was disabled; its argument is `endpoint_id`."""

_app = App(connector=SyncPsycopgConnector())


def enqueue(session: Session, task: str, *, schedule_in_seconds: int = 0, priority: int = 0, **ids: uuid.UUID) -> None:
    """Queue `task` to run after this transaction is committed, at the earliest in `schedule_in_seconds`.

    Arguments are ids only, since job arguments are logged. One round trip. Raises the driver's own error when the
    database fails, so that callers see one kind of failure whatever statement met it.
    """
    delay: TimeDeltaParams | None = {"seconds": schedule_in_seconds} if schedule_in_seconds else None
    _defer(session, task, [ids], schedule_in=delay, priority=priority)


def enqueue_all(
    session: Session, task: str, calls: Sequence[Mapping[str, uuid.UUID]], *, priority: int = 0
) -> None:  # fmt: skip
    """Queue `task` once for each of `calls`, as `enqueue` does, in one round trip."""
    if calls:
        _defer(session, task, calls, schedule_in=None, priority=priority)


def _defer(
    session: Session, task: str, calls: Sequence[Mapping[str, uuid.UUID]], *, schedule_in: TimeDeltaParams | None,
    priority: int,
) -> None:  # fmt: skip
    connection = cast("psycopg.Connection", session.connection().connection.driver_connection)
    deferrer = _app.configure_task(task, schedule_in=schedule_in, priority=priority, connection=connection)
    told: list[JSONDict] = [{name: str(value) for name, value in each.items()} for each in calls]
    try:
        deferrer.defer(**told[0]) if len(told) == 1 else deferrer.batch_defer(*told)
    except ConnectorException as problem:
        if isinstance(problem.__cause__, psycopg.Error):
            raise problem.__cause__ from None
        raise
