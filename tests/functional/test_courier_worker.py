"""The process that delivers: it finds its work, outlives the database's restarts, and picks up what others left."""

import asyncio
import dataclasses
import gc
from functools import partial

import pytest
from sqlalchemy import create_engine, text

from app.config import Settings
from app.courier import worker
from app.courier.transport import DevelopmentTransport, SmtpServer, SmtpTransport, transport_for
from app.courier.worker import Pace, work
from app.errors import SettingsError
from app.flows import download
from app.services import mailbox
from tests import erasing
from tests.post import jobs_for, listening, mails_to, new_address, sign_up

FAST = Pace(polling=0.2, heartbeat=0.2, presumed_dead=0.6, feed=0.2, first_reconnect=0.1, longest_reconnect=0.5)
PATIENCE_SECONDS = 15

# Threads of the worker end with it, and so do their own connections.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def test_a_mail_queued_while_the_courier_runs_is_sent_and_its_job_forgotten(committing_env):
    address = new_address()

    async def story(_server):
        await asyncio.to_thread(sign_up, committing_env, address)
        await until(lambda: state(committing_env, address) == "sent")
        message = mails_to(committing_env, address)[0].id
        await until(lambda: jobs_for(committing_env, message) == [])

    with_a_courier(committing_env, story)


def test_a_copy_that_was_asked_for_is_put_together_and_told_by_mail(committing_env):
    env = committing_env
    account = erasing.join(env, erasing.ANA)

    async def story(_server):
        ask = partial(download.ask, site=env.group, account_id=account, provenance=erasing.CAME)
        await asyncio.to_thread(env.database.write, ask)
        await until(lambda: "export_ready" in sent(env, erasing.ANA))

    with_a_courier(env, story)


def test_a_mail_is_sent_after_its_server_recovered(committing_env, monkeypatch):
    monkeypatch.setattr("app.courier.delivery.FIRST_PAUSE_SECONDS", 1)
    address = new_address()

    async def story(server):
        server.script.extend(["451 later", "drop"])
        await asyncio.to_thread(sign_up, committing_env, address)
        await until(lambda: state(committing_env, address) == "sent")
        assert len(server.received) == 3
        assert len(set(server.message_ids)) == 1

    with_a_courier(committing_env, story)


def test_the_courier_works_on_after_the_database_dropped_all_connections(committing_env, database_urls):
    first, second = new_address(), new_address()

    async def story(_server):
        await asyncio.to_thread(sign_up, committing_env, first)
        await until(lambda: state(committing_env, first) == "sent")
        await asyncio.to_thread(drop_connections, database_urls.application)
        await asyncio.to_thread(sign_up, committing_env, second)
        await until(lambda: state(committing_env, second) == "sent")

    with_a_courier(committing_env, story)


def test_what_a_dead_courier_left_behind_is_done_by_another(committing_env):
    address = new_address()
    sign_up(committing_env, address)
    with committing_env.database.transaction() as session:
        session.execute(text(
            "WITH dead AS (INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour') "
            "RETURNING id) UPDATE procrastinate_jobs SET status = 'doing', worker_id = dead.id FROM dead"
        ))  # fmt: skip

    async def story(_server):
        await until(lambda: state(committing_env, address) == "sent")

    with_a_courier(committing_env, story)


def test_places_in_the_feed_are_given_without_being_asked(committing_env, monkeypatch):
    placed = []
    monkeypatch.setattr(worker.tasks, "place_feed", placed.append)

    async def story(_server):
        await until(lambda: len(placed) > 2)

    with_a_courier(committing_env, story)


def test_production_without_a_mail_server_does_not_start(env):
    settings = env.settings.model_copy(update={"environment": "production"})
    with pytest.raises(SettingsError, match="PARLEY_MAIL_URL"):
        transport_for(dataclasses.replace(env, settings=settings))


def test_development_without_a_mail_server_keeps_mails_in_the_mailbox(env):
    transport = transport_for(env)
    assert isinstance(transport, DevelopmentTransport)
    address = new_address()
    sign_up(env, address)
    worker.tasks.deliver(env, transport, mails_to(env, address)[0].id)
    with env.database.transaction() as session:
        (kept,) = mailbox.newest(session)
    assert set(kept.as_json()) == {"to", "from", "subject", "text", "html", "headers", "sent_at"}
    assert kept.as_json()["to"] == address


def test_a_mail_url_chooses_smtp(env):
    settings: Settings = env.settings.model_copy(update={"mail_url": "smtp://me:p%40ss@mail.example?tls=ssl"})
    assert isinstance(transport_for(dataclasses.replace(env, settings=settings)), SmtpTransport)
    server = SmtpServer.parse(settings.mail_url)
    assert (server.host, server.port, server.encryption, server.password) == ("mail.example", 465, "ssl", "p@ss")


@pytest.mark.parametrize("url", ["mail.example", "smtp://", "http://mail.example", "smtp://m?tls=maybe", "smtp://m:x"])
def test_a_mail_url_that_makes_no_sense_is_refused_without_repeating_it(url):
    with pytest.raises(SettingsError) as refusal:
        SmtpServer.parse(url)
    assert url not in str(refusal.value).replace("smtp://user", "")


def with_a_courier(env, story):
    """Run `story` beside a courier that sends to a server on loopback."""

    async def main(server):
        stop = asyncio.Event()
        transport = SmtpTransport(SmtpServer.parse(f"smtp://127.0.0.1:{server.port}?tls=none"), timeout_seconds=0.5)
        courier = asyncio.create_task(work(env, transport, FAST, stop))
        try:
            await story(server)
        finally:
            stop.set()
            await asyncio.wait_for(courier, PATIENCE_SECONDS)

    with listening() as server:
        asyncio.run(main(server))
    gc.collect()


async def until(claim):
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await asyncio.to_thread(claim):  # noqa: ASYNC110 - another connection is watched
            await asyncio.sleep(0.05)


def sent(env, address):
    return {mail.kind for mail in mails_to(env, address) if mail.state == "sent"}


def state(env, address):
    return mails_to(env, address)[0].state


def drop_connections(url):
    engine = create_engine(url)
    with engine.connect() as connection:
        connection.execute(text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
        ))  # fmt: skip
    engine.dispose()
