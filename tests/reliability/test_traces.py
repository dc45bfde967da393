"""After an erasure nothing is found of the person: in a dump of the whole database, in logs, in any file."""

from __future__ import annotations

from contextlib import closing

import psycopg
import pytest
from sqlalchemy import select

from app.courier import erasures
from app.models import ImportJob
from app.services import projection
from tests import journeys, reports
from tests.erasing import verify
from tests.receivers import receiving
from tests.reliability import searching
from tests.reliability.figures import tell
from tests.reliability.installation import await_true
from tests.reliability.whole_life import NEW, SMS_TOKEN, Life

ABOUT_THE_PERSON = {
    "account", "address", "address_change", "answered_request", "attempt", "check_in", "consent", "consent_event",
    "contact_point", "development_mail", "event_detail", "event_feed", "external_id", "import_piece", "leaving_reason",
    "message", "opt_in_item", "opt_in_request", "passkey", "password", "phone_proof", "privacy_export",
    "privacy_referral", "privacy_request", "profile_change", "profile_field", "reconsent_request", "recovery_code",
    "second_factor", "session", "suppression",
}  # fmt: skip
"""Tables that hold something of somebody who did everything that can be done."""

NOT_ABOUT_PEOPLE = {
    "alembic_version", "api_usage", "feed_state", "item", "notice", "oauth_client", "signing_key", "tally",
    "webhook_delivery", "webhook_endpoint",
    "import_job", "import_reject",  # the name of a file and places in it
    "spent_proof",  # what was signed once, which leads to nobody
    "procrastinate_events", "procrastinate_jobs", "procrastinate_periodic_defers", "procrastinate_workers",  # ids
}  # fmt: skip
PASSING = {"feed_pending", "import_rehearsal"}
"""What stands there for moments: lines without a place yet, and what a dry run would make of people."""
AFTERWARDS = {"erased_address"}

STAYS = {"address", "erased_address", "suppression"}
"""Where the digest of an address may be found afterwards, nothing else (decision 29)."""
PSEUDONYMOUS = {
    "account", "answered_request", "consent_event", "event_feed", "feed_pending", "privacy_referral", "privacy_request",
}  # fmt: skip
"""Where the number of the account may be found afterwards, which leads to nobody."""


@pytest.fixture
def house(install, post_office):
    hooks = {"mail_hook_token": reports.TOKEN, "sms_hook_token": SMS_TOKEN}
    with install(workers=1, mail_url=post_office.url, **hooks) as parley:
        parley.host = "localhost"
        yield parley


@pytest.fixture
def life(house):
    server = house.start("serve")
    house.await_ready(server)
    with receiving() as receiver, closing(Life(house, receiver)) as life:
        yield life


def tables(url: str) -> set[str]:
    """List all tables, as the catalogue of the database has them."""
    query = "SELECT tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    with psycopg.connect(url) as connection:
        return {name for (name,) in connection.execute(query)}


def has_ended(env, job_id: str) -> bool:
    with env.database.transaction() as session:
        return session.scalar(select(ImportJob.state).where(ImportJob.id == job_id)) == "done"


def test_nothing_is_found_of_somebody_who_was_erased(house, life, own_database, post_office):
    env, url = house.environment, own_database.owner.replace("postgresql+psycopg", "postgresql")
    courier = house.start("courier")
    life.live()
    courier.stop()
    job_id = life.upload()
    life.ask_for_erasure()
    words = [*life.values(), *life.digests(), str(life.account)]
    assert tables(url) == ABOUT_THE_PERSON | NOT_ABOUT_PEOPLE | PASSING | AFTERWARDS, (
        "a new table: does it hold people?"
    )
    before = searching.hits(searching.dump(url, env.sealer), words)
    assert {table for table, _ in before} - {""} - PASSING == ABOUT_THE_PERSON, "the search finds"
    assert {word for _, word in before} >= set(life.values()) - life.kept_nowhere()
    assert erasures.run(env) == 1

    house.start("courier")  # what waited for it is worked off, and none of it brings her back
    assert await_true(lambda: has_ended(env, job_id), 30)
    dumped = searching.dump(url, env.sealer)
    found = searching.hits(dumped, life.values()) | searching.hits(searching.files(house.folder), life.values())
    digests = {table for table, _ in searching.hits(dumped, life.digests())} - {""}
    numbers = {table for table, _ in searching.hits(dumped, [str(life.account)])} - {""}
    tell("What is found of somebody after the erasure", searched_for=len(words), in_a_dump_before=len(before),
         in_dump_logs_and_files_after=len(found), tables_with_a_digest_after=len(digests))  # fmt: skip
    assert sorted(found) == []
    assert digests <= STAYS
    assert numbers <= PSEUDONYMOUS
    assert "request" in "".join(searching.files(house.folder).values()), "there are logs"
    assert post_office.received, "and mails went out"
    assert verify(env) == []
    with env.database.transaction() as session:
        assert projection.differences(session) == []
    assert journeys.decision(env, NEW) == "suppressed"
