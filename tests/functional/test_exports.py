"""What comes out in exports: what a decision would answer beside what was said, and of strangers nothing."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import event, select

from app.kit import clock
from app.models import Account
from app.services import consent_exports, decisions
from app.services.folding import Action
from app.services.items import items
from app.services.suppressions import Reason
from app.services.verdicts import verdicts_about
from tests import api, centres, journeys, letters
from tests.functional import test_consents_api as consents

ANA, BEA = "ana@example.com", "bea@example.com"
SCOPES = ("consents:read", "accounts:read")


@pytest.fixture
def people(app, env):
    """Let Ana be with Camille and Bea with Ostra; both allow a use of data by the whole group."""
    journeys.subscribe(app.test_client(), env, ANA)
    journeys.subscribe(app.test_client(), env, BEA, brand="ostra")
    with env.database.transaction() as session:
        purpose = next(each for each in items(session) if each.brand is None and each.kind == "purpose")
    for email in (ANA, BEA):
        centres.record(env, email, purpose, Action.REFUSED)
    return purpose.key


def export(client, env, *brands, scopes=SCOPES):
    headers = api.bearer(client, env, *brands, scopes=scopes)
    return [json.loads(line) for line in client.get("/api/v1/exports/consents", headers=headers).text.splitlines()]


def told(rows):
    return {(row["email"], row["topic"] or row["purpose"], row["status"], row["allowed"], row["reason"])
            for row in rows}  # fmt: skip


def test_a_house_hears_of_what_is_the_groups_only_from_people_it_has_to_do_with(client, env, people):
    mine = export(client, env, "camille")
    assert told(mine) == {(ANA, "newsletter", "granted", True, "granted"), (ANA, people, "refused", False, "refused")}
    everybody = export(client, env, *env.group.brands)
    assert {row["email"] for row in everybody} == {ANA, BEA}


@pytest.mark.usefixtures("people")
def test_who_passes_on_a_no_gets_no_address_by_that(client, env):
    headers = api.bearer(client, env, scopes=("consents:write",))
    assert consents.send(client, headers, "withdraw", subject={"email": BEA}).status_code == 201
    rows = export(client, env, "camille")
    assert {(row["email"], row["status"]) for row in rows if row["topic"]} == {(ANA, "granted"), (None, "refused")}
    assert [row["email"] for row in rows if row["purpose"]] == [ANA]


@pytest.mark.usefixtures("people")
def test_beside_a_yes_stands_that_it_must_not_be_used(client, env):
    letters.suppress(env, ANA, Reason.DO_NOT_CONTACT)
    (row,) = [each for each in export(client, env, "camille") if each["topic"]]
    assert (row["status"], row["allowed"], row["reason"], row["email"]) == ("granted", False, "suppressed", ANA)


@pytest.mark.usefixtures("people")
def test_of_whom_has_their_data_held_still_there_is_no_address(client, env, session):
    for account in session.scalars(select(Account)):
        account.status = "restricted"
    session.flush()
    rows = export(client, env, *env.group.brands)
    assert {(row["email"], row["allowed"], row["reason"]) for row in rows} == {(None, False, "restricted")}


@pytest.mark.usefixtures("people")
def test_whatever_their_number_people_are_asked_about_a_page_at_a_time(env, session, monkeypatch):
    asked = []
    event.listen(session.connection(), "before_cursor_execute", lambda *arguments: asked.append(arguments[2]))
    by_page = {}
    for size in (1, 100):
        monkeypatch.setattr(consent_exports, "PAGE", size)
        asked.clear()
        rows = list(consent_exports.rows(env, ["camille", "ostra"], asker=None, with_addresses=True))
        by_page[size] = (rows, len(asked))
    assert by_page[1][0] == by_page[100][0]
    assert len(by_page[1][0]) == 4
    assert by_page[100][1] < by_page[1][1]


@pytest.mark.usefixtures("people")
def test_many_decisions_are_what_each_would_be_alone(env, session):
    accounts, now = session.scalars(select(Account.id)).all(), clock.now()
    pairs = [(account, item) for account in accounts for item in items(session)]
    for (account, item), verdict in zip(pairs, verdicts_about(session, pairs, "camille"), strict=True):
        brand = env.group.brands[item.brand or "camille"]
        rules = decisions.rules_for(env.group, brand, item, now.date())
        assert verdict == decisions.decide(rules, decisions.ask(env, item, brand.slug, account, now), now)
