"""`POST /api/v1/consents`: a yes with evidence, a no at any time, a mail that asks; each done once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count
from threading import Event

import pytest
from sqlalchemy import select

from app.factory import create_app
from app.models import AnsweredRequest, ConsentEvent, EventDetail, Notice
from app.services import idempotency, oauth
from app.services.folding import Action
from app.services.idempotency import Answered
from tests import api, centres, journeys

ANA = api.ANA["email"]
NEWSLETTER = {"subject": api.ANA, "brand": "camille", "topic": "newsletter", "channel": "email"}
ONE_PURPOSE = {"topic": None, "channel": None}
keys = count()


def told(*, minutes=0):
    return (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()


@pytest.fixture
def headers(client, env):
    return bearer(client, env, "camille-shop")


def bearer(client, env, name, brands=("camille",)):
    with env.database.transaction() as session:
        auth = oauth.create(session, name, ["consents:write", "consents:read"], brands)
    return {"Authorization": f"Bearer {api.ask_token(client, auth).json['access_token']}"}


def send(client, headers, action="grant", key=None, **changes):
    body = {**NEWSLETTER, "action": action, **changes}
    body = {name: value for name, value in body.items() if value is not None}
    named = {"Idempotency-Key": f"key {next(keys)}" if key is None else key}
    return client.post("/api/v1/consents", json=body, headers={**headers, **named})


def lines(session):
    return session.scalars(select(ConsentEvent).order_by(ConsentEvent.recorded_at, ConsentEvent.sequence)).all()


def test_a_yes_at_a_till_is_granted_with_its_evidence_and_words(client, env, headers, session):
    at = told(minutes=-30)
    answer = send(client, headers, occurred_at=at, evidence={"till": "Paris 3"}, wording="Oui !", locale="fr")
    assert answer.status_code == 201
    event = answer.json["event"]
    assert (event["action"], event["status"], event["key"]) == ("granted", "granted", "newsletter")
    assert datetime.fromisoformat(event["occurred_at"]) == datetime.fromisoformat(at)
    assert journeys.decision(env, ANA) == "granted"
    (line,) = lines(session)
    assert (line.source, line.actor_kind, line.locale) == ("api", "client", "fr")
    assert session.scalars(select(EventDetail.detail)).one()["till"] == "Paris 3"
    assert session.scalars(select(Notice.text).where(Notice.digest == line.notice_digest)).one() == "Oui !"
    receipt = client.get(f"/api/v1/receipts/{answer.json['receipt_id']}", headers=headers)
    assert receipt.status_code == 200


def test_a_client_that_the_brand_does_not_trust_can_only_ask(client, env):
    headers = bearer(client, env, "somebody")
    assert send(client, headers).json["code"] == "evidence_not_trusted"
    answer = send(client, headers, action="request")
    assert (answer.status_code, answer.json["status"]) == (202, "pending")
    assert journeys.decision(env, ANA) == "pending"
    assert journeys.mails(env, ANA) == ["confirm"]
    client.post(journeys.confirmation_path(env, ANA))
    assert journeys.decision(env, ANA) == "granted"


def test_a_program_can_not_have_anybody_start_at_once(client, env):
    headers = bearer(client, env, "somebody", ["folie-douze"])
    assert send(client, headers, action="request", brand="folie-douze", topic="restock").status_code == 202
    journeys.admit(env, ANA, "folie-douze")
    assert journeys.mails(env, ANA) == ["confirm"]
    assert journeys.decision(env, ANA, "restock", brand="folie-douze") == "pending"


def test_what_is_the_whole_groups_needs_the_trust_of_every_house(client, headers):
    assert send(client, headers, purpose="personalisation", **ONE_PURPOSE).json["code"] == "evidence_not_trusted"


def test_old_evidence_does_not_revive_what_ran_out(client, env, headers):
    at = told(minutes=-30)
    send(client, headers, occurred_at=at)
    centres.record(env, ANA, "camille:newsletter:email", Action.EXPIRED)
    assert send(client, headers, occurred_at=at).json == {"event": None, "status": "expired", "receipt_id": None}
    assert send(client, headers, occurred_at=told(minutes=-10)).json["code"] == "conflict", (
        "later, and before it ran out"
    )
    assert send(client, headers, occurred_at=told()).json["status"] == "granted"


def test_a_no_from_before_a_purchase_ends_what_rests_on_it(client, env, headers):
    send(client, headers, topic="private-sales")
    centres.record(env, ANA, "camille:private-sales:email", Action.GRANTED, legal_basis="soft_opt_in")
    answer = send(client, headers, action="withdraw", topic="private-sales", occurred_at=told(minutes=-30))
    assert answer.json["status"] == "objected"


def test_no_yes_from_before_a_no_revives_it_and_one_from_after_it_does(app, client, env, headers):
    person = app.test_client()
    journeys.subscribe(person, env, ANA)
    before = told()
    person.post(journeys.unsubscribe_path(env, ANA))
    assert send(client, headers, occurred_at=before).json["code"] == "conflict"
    assert journeys.decision(env, ANA) == "withdrawn"
    assert send(client, headers, occurred_at=told()).status_code == 201
    assert journeys.decision(env, ANA) == "granted"


def test_a_no_applies_unless_the_person_agreed_after_it(app, client, env, headers):
    earlier = told(minutes=-1)
    journeys.subscribe(app.test_client(), env, ANA)
    assert send(client, headers, action="withdraw", occurred_at=earlier).json["code"] == "conflict"
    answer = send(client, headers, action="withdraw")
    assert (answer.status_code, answer.json["event"]["action"]) == (201, "withdrawn")
    assert send(client, headers, action="withdraw").status_code == 200
    assert send(client, headers, action="withdraw").json == {"event": None, "status": "withdrawn", "receipt_id": None}


def test_a_no_where_nothing_was_said_is_kept_and_of_strangers_nothing_is(app, client, env, headers, session):
    assert send(client, headers, action="withdraw").json == {"event": None, "status": None, "receipt_id": None}
    assert lines(session) == []
    journeys.subscribe(app.test_client(), env, ANA)
    answer = send(client, headers, action="withdraw", purpose="personalisation", **ONE_PURPOSE)
    assert (answer.status_code, answer.json["status"]) == (201, "refused")
    answer = send(client, headers, action="withdraw", purpose="analytics", **ONE_PURPOSE)
    assert answer.json["status"] == "objected"


def test_a_no_ends_what_was_only_asked_for(app, client, env, headers):
    person = app.test_client()
    journeys.sign_up(person, ANA)
    path = journeys.confirmation_path(env, ANA)
    send(client, headers, action="withdraw")
    assert person.post(path).status_code == 410
    assert journeys.decision(env, ANA) == "unknown_subject"


def test_the_same_yes_twice_is_one_and_a_later_one_renews(client, headers, session):
    at = told(minutes=-5)
    send(client, headers, occurred_at=at)
    assert send(client, headers, occurred_at=at).status_code == 200
    assert send(client, headers, occurred_at=told(minutes=-1)).json["event"]["action"] == "renewed"
    assert [line.action for line in lines(session)] == ["granted", "renewed"]


def test_the_same_request_under_its_key_is_done_once_and_answered_alike(client, headers, session):
    first = send(client, headers, key="one", evidence={"till": "1"})
    again = send(client, headers, key="one", evidence={"till": "1"})
    assert (first.status_code, first.json) == (again.status_code, again.json)
    assert len(lines(session)) == 1
    assert send(client, headers, key="one", evidence={"till": "2"}).json["code"] == "key_reused"


def test_another_client_has_keys_of_its_own_and_a_day_later_they_are_forgotten(client, env, headers, session):
    send(client, headers, key="one")
    other = bearer(client, env, "camille-shop")
    assert send(client, other, key="one", action="withdraw").status_code == 201
    assert len(session.scalars(select(AnsweredRequest)).all()) == 2
    assert idempotency.purge(session) == 0
    for row in session.scalars(select(AnsweredRequest)):
        row.created_at -= timedelta(hours=25)
    session.flush()
    assert idempotency.purge(session) == 2


def test_what_was_refused_may_be_asked_again_under_its_key(client, headers):
    assert send(client, headers, key="one", occurred_at=told(minutes=5)).json["code"] == "in_the_future"
    assert send(client, headers, key="one").status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 201, "clé"])
def test_without_a_good_key_nothing_is_done(client, headers, session, key):
    answer = send(client, headers, key=key)
    assert (answer.status_code, answer.json["code"]) == (400, "missing_idempotency_key")
    assert lines(session) == []


@pytest.mark.parametrize(("changes", "status", "code"), [
    ({"brand": "ostra"}, 403, "brand_forbidden"), ({"brand": "nobody"}, 422, "unknown_item"),
    ({"topic": "nothing"}, 422, "unknown_item"), ({"channel": None}, 422, "validation_error"),
    ({"purpose": "analytics"}, 422, "validation_error"), ({"subject": {"email": "x"}}, 422, "invalid_subject"),
    ({"subject": {"phone": "+33612345678"}}, 422, "unknown_subject"),
    ({"subject": {"external_id": {"system": "shop", "id": "1"}}}, 422, "unknown_subject"),
    ({"action": "delete"}, 422, "validation_error"), ({"evidence": {"x": "y" * 501}}, 422, "validation_error"),
    ({"evidence": {"x": "a\0b"}}, 422, "validation_error"), ({"evidence": {"a\0b": "x"}}, 422, "validation_error"),
    ({"wording": "a\0b"}, 422, "validation_error"),
    ({"occurred_at": "soon"}, 422, "validation_error"), ({"evidence": [1]}, 422, "validation_error"),
    ({"action": "request", "subject": {"phone": "+33612345678"}}, 422, "request_needs_email"),
    ({"action": "request", "channel": "sms", "topic": "private-sales"}, 422, "not_offered"),
    ({"action": "request", "topic": "atelier-events"}, 422, "birth_date_needed"),
    ({"action": "request", "purpose": "analytics", **ONE_PURPOSE}, 422, "request_needs_email"),
])  # fmt: skip
def test_what_makes_no_sense(client, headers, session, changes, status, code):
    answer = send(client, headers, **changes)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert lines(session) == []
    assert session.scalars(select(AnsweredRequest)).all() == []


def test_while_one_is_under_way_the_same_is_told_to_wait(committing_env, monkeypatch):
    client = create_app(committing_env.settings, committing_env).test_client()
    headers, begun, go_on = bearer(client, committing_env, "camille-shop"), Event(), Event()
    real = idempotency._claim

    def slow(session, client_id, key):
        real(session, client_id, key)
        begun.set()
        go_on.wait(10)

    def first():
        other = create_app(committing_env.settings, committing_env).test_client()
        return send(other, headers, key="one").status_code

    with ThreadPoolExecutor() as pool, monkeypatch.context() as patched:
        patched.setattr(idempotency, "_claim", slow)
        waiting = pool.submit(first)
        assert begun.wait(10)
        patched.setattr(idempotency, "_claim", real)
        assert send(client, headers, key="one").json["code"] == "request_in_flight"
        go_on.set()
        assert waiting.result() == 201
    assert send(client, headers, key="one").status_code == 201, "answered as then"
    with committing_env.database.transaction() as session:
        assert len(lines(session)) == 1


def test_an_answer_is_kept_if_and_only_if_what_it_tells_of_was_done(env, session):
    def fail():
        raise RuntimeError

    with pytest.raises(RuntimeError), env.database.transaction() as own:
        idempotency.once(own, "client", "key", b"asked", fail)
    assert session.scalars(select(AnsweredRequest)).all() == []
    done = Answered(201, {"a": 1})
    assert idempotency.once(session, "client", "key", b"asked", lambda: done) == done
    assert idempotency.once(session, "client", "key", b"asked", fail) == done


def test_a_yes_from_between_two_noes_counts_for_nothing(client, env, headers, session):
    send(client, headers, occurred_at="2026-03-01T00:00:00Z")
    for day in ("02", "10"):
        answer = send(client, headers, "withdraw", occurred_at=f"2026-03-{day}T00:00:00Z", evidence={"call": day})
        assert answer.status_code == 201
    assert send(client, headers, "withdraw", occurred_at="2026-03-10T00:00:00Z").status_code == 200, "said already"
    between = send(client, headers, occurred_at="2026-03-05T00:00:00Z")
    assert (between.status_code, between.json["code"]) == (409, "conflict")
    assert send(client, headers, occurred_at="2026-03-11T00:00:00Z").json["status"] == "granted"


def test_what_was_renewed_since_is_not_ended_by_an_older_no_nor_renewed_twice(client, headers):
    send(client, headers, occurred_at="2026-03-01T00:00:00Z")
    assert send(client, headers, occurred_at="2026-03-10T00:00:00Z").json["event"]["action"] == "renewed"
    assert send(client, headers, occurred_at="2026-03-10T00:00:00Z").json["event"] is None
    answer = send(client, headers, "withdraw", occurred_at="2026-03-05T00:00:00Z")
    assert (answer.status_code, answer.json["code"]) == (409, "conflict")


def test_nobody_acted_before_1970(client, headers):
    answer = send(client, headers, occurred_at="1969-12-31T23:59:59Z")
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")
