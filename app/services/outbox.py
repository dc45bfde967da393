"""Work for the courier, written in the caller's transaction: a job exists if and only if its cause was committed.

A procrastinate App of its own, which never opens a connection: every job goes through the session's. There is no
`queueing_lock`, because its conflict would abort the caller's transaction.
"""

from __future__ import annotations

import uuid
from typing import cast

import psycopg
from procrastinate import App, SyncPsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.types import TimeDeltaParams

from app.db import Session

DELIVER = "deliver"
"""The task that sends one message; its argument is `message_id`."""

ADMIT = "admit"
"""The task that grants what a request asks for by single opt-in; its argument is `request_id`."""

EXPORT = "export"
"""The task that puts together a copy of somebody's data; its argument is `request_id`."""

_app = App(connector=SyncPsycopgConnector())


def enqueue(session: Session, task: str, *, schedule_in_seconds: int = 0, priority: int = 0, **ids: uuid.UUID) -> None:
    """Queue `task` to run after this transaction is committed, at the earliest in `schedule_in_seconds`.

    Arguments are ids only, since job arguments are logged. One round trip. Raises the driver's own error when the
    database fails, so that callers see one kind of failure whatever statement met it.
    """
    delay: TimeDeltaParams | None = {"seconds": schedule_in_seconds} if schedule_in_seconds else None
    connection = cast("psycopg.Connection", session.connection().connection.driver_connection)
    deferrer = _app.configure_task(task, schedule_in=delay, priority=priority, connection=connection)
    try:
        deferrer.defer(**{name: str(value) for name, value in ids.items()})
    except ConnectorException as problem:
        if isinstance(problem.__cause__, psycopg.Error):
            raise problem.__cause__ from None
        raise
