"""Telling other systems of events: endpoints follow the feed, and what they want is sent to several of them at once.

Beside the jobs rather than as jobs, like the sequencer: mails don't wait for a receiver that hangs, and receivers don't
wait for each other. All that is to be done stands in the tables, so whoever is killed when, another courier goes on.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from functools import partial
from typing import Self, TypeVar

import structlog

from app.courier.calling import Caller
from app.courier.logs import describe
from app.db import Session
from app.environment import Environment
from app.services import webhook_deliveries

SLOTS = 16
"""Endpoints that one courier sends to at once."""
IN_A_ROW = 50
"""Batches to one endpoint before others that wait get its slot."""

T = TypeVar("T")

log = structlog.get_logger(__name__)


class Dispatcher:
    """Sends what is due, one task for each endpoint; an async context manager that ends with what is under way."""

    def __init__(self, environment: Environment, caller: Caller | None = None) -> None:
        self._environment = environment
        self._caller = caller or Caller(public_only=not environment.settings.calls_private_targets)
        self._running: dict[uuid.UUID, asyncio.Task[None]] = {}
        self._is_ending = False

    async def __aenter__(self) -> Self:
        """Nothing is done before `turn`."""
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Let the calls under way come to their end, which takes as long as one may; after a failure, drop them.

        What is dropped is due again after its lease; a database that came back is not to wait for receivers.
        """
        self._is_ending = True
        if kind is not None:
            for task in self._running.values():
                task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        await self._caller.__aexit__()

    async def turn(self) -> None:
        """Let endpoints follow the feed, and begin to send to those to which something is due."""
        for endpoint_id in await self._in_transaction(webhook_deliveries.lagging):
            await self._in_transaction(partial(webhook_deliveries.follow, endpoint_id=endpoint_id))
        free = SLOTS - len(self._running)
        if free <= 0:
            return
        but = tuple(self._running)
        for endpoint_id in await self._in_transaction(partial(webhook_deliveries.due, but=but, limit=free)):
            self._running[endpoint_id] = asyncio.create_task(self._serve(endpoint_id))

    async def _serve(self, endpoint_id: uuid.UUID) -> None:
        try:
            for _ in range(IN_A_ROW):
                if self._is_ending or not await self._send(endpoint_id):
                    return
        except Exception as problem:  # noqa: BLE001 - such as a database that went away; it is due again after its lease
            log.warning("webhook_interrupted", endpoint=str(endpoint_id), problem=describe(problem))
        finally:
            del self._running[endpoint_id]

    async def _send(self, endpoint_id: uuid.UUID) -> bool:
        """Send what is due to an endpoint, at most one batch; False where there was nothing."""
        batch = await self._in_transaction(partial(webhook_deliveries.claim, endpoint_id=endpoint_id))
        if batch is None:
            return False
        outcomes = await self._caller.call_all(batch)
        await self._in_transaction(partial(webhook_deliveries.settle, endpoint_id=endpoint_id, outcomes=outcomes))
        taken = sum(each.is_taken for each in outcomes.values())
        log.info("webhook", endpoint=str(endpoint_id), taken=taken, failed=len(outcomes) - taken)
        return True

    async def _in_transaction(self, act: Callable[[Session], T]) -> T:
        return await asyncio.to_thread(self._environment.database.write, act)
