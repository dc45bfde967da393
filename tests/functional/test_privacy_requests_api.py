"""`/api/v1/privacy-requests`: what is told a shop, done by nobody but the person, and how far it got."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from sqlalchemy import delete, select, update

from app.api.privacy_shapes import PrivacyRequestAnswer
from app.courier import erasures
from app.courier.delivery import deliver
from app.factory import create_app
from app.flows import download, erase, profile, restrict
from app.kit import clock
from app.models import Account, ConsentEvent, PrivacyExport, PrivacyReferral, PrivacyRequest
from app.services import external_ids, oauth, privacy_requests, suppressions
from app.services.folding import Action
from app.services.privacy_referrals import Kind
from app.services.suppressions import Reason, Scope
from tests import api, centres, customers, journeys
from tests.accounts import person
from tests.erasing import CAME, owner
from tests.post import mails_to

ANA, SHOP, PATH = api.ANA["email"], "camille-shop", "/api/v1/privacy-requests"
keys = count()


def bearer(client, env, name=SHOP, brands=("camille",)):
    with env.database.transaction() as session:
        auth = oauth.create(session, name, ["accounts:write", "accounts:read"], brands)
    return {"Authorization": f"Bearer {api.ask_token(client, auth).json['access_token']}"}


@pytest.fixture
def headers(client, env):
    return bearer(client, env)


@pytest.fixture
def ana(app, env):
    """Give the account of somebody who is with Camille."""
    journeys.subscribe(app.test_client(), env, ANA)
    return owner(env, ANA)


def tell(client, headers, kind="erasure", key=None, **changes):
    body = {"subject": {"email": ANA}, "brand": "camille", "kind": kind, "through": "telephone", **changes}
    named = {"Idempotency-Key": f"key {next(keys)}" if key is None else key}
    return client.post(PATH, json=body, headers={**headers, **named})


def state(client, headers, told):
    answer = client.get(f"{PATH}/{told.json['id']}", headers=headers)
    assert answer.status_code == 200
    return answer.json["state"]


def write(env, act):
    return env.database.write(act)


@pytest.mark.parametrize("kind", list(Kind))
def test_nothing_is_done_but_that_its_owner_is_mailed(client, env, headers, ana, outbox, kind):
    answer = tell(client, headers, kind)
    assert answer.status_code == 201
    PrivacyRequestAnswer.model_validate(answer.json)
    assert list(answer.json) == list(PrivacyRequestAnswer.model_fields)
    assert (answer.json["state"], answer.json["is_overdue"]) == ("waiting", False)
    mail = mails_to(env, ANA)[-1]
    assert mail.kind == "privacy_referral"
    assert deliver(env, outbox, mail.id) == "sent"
    text = outbox.parsed().get_body(("plain",)).get_content()
    page = "preferences" if kind is Kind.OBJECTION else "account/data"
    assert f"{env.settings.origin}/camille/{page}?lang=en" in text.splitlines()
    with env.database.transaction() as session:
        assert session.scalars(select(PrivacyRequest)).all() == session.scalars(select(PrivacyExport)).all() == []
        assert session.get(Account, ana).status == "active"
        assert [line.action for line in session.scalars(select(ConsentEvent))] == ["granted"]
    assert journeys.decision(env, ANA) == "granted"


def test_who_must_not_be_contacted_is_mailed_once_a_day_at_most(client, env, headers, session, outbox):
    external_ids.attach(session, person(session, ANA), SHOP, "shop", "4711")
    suppressions.add(session, journeys.digest(env, ANA), Scope(), Reason.DO_NOT_CONTACT, CAME)
    for kind, came in (("erasure", "sent"), ("access", "dropped")):
        tell(client, headers, kind)
        assert deliver(env, outbox, mails_to(env, ANA)[-1].id) == came


def test_its_link_opens_nothing_by_itself(app, client, headers, ana):
    tell(client, headers)
    assert app.test_client().get("/camille/account/data").location == "/camille/preferences/link"


def test_a_month_runs_from_when_it_was_told(client, env, headers, ana):
    told = tell(client, headers, received_at="2026-01-31T10:00:00Z")
    assert (told.json["due_at"], told.json["is_overdue"]) == ("2026-02-28T10:00:00Z", True)
    assert tell(client, headers, "access", received_at=(datetime.now(UTC) + timedelta(minutes=9)).isoformat()).json[
        "code"
    ] == "in_the_future"  # fmt: skip


def test_what_waits_already_is_the_same_and_is_mailed_within_the_limits(client, env, headers, ana):
    first = tell(client, headers)
    for _ in range(4):
        again = tell(client, headers)
        assert (again.status_code, again.json["id"]) == (200, first.json["id"])
    assert journeys.mails(env, ANA).count("privacy_referral") <= 3
    assert tell(client, headers, "access").status_code == 201
    one = [tell(client, headers, "objection", key="one").json for _ in range(2)]
    assert one[0] == one[1]


def test_an_erasure_is_under_way_once_its_owner_asks_for_it_and_may_be_stopped(client, env, headers, ana):
    told = tell(client, headers)
    write(env, lambda session: erase.ask(session, env.group, ana, CAME))
    assert state(client, headers, told) == "under_way"
    write(env, lambda session: erase.stop(session, ana))
    assert state(client, headers, told) == "stopped"
    assert tell(client, headers).json["id"] != told.json["id"], "told anew"


def test_a_copy_is_done_once_it_lies_there(client, env, headers, ana):
    told = tell(client, headers, "access")
    write(env, lambda session: download.ask(session, env.group, ana, CAME))
    assert state(client, headers, told) == "under_way"
    with env.database.transaction() as session:
        request = privacy_requests.open_one(session, ana, privacy_requests.Kind.EXPORT).id
    write(env, lambda session: download.finish(session, request, b"copy"))
    assert state(client, headers, told) == "done"


def test_a_restriction_is_done_while_it_holds(client, env, headers, ana):
    told = tell(client, headers, "restriction")
    write(env, lambda session: restrict.restrict(session, env.group, ana, CAME))
    assert state(client, headers, told) == "done"


def test_what_was_asked_before_is_no_answer(client, env, headers, ana):
    write(env, lambda session: erase.ask(session, env.group, ana, CAME))
    write(env, lambda session: erase.stop(session, ana))
    assert state(client, headers, tell(client, headers)) == "waiting"
    write(env, lambda session: erase.ask(session, env.group, ana, CAME))
    told = tell(client, headers, brand="camille")
    assert state(client, headers, told) == "under_way", "what is open answers it"


def test_a_correction_and_an_objection_are_done_by_an_act_of_the_person(client, env, headers, ana):
    corrected, objected = tell(client, headers, "rectification"), tell(client, headers, "objection")
    body = {"brand": "camille", "profile": {"name": {"name": "Ana"}}}
    client.patch(f"/api/v1/accounts/{ana}", json=body, headers=headers)
    assert state(client, headers, corrected) == "waiting", "the shop's own word is none of hers"
    name, camille = env.group.profile_field("name"), env.group.brands["camille"]
    write(env, lambda session: profile.keep(session, camille, ana, name, {"name": "Ana Ruiz"}, CAME))
    assert (state(client, headers, corrected), state(client, headers, objected)) == ("done", "waiting")
    centres.record(env, ANA, "camille:newsletter:email", Action.WITHDRAWN)
    assert state(client, headers, objected) == "done"


def test_the_person_reads_in_their_profile_who_did_it(client, app, env, headers):
    browser = app.test_client()
    customers.register(browser, env, ANA)
    journeys.subscribe(app.test_client(), env, ANA)
    body = {"brand": "camille", "profile": {"name": {"name": "Ana"}}}
    assert client.patch(f"/api/v1/accounts/{owner(env, ANA)}", json=body, headers=headers).status_code == 204
    assert "Camille filled in <b>Your name</b> for you." in browser.get("/camille/account/profile").text


@pytest.mark.parametrize("subject", [
    {"email": "bea@example.com"}, {"email": "stranger@example.com"}, {"phone": "+33612345678"},
    {"account_id": str(uuid.UUID(int=5))}, {"external_id": {"system": "shop", "id": "0"}},
])  # fmt: skip
def test_of_people_of_others_nothing_is_kept_and_nobody_is_mailed(client, app, env, headers, session, subject):
    journeys.subscribe(app.test_client(), env, "bea@example.com", brand="folie-douze")
    answer = tell(client, headers, subject=subject)
    assert (answer.status_code, answer.json["code"]) == (422, "unknown_subject")
    assert session.scalars(select(PrivacyReferral)).all() == []
    assert "privacy_referral" not in journeys.mails(env, "bea@example.com")


def test_it_is_told_by_the_id_of_the_shop_and_read_by_its_houses_alone(client, env, headers, session):
    ana = person(session, ANA)
    external_ids.attach(session, ana, SHOP, "shop", "4711")
    told = tell(client, headers, subject={"external_id": {"system": "shop", "id": "4711"}})
    assert (told.status_code, told.json["account_id"]) == (201, str(ana))
    assert state(client, bearer(client, env, "another"), told) == "waiting"
    for named in (told.json["id"], "nonsense", str(uuid.UUID(int=4))):
        assert client.get(f"{PATH}/{named}", headers=bearer(client, env, "other", ["ostra"])).status_code == 404
    assert client.get(f"{PATH}/nonsense", headers=headers).status_code == 404


@pytest.mark.parametrize(("changes", "status", "code"), [
    ({"brand": "ostra"}, 403, "brand_forbidden"), ({"brand": "nobody"}, 422, "unknown_item"),
    ({"kind": "revenge"}, 422, "validation_error"), ({"through": "pigeon"}, 422, "validation_error"),
    ({"subject": {}}, 422, "invalid_subject"), ({"subject": {"email": "a\0@example.com"}}, 422, "invalid_subject"),
    ({"received_at": "now"}, 422, "validation_error"), ({"locale": "x" * 101}, 422, "validation_error"),
    ({"key": ""}, 400, "missing_idempotency_key"),
])  # fmt: skip
def test_what_makes_no_sense(client, headers, changes, status, code):
    answer = tell(client, headers, **changes)
    assert (answer.status_code, answer.json["code"]) == (status, code)


def test_of_an_erasure_it_is_left_that_it_was_done(committing_env):
    env, client = committing_env, create_app(committing_env.settings, committing_env).test_client()
    headers = bearer(client, env)
    with env.database.transaction() as session:
        ana = person(session, ANA)
        external_ids.attach(session, ana, SHOP, "shop", "4711")
    told, other = tell(client, headers), tell(client, headers, "access")
    env.database.write(lambda session: erase.ask(session, env.group, ana, CAME))
    with env.database.transaction() as session:
        session.execute(update(PrivacyRequest).values(due_at=clock.now() - timedelta(minutes=1)))
    assert erasures.run(env) == 1
    assert state(client, headers, told) == "done"
    with env.database.transaction() as session:
        session.execute(delete(PrivacyRequest))  # as where the erasure was repeated after a restore
    assert state(client, headers, told) == "done"
    assert client.get(f"{PATH}/{other.json['id']}", headers=headers).status_code == 404
