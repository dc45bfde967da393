"""`POST /api/v1/consents/lookup`, to the letter of the contract."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.flows import erase
from tests import api, journeys
from tests.erasing import join

KEYS = [
    "brand", "kind", "key", "channel", "status", "granted_at", "confirmed_at", "withdrawn_at", "expires_at",
    "paused_until", "frequency", "legal_basis", "document_version", "source", "updated_at", "pending", "effective",
    "receipt_id",
]  # fmt: skip


@pytest.fixture
def headers(client, env):
    """Give the header of a client of Camille."""
    return api.bearer(client, env)


def test_nobody_has_no_consents(client, headers):
    answer = api.look_up(client, headers)
    assert answer.status_code == 200
    assert (answer.json["subject"], answer.json["consents"]) == (None, [])
    assert answer.headers["Cache-Control"] == "no-store"


def test_what_is_asked_for_is_shown_while_no_account_exists(app, client, headers):
    journeys.sign_up(app.test_client(), api.ANA["email"])
    answer = api.look_up(client, headers).json
    assert answer["subject"] is None
    (asked,) = answer["consents"]
    assert (asked["status"], asked["pending"], asked["receipt_id"]) == ("pending", True, None)
    assert asked["effective"] == {"allowed": False, "reason": "pending"}


def test_a_granted_consent_has_all_keys_in_the_order_of_the_contract(app, client, env, headers):
    journeys.subscribe(app.test_client(), env, api.ANA["email"])
    answer = api.look_up(client, headers).json
    assert list(answer["subject"]) == ["account_id", "kind", "locale"]
    (granted,) = answer["consents"]
    assert list(granted) == KEYS
    assert (granted["brand"], granted["kind"], granted["key"], granted["channel"]) == (
        "camille", "subscription", "newsletter", "email",
    )  # fmt: skip
    assert granted["effective"] == {"allowed": True, "reason": "granted"}
    assert granted["receipt_id"] == f"{answer['subject']['account_id']}.1"
    assert granted["granted_at"] <= granted["confirmed_at"]


def test_the_effective_answer_is_that_of_a_decision(app, client, env, headers):
    journeys.subscribe(app.test_client(), env, api.ANA["email"])
    shown = api.look_up(client, headers).json["consents"][0]["effective"]
    decided = api.decide(client, headers).json
    assert shown == {"allowed": decided["allowed"], "reason": decided["reason"]}


def test_the_account_id_finds_the_same(app, client, env, headers):
    journeys.subscribe(app.test_client(), env, api.ANA["email"])
    found = api.look_up(client, headers).json
    again = api.look_up(client, headers, {"account_id": found["subject"]["account_id"]}).json
    assert again["consents"] == found["consents"]


def test_other_brands_are_not_shown(app, client, env):
    journeys.subscribe(app.test_client(), env, api.ANA["email"])
    journeys.subscribe(app.test_client(), env, api.ANA["email"], ["drops:email"], "folie-douze")
    both = api.look_up(client, api.bearer(client, env, "camille", "folie-douze"))
    one = api.look_up(client, api.bearer(client, env, "folie-douze"))
    asked = api.look_up(client, api.bearer(client, env, "camille", "folie-douze"), brand="camille")
    shown = [{each["brand"] for each in answer.json["consents"]} for answer in (both, one, asked)]
    assert shown == [{"camille", "folie-douze"}, {"folie-douze"}, {"camille"}]


def test_as_of_tells_what_was_recorded_then(app, client, env, headers):
    journeys.subscribe(app.test_client(), env, api.ANA["email"])
    now = datetime.now(UTC)
    before = api.look_up(client, headers, as_of=(now - timedelta(days=1)).isoformat()).json
    assert before["consents"] == []
    (then,) = api.look_up(client, headers, as_of=now.isoformat()).json["consents"]
    assert (then["status"], then["effective"]) == ("granted", None)


def test_as_of_tells_nothing_of_whom_was_erased(client, env, headers):
    account = join(env, api.ANA["email"])
    then = datetime.now(UTC).isoformat()
    assert api.look_up(client, headers, {"account_id": str(account)}, as_of=then).json["consents"]
    env.database.write(lambda session: erase.repeat(session, account, datetime.now(UTC)))
    found = api.look_up(client, headers, {"account_id": str(account)}, as_of=then).json
    assert (found["subject"], found["consents"]) == (None, [])


@pytest.mark.parametrize(
    "moment",
    ["yesterday", "2026-01-01", "2026-01-01T00:00:00", "1700000000", 1_700_000_000, "9999-12-31T23:59:59-23:00", ""],
)
def test_a_moment_that_is_none_is_refused(client, headers, moment):
    answer = api.look_up(client, headers, as_of=moment)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")
    assert answer.json["errors"][0]["pointer"] == "/as_of"


def test_brands_are_checked_as_for_decisions(client, headers):
    forbidden, unknown = (api.look_up(client, headers, brand=brand) for brand in ("folie-douze", "nobody"))
    assert (forbidden.status_code, forbidden.json["code"]) == (403, "brand_forbidden")
    assert (unknown.status_code, unknown.json["code"]) == (422, "unknown_item")


def test_a_token_is_needed(client):
    assert api.look_up(client, {}).status_code == 401
