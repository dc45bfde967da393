"""Whoever was erased does not come back by what others still remember of them; by what they do afterwards they do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.courier import erasures
from app.flows.note_relation import Noted, Relation, note_relation
from app.kit.addresses import parse_email
from app.kit.provenance import SYSTEM, Provenance, Source
from app.services import erased_addresses, erasure_journal
from tests import erasing, journeys
from tests.functional import test_accounts_api as accounts
from tests.functional import test_consents_api as consents
from tests.functional import test_imports_api as imports

ANA, OTHER = "ana@example.com", "ana.other@example.com"
SCOPES = ("consents:write", "consents:read", "imports:write", "accounts:write", "accounts:read")


@pytest.fixture
def headers(client, env):
    return accounts.bearer(client, env, scopes=SCOPES)


@pytest.fixture
def erased(env):
    """Give the account of Ana, who joined, moved, and was erased."""
    account = erasing.join(env, OTHER)
    erasing.move(env, account, ANA)
    erasing.ask(env, account)
    assert erasures.run(env) == 1
    return account


def told(**later):
    return (datetime.now(UTC) + timedelta(**later)).isoformat()


@pytest.mark.usefixtures("erased")
@pytest.mark.parametrize("email", [ANA, OTHER], ids=["the last address", "one before it"])
def test_a_yes_of_before_is_a_conflict_and_one_of_after_is_not(client, env, headers, email):
    subject = {"email": email}
    before = consents.send(client, headers, subject=subject, occurred_at=told(minutes=-1), evidence={"till": "1"})
    assert (before.status_code, before.json["code"]) == (409, "conflict")
    assert journeys.decision(env, email) == "unknown_subject"
    after = consents.send(client, headers, subject=subject, occurred_at=told(), evidence={"till": "1"})
    assert after.status_code == 201
    assert journeys.decision(env, email) == "granted"


@pytest.mark.usefixtures("erased")
def test_nor_is_it_taken_in_by_a_courier_that_has_no_journal(client, env, headers):
    (env.settings.instance_path / erasure_journal.FILE).unlink()
    rows = f"email,status,occurred_at\n{ANA},granted,{told(minutes=-1)}\n"
    job = imports.send(client, headers, rows).json["id"]
    imports.work(env, job)
    assert imports.show(client, headers, job).json["reasons"] == {"conflict": 1}
    assert journeys.decision(env, ANA) == "unknown_subject"


@pytest.mark.usefixtures("erased")
def test_a_mailbox_proved_before_makes_nobody_known(client, headers):
    before = accounts.introduce(client, headers, proved_at=told(minutes=-1))
    assert (before.status_code, before.json["code"]) == (409, "conflict")
    assert accounts.introduce(client, headers, proved_at=told()).status_code == 201


@pytest.mark.usefixtures("erased")
def test_nor_does_a_shop_that_says_of_no_act_when_it_was(client, env, headers):
    again = accounts.introduce(client, headers)
    assert (again.status_code, again.json["code"]) == (409, "conflict")
    assert erasing.owner(env, ANA) is None
    erasing.join(env, ANA)
    assert accounts.introduce(client, headers).status_code == 201, "they are back by themselves"


@pytest.mark.usefixtures("erased")
def test_a_purchase_of_before_is_none(env):
    camille, came = env.group.brands["camille"], Provenance(SYSTEM, Source.FILE)

    def note(at):
        relation = Relation(parse_email(ANA), "FR", at)
        return env.database.write(
            lambda session: note_relation(session, camille, "private-sales", "email", relation, came)
        )

    now = datetime.now(UTC)
    assert (note(now - timedelta(minutes=1)), note(now)) == (Noted.CONFLICT, Noted.NOTED)


@pytest.mark.usefixtures("erased")
def test_who_comes_back_by_themselves_is_welcome(client, env, headers):
    erasing.join(env, ANA, "private-sales:email")
    assert journeys.decision(env, ANA, "private-sales") == "granted"
    old = consents.send(client, headers, occurred_at=told(minutes=-1), evidence={"till": "1"})
    assert old.status_code == 409, "what was erased stays so"


def test_the_journal_tells_a_restored_database_when_they_were_erased(env, headers, client):
    digest, at = journeys.digest(env, ANA), datetime.now(UTC)
    account = erasing.join(env, OTHER)
    erasure_journal.intend(env.settings, account, [digest])
    assert erasures.replay(env) == 1
    with env.database.transaction() as session:
        (found,) = erased_addresses.among(session, [parse_email(ANA)]).values()
    assert at <= found <= datetime.now(UTC)
    old = consents.send(client, headers, occurred_at=told(minutes=-1), evidence={"till": "1"})
    assert old.status_code == 409
