"""`/api/v1/suppressions`: said, listed, looked up and taken back, each client within its brands."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.api.suppression_shapes import SuppressionAnswer, SuppressionsAnswer
from app.factory import create_app
from app.kit.provenance import PERSON, Provenance, Source
from app.models import AddressRow, Suppression
from app.services import oauth, suppressions
from app.services.locks import lock_digest
from app.services.suppressions import Reason, Scope
from tests import api, journeys

ANA, NUMBER = "ana@example.com", "+33612345678"
EVERY = ["camille", "maison-brume", "ostra", "vantour", "folie-douze", "kestrel-row", "sol-y-lino"]
PATH = "/api/v1/suppressions"


def bearer(client, env, name="camille-shop", brands=("camille",), scopes=("suppressions:write",)):
    with env.database.transaction() as session:
        auth = oauth.create(session, name, scopes, brands)
    return {"Authorization": f"Bearer {api.ask_token(client, auth).json['access_token']}"}


@pytest.fixture
def headers(client, env):
    return bearer(client, env)


@pytest.fixture
def whole(client, env):
    """Give the header of a client with all brands of the group."""
    return bearer(client, env, "the group", EVERY)


def say(client, headers, reason="do_not_contact", brand="camille", subject=None, **more):
    body = {"subject": subject or {"email": ANA}, "brand": brand, "reason": reason, **more}
    return client.post(PATH, json=body, headers=headers)


def listed(client, headers, **query):
    return client.get(PATH, query_string=query, headers=headers)


def look_up(client, headers, subject=None):
    return client.post(f"{PATH}/lookup", json={"subject": subject or {"email": ANA}}, headers=headers)


def lift(client, headers, named):
    return client.delete(f"{PATH}/{named}", headers=headers)


def ago(**time):
    return (datetime.now(UTC) - timedelta(**time)).isoformat()


def test_an_address_is_left_in_peace_from_the_answer_on(client, app, env, headers, session):
    journeys.subscribe(app.test_client(), env, ANA)
    answer = say(client, headers, channel="email", evidence={"call": "77"})
    assert answer.status_code == 201
    SuppressionAnswer.model_validate(answer.json)
    assert list(answer.json) == list(SuppressionAnswer.model_fields)
    assert (answer.json["in_force"], answer.json["is_own"]) == (True, True)
    assert journeys.decision(env, ANA) == "suppressed"
    again = say(client, headers, channel="email")
    assert (again.status_code, again.json["id"]) == (200, answer.json["id"]), "the same twice is one"
    row = session.scalars(select(Suppression)).one()
    assert (row.provenance["source"], row.provenance["actor"], row.provenance["evidence"]) == (
        "api", "client", {"call": "77"},
    )  # fmt: skip


def test_a_stranger_s_address_is_kept_as_a_digest_alone(client, headers, session):
    assert say(client, headers, subject={"phone": NUMBER}).status_code == 201
    row = session.scalars(select(AddressRow)).one()
    assert (row.kind, row.sealed, row.abuse_digest) == ("phone", None, None)
    assert NUMBER not in str(look_up(client, headers, {"phone": NUMBER}).json)


def test_what_was_only_asked_for_ends(client, app, env, headers):
    person = app.test_client()
    journeys.sign_up(person, ANA)
    path = journeys.confirmation_path(env, ANA)
    say(client, headers)
    assert person.post(path).status_code == 410


def test_a_bounce_lapses_and_an_old_one_is_none(client, headers):
    answer = say(client, headers, "hard_bounce", occurred_at=ago(days=10)).json
    lapses = datetime.fromisoformat(answer["lapses_at"]) - datetime.fromisoformat(answer["created_at"])
    assert lapses == suppressions.HARD_BOUNCE_LAPSES_AFTER
    old = say(client, headers, "hard_bounce", subject={"email": "bea@example.com"}, occurred_at=ago(days=100))
    assert (old.status_code, old.json["code"]) == (409, "conflict")


def test_what_was_lifted_since_stays_lifted(client, headers):
    named = say(client, headers, occurred_at=ago(days=2)).json["id"]
    lift(client, headers, named)
    again = say(client, headers, occurred_at=ago(days=1))
    assert (again.status_code, again.json["code"]) == (409, "conflict")
    assert say(client, headers).status_code == 201, "said anew, after that"


def test_for_all_houses_speaks_only_who_has_all(client, headers, whole):
    refused = say(client, headers, brand=None)
    assert (refused.status_code, refused.json["code"]) == (403, "brand_forbidden")
    answer = say(client, whole, brand=None)
    assert (answer.status_code, answer.json["brand"]) == (201, None)
    assert look_up(client, headers).json == {"suppressions": []}
    assert listed(client, headers).json["suppressions"] == []
    assert lift(client, headers, answer.json["id"]).status_code == 404
    assert [each["id"] for each in look_up(client, whole).json["suppressions"]] == [answer.json["id"]]


def test_each_client_sees_its_own_houses_page_by_page(client, env, headers, whole):
    said = [say(client, whole, brand=brand, subject={"email": f"p{number}@example.com"}).json["id"]
            for number, brand in enumerate(["camille", "ostra", None, "camille", "ostra", "camille"])]  # fmt: skip
    page = listed(client, headers).json
    SuppressionsAnswer.model_validate(page)
    assert [each["id"] for each in page["suppressions"]] == [said[0], said[3], said[5]]
    assert {each["is_own"] for each in page["suppressions"]} == {False}
    found, after = [], None
    while True:
        page = listed(client, whole, limit=2, **({"after": after} if after else {})).json
        found += [each["id"] for each in page["suppressions"]]
        after = page["next"]
        if not page["has_more"]:
            break
    assert found == said
    assert listed(client, whole, after=after).json["suppressions"] == []
    assert "@" not in str(page)
    nobody = bearer(client, env, "nobody", [])
    assert listed(client, nobody).json["suppressions"] == []
    assert look_up(client, nobody, {"email": "p0@example.com"}).json["suppressions"] == []


def test_a_mistake_is_taken_back_and_the_row_stays(client, env, headers, session):
    named = say(client, headers).json["id"]
    assert lift(client, headers, named).status_code == 204
    assert lift(client, bearer(client, env), named).status_code == 204, "twice is one, also for the client made anew"
    row = session.scalars(select(Suppression)).one()
    assert row.provenance["lifted_by"]["actor"] == "client"
    (told,) = look_up(client, headers).json["suppressions"]
    assert (told["in_force"], told["lifted_at"] is not None) == (False, True)


@pytest.mark.parametrize(("reason", "more"), [("complaint", {}), ("legal", {"document": "court 2026/4"})])
def test_a_complaint_and_what_is_legal_are_for_owner_and_staff(client, headers, reason, more):
    named = say(client, headers, reason, **more).json["id"]
    answer = lift(client, headers, named)
    assert (answer.status_code, answer.json["code"]) == (403, "not_liftable")


def test_nobody_takes_back_what_somebody_else_said(client, app, env, headers, whole, session):
    journeys.subscribe(app.test_client(), env, ANA)
    app.test_client().post(journeys.never_path(env, ANA))
    hers = str(session.scalars(select(Suppression.id)).one())
    assert say(client, whole, brand=None).status_code == 200, "hers stands already"
    assert lift(client, whole, hers).json["code"] == "not_liftable"
    ours = say(client, headers).json["id"]
    other = bearer(client, env, "a-crm")
    assert lift(client, other, ours).json["code"] == "not_liftable"
    assert lift(client, bearer(client, env, "other", ["ostra"]), ours).status_code == 404
    assert journeys.decision(env, ANA) == "suppressed"


@pytest.mark.parametrize("named", ["nonsense", str(uuid.UUID(int=9)), "%00", f"urn:uuid:{uuid.UUID(int=9)}"])
def test_what_is_not_there_can_not_be_lifted(client, headers, named):
    assert lift(client, headers, named).status_code == 404


@pytest.mark.parametrize(("changes", "status", "code"), [
    ({"brand": "ostra"}, 403, "brand_forbidden"), ({"brand": "nobody"}, 422, "unknown_item"),
    ({"subject": {"account_id": str(uuid.UUID(int=1))}}, 422, "invalid_subject"),
    ({"subject": {"email": "x"}}, 422, "invalid_subject"),
    ({"subject": {"email": "a\0@example.com"}}, 422, "invalid_subject"),
    ({"reason": "spam"}, 422, "validation_error"), ({"reason": "legal"}, 422, "validation_error"),
    ({"channel": "pigeon"}, 422, "validation_error"), ({"channel": "sms"}, 422, "not_offered"),
    ({"document": "a\0b"}, 422, "validation_error"), ({"document": "x" * 201}, 422, "validation_error"),
    ({"evidence": {"a": "b\0"}}, 422, "validation_error"), ({"evidence": {"a": "b" * 501}}, 422, "validation_error"),
    ({"occurred_at": ago(days=-9)}, 422, "in_the_future"), ({"occurred_at": 12}, 422, "validation_error"),
])  # fmt: skip
def test_what_makes_no_sense(client, headers, session, changes, status, code):
    answer = say(client, headers, **changes)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert session.scalars(select(Suppression)).all() == []


def test_a_brand_must_be_named_or_null(client, headers):
    body = {"subject": {"email": ANA}, "reason": "do_not_contact"}
    assert client.post(PATH, json=body, headers=headers).json["errors"][0]["pointer"] == "/brand"


@pytest.mark.parametrize("query", [{"after": "x"}, {"after": "1"}, {"limit": "0"}, {"limit": "1001"}, {"limit": "1e2"}])
def test_no_place_in_the_list(client, headers, query):
    assert listed(client, headers, **query).json["code"] == "validation_error"


def test_the_same_said_at_once_by_two_is_one(committing_env):
    clients = [create_app(committing_env.settings, committing_env).test_client() for _ in range(2)]
    headers = bearer(clients[0], committing_env)
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda each: say(each, headers), clients))
    assert sorted(each.status_code for each in answers) == [200, 201]
    assert len({each.json["id"] for each in answers}) == 1


def test_what_its_owner_said_too_outlives_the_client_s_taking_back(client, env, whole):
    journeys.subscribe(client, env, ANA)
    told = say(client, whole, brand=None)
    own = Provenance(PERSON, Source.CENTRE)

    def never(session):
        locked = lock_digest(session, journeys.digest(env, ANA))
        suppressions.add(session, locked.digest, Scope(), Reason.DO_NOT_CONTACT, own)

    env.database.write(never)
    env.database.write(never)
    assert lift(client, whole, told.json["id"]).status_code == 204
    assert journeys.decision(env, ANA) == "suppressed"
    with env.database.transaction() as session:
        rows = suppressions.on_record(session, journeys.digest(env, ANA))
    assert [row.lifted_at is None for row in rows] == [False, True]
