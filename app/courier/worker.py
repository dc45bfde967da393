"""The process `parley courier`: takes jobs until it is told to stop, and outlives its database's restarts."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import structlog
from procrastinate import App, PsycopgConnector

from app.courier import tasks
from app.courier.logs import configure, describe
from app.courier.transport import Transport, transport_for
from app.courier.webhooks import Dispatcher
from app.environment import Environment

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """How many mails at once, how often things happen, and how long the courier waits, in seconds."""

    concurrency: int = 4
    polling: float = 5.0
    heartbeat: float = 3.0
    presumed_dead: float = 12.0
    """A worker silent for so long is taken for dead and its jobs are queued again."""
    feed: float = 1.0
    webhooks: float = 1.0
    grace: float = 12.0
    """Time that running jobs get when the courier is told to stop."""
    first_reconnect: float = 0.5
    longest_reconnect: float = 5.0


def run(environment: Environment, pace: Pace | None = None) -> None:
    """Work until TERM or INT; finish what is being sent, then return. Raises `SettingsError` without a transport."""
    configure(as_json=environment.settings.is_production)
    transport = transport_for(environment)
    asyncio.run(_until_told_to_stop(environment, transport, pace or Pace()))


async def _until_told_to_stop(environment: Environment, transport: Transport, pace: Pace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await work(environment, transport, pace, stop)


async def work(environment: Environment, transport: Transport, pace: Pace, stop: asyncio.Event) -> None:
    """Run workers, one after another, until `stop` is set: each that ends for want of a database gets a successor."""
    pause = pace.first_reconnect
    while not stop.is_set():
        began = asyncio.get_running_loop().time()
        try:
            await _one_worker(environment, transport, pace, stop)
        except Exception as problem:  # noqa: BLE001 - whatever ended the worker, mails are still to be delivered
            log.warning("courier_interrupted", problem=describe(problem))
        if asyncio.get_running_loop().time() - began > pace.presumed_dead:
            pause = pace.first_reconnect
        await _sleep(pause, stop)
        pause = min(pause * 2, pace.longest_reconnect)


async def _one_worker(environment: Environment, transport: Transport, pace: Pace, stop: asyncio.Event) -> None:
    # A new pool each time: an old one would remember how long it failed and wait accordingly.
    connector = PsycopgConnector(conninfo=environment.database.dsn, min_size=1, max_size=pace.concurrency, timeout=5.0)
    app = tasks.build(environment, transport, connector)
    async with app.open_async(), Dispatcher(environment) as dispatcher:
        log.info("courier_started", concurrency=pace.concurrency)
        worker = asyncio.create_task(_procrastinate(app, pace))
        others = [asyncio.create_task(each) for each in _chores(environment, app, dispatcher, pace)]
        told = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([worker, told], return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _end(told, *others)
            # Cancelling is how procrastinate is asked to finish its running jobs and go.
            await _end(worker)


def _procrastinate(app: App, pace: Pace) -> Coroutine[Any, Any, None]:
    return app.run_worker_async(
        concurrency=pace.concurrency,
        fetch_job_polling_interval=pace.polling,
        update_heartbeat_interval=pace.heartbeat,
        stalled_worker_timeout=pace.presumed_dead,
        shutdown_graceful_timeout=pace.grace,
        delete_jobs="successful",
        install_signal_handlers=False,
    )


def _chores(
    environment: Environment, app: App, dispatcher: Dispatcher, pace: Pace
) -> list[Coroutine[Any, Any, None]]:  # fmt: skip
    """What is done beside the jobs rather than as jobs, so that four slow mail servers can't hold it up."""

    async def place() -> None:
        await asyncio.to_thread(tasks.place_feed, environment)

    async def revive() -> None:
        await tasks.revive_abandoned(app, pace.presumed_dead)

    return [
        _regularly("feed", pace.feed, place),
        _regularly("webhooks", pace.webhooks, dispatcher.turn),
        _regularly("revive", pace.heartbeat, revive),
    ]


async def _regularly(name: str, seconds: float, act: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await act()
        except Exception as problem:  # noqa: BLE001 - it will be tried again; the worker notices a lost database
            log.warning("chore_failed", chore=name, problem=describe(problem))
        await asyncio.sleep(seconds)


async def _sleep(seconds: float, stop: asyncio.Event) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


async def _end(*running: asyncio.Task[None] | asyncio.Task[bool]) -> None:
    for task in running:
        task.cancel()
    for outcome in await asyncio.gather(*running, return_exceptions=True):
        if isinstance(outcome, Exception):
            raise outcome
