"""`/api/v1/accounts`: a trusted shop's customers, what it may know and say of them, and their history."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from app.api.account_shapes import AccountAnswer
from app.api.event_shapes import HistoryAnswer
from app.courier import erasures
from app.factory import create_app
from app.models import Account, AnsweredRequest, ContactPoint, Message, ProfileChange
from app.services import external_ids
from app.services.folding import Action
from tests import api, centres, customers, journeys
from tests.accounts import ANA, BEA, EVERY, NOBODY, SCOPES, SHOP, amend, bearer, history, introduce, now, show
from tests.documents import published
from tests.erasing import ask, owner


@pytest.fixture
def headers(client, env):
    return bearer(client, env)


@pytest.fixture
def trusted_by_all(app, env):
    """Let every house trust the shop."""
    brands = {slug: each.model_copy(update={"trusted_evidence": (SHOP,)}) for slug, each in env.group.brands.items()}
    with published(env, env.group.model_copy(update={"brands": brands}), app):
        yield


def test_a_customer_of_a_shop_is_known_by_its_id_and_nothing_is_proved_by_that(client, env, headers):
    answer = introduce(client, headers, locale="fr")
    assert answer.status_code == 201
    account = answer.json["account_id"]
    shown = show(client, headers, account).json
    AccountAnswer.model_validate(shown)
    assert list(shown) == list(AccountAnswer.model_fields)
    assert (shown["kind"], shown["status"], shown["locale"]) == ("lite", "active", "fr")
    assert shown["contacts"] == [{"kind": "email", "is_proved": False, "is_primary": True}]
    assert shown["external_ids"] == {"shop": "4711"}
    assert ANA not in str(shown)
    by_id = {"external_id": {"system": "shop", "id": "4711"}}
    assert api.decide(client, headers, by_id).json["reason"] == "never_asked"
    assert journeys.mails(env, ANA) == []


def test_only_what_the_house_trusts_makes_somebody_known(client, env, session):
    answer = introduce(client, bearer(client, env, "somebody"))
    assert (answer.status_code, answer.json["code"]) == (403, "evidence_not_trusted")
    assert session.scalars(select(Account)).all() == []


def test_a_mailbox_is_proved_where_the_shop_says_when(client, headers):
    at = now(days=-1)
    account = introduce(client, headers, proved_at=at).json["account_id"]
    assert show(client, headers, account).json["contacts"][0]["is_proved"]
    assert introduce(client, headers, BEA, "4712", proved_at=now(minutes=5)).json["code"] == "in_the_future"


def test_who_is_known_already_keeps_account_language_and_password(client, app, env, headers):
    customers.register(app.test_client(), env, ANA)
    answer = introduce(client, headers, locale="de")
    assert (answer.status_code, answer.json["account_id"]) == (201, str(owner(env, ANA)))
    shown = show(client, headers, answer.json["account_id"]).json
    assert (shown["kind"], shown["locale"]) == ("full", "en")
    assert customers.sign_in(app.test_client(), ANA).status_code == 303
    assert introduce(client, headers).status_code == 200, "all was so already"


def test_a_stranger_s_word_survives_no_proof_of_the_mailbox(client, app, env, headers):
    account = introduce(client, headers).json["account_id"]
    for told in ({"profile": {"name": {"name": "Mallory"}}}, {"locale": "de"}):
        refused = amend(client, headers, account, **told)
        assert (refused.status_code, refused.json["code"]) == (409, "mailbox_not_proved")
    browser = app.test_client()
    assert customers.sign_in(browser, ANA).status_code == 422, "there is no password that a shop could have set"
    customers.register(browser, env, ANA)
    shown = show(client, headers, account).json
    assert (shown["kind"], shown["profile"], shown["locale"]) == ("full", {}, "en")
    assert shown["contacts"][0]["is_proved"]


def test_an_id_stands_for_one_and_a_customer_has_one(client, headers):
    introduce(client, headers)
    for taken in (introduce(client, headers, BEA), introduce(client, headers, number="4712")):
        assert (taken.status_code, taken.json["code"]) == (409, "external_id_taken")


def test_of_two_customers_who_get_an_id_at_once_one_has_it(committing_env):
    clients = [create_app(committing_env.settings, committing_env).test_client() for _ in range(2)]
    headers = bearer(clients[0], committing_env)
    with ThreadPoolExecutor() as pool:
        answers = list(
            pool.map(lambda each: introduce(each[0], headers, each[1]), zip(clients, (ANA, BEA), strict=True))
        )
    assert sorted(each.status_code for each in answers) == [201, 409]
    with committing_env.database.transaction() as session:
        assert len(session.scalars(select(ContactPoint)).all()) == 1, "nothing is left of the other one"


def test_who_wants_a_full_account_is_mailed_as_by_the_form(client, app, env, session):
    headers = bearer(client, env, "somebody")
    customers.register(app.test_client(), env, BEA)
    session.query(Message).delete()
    answers = [introduce(client, headers, each, kind="full", external_id=None, locale="fr") for each in (ANA, BEA)]
    assert [(each.status_code, each.json) for each in answers] == [(202, {"account_id": None})] * 2
    assert journeys.mails(env, ANA) == journeys.mails(env, BEA) == ["register"]
    assert owner(env, ANA) is None, "nothing is kept before the mailbox is proved"
    browser = app.test_client()
    browser.post(customers.link(env, ANA), data={"password": customers.PASSWORD, "terms": "1"})
    assert customers.is_signed_in(browser)


def test_the_same_under_its_key_is_done_once(client, env, headers):
    first, again = (introduce(client, headers, kind="full", external_id=None, key="one") for _ in range(2))
    assert (first.status_code, first.json) == (again.status_code, again.json)
    assert journeys.mails(env, ANA) == ["register"]
    assert introduce(client, headers, BEA, kind="full", external_id=None, key="one").json["code"] == "key_reused"
    assert introduce(client, headers, key="").json["code"] == "missing_idempotency_key"


@pytest.mark.parametrize(("changes", "status", "code"), [
    ({"brand": "ostra"}, 403, "brand_forbidden"), ({"brand": "nobody"}, 422, "unknown_item"),
    ({"email": "nonsense"}, 422, "invalid_subject"), ({"email": "a\0@example.com"}, 422, "invalid_subject"),
    ({"email": "x" * 401}, 422, "validation_error"), ({"kind": "half"}, 422, "validation_error"),
    ({"kind": "full"}, 422, "validation_error"), ({"external_id": {"system": "shop"}}, 422, "validation_error"),
    ({"external_id": {"system": "shop", "id": "a\0b"}}, 422, "validation_error"),
    ({"external_id": {"system": "shop", "id": "ana@example.com"}}, 422, "validation_error"),
    ({"external_id": {"system": "two words", "id": "1"}}, 422, "validation_error"),
    ({"external_id": {"system": "shop", "id": "x" * 201}}, 422, "validation_error"),
    ({"proved_at": "yesterday"}, 422, "validation_error"), ({"password": "hello"}, 422, "validation_error"),
])  # fmt: skip
def test_what_makes_no_sense(client, headers, session, changes, status, code):
    answer = introduce(client, headers, **changes)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert session.scalars(select(Account)).all() == session.scalars(select(AnsweredRequest)).all() == []


@pytest.mark.parametrize("named", ["nonsense", NOBODY, NOBODY.replace("-", ""), f"{{{NOBODY}}}", "%00"])
def test_nobody_is_nobody(client, headers, named):
    answers = [show(client, headers, named), history(client, headers, named)]
    assert {(each.status_code, each.json["code"]) for each in answers} == {(404, "not_found")}


@pytest.mark.parametrize("lacking", SCOPES)
def test_each_needs_its_scope(client, env, lacking):
    headers = bearer(client, env, scopes=[each for each in SCOPES if each != lacking])
    ana = introduce(client, bearer(client, env)).json["account_id"]
    refused = {
        "accounts:read": [lambda: show(client, headers, ana)],
        "accounts:write": [lambda: introduce(client, headers), lambda: amend(client, headers, ana, locale="fr")],
        "consents:read": [lambda: history(client, headers, ana)],
    }[lacking]
    assert {each().json["code"] for each in refused} == {"insufficient_scope"}


@pytest.fixture
def customer(app, env):
    """Give the browser of somebody who is with Camille."""
    browser = app.test_client()
    journeys.subscribe(browser, env, ANA)
    return browser


@pytest.fixture
def ana(client, env, headers, customer):
    """Give the id of that customer, whom the shop knows."""
    return introduce(client, headers).json["account_id"]


def test_what_somebody_said_on_the_telephone_is_kept_as_on_their_own_page(client, env, headers, ana, session):
    told = {
        "name": {"name": "Ana  Ruiz"}, "birthday": {"date": "1990-11-03"}, "country": {"country": "FR"},
        "interests": {"choices": ["scent", "leather"]},
        "postal-address": {"street": ["12 rue du Port", "3rd floor"], "postal_code": "29200", "city": "Brest",
                           "country": "FR"},
    }  # fmt: skip
    assert amend(client, headers, ana, profile=told, locale="fr").status_code == 204
    shown = show(client, headers, ana).json
    assert shown["locale"] == "fr"
    assert shown["profile"] == {
        **told, "name": {"name": "Ana Ruiz"}, "interests": {"choices": ["leather", "scent"]},
    }  # fmt: skip
    assert amend(client, headers, ana, profile=shown["profile"]).status_code == 204, "what is shown may be sent back"
    assert amend(client, headers, ana, profile={"birthday": None}).status_code == 204
    assert "birthday" not in show(client, headers, ana).json["profile"]
    rows = session.scalars(select(ProfileChange)).all()
    assert {(row.key, row.action, row.brand) for row in rows} >= {("name", "set", "camille"),
                                                                  ("birthday", "removed", "camille")}  # fmt: skip
    assert {(row.provenance["source"], row.provenance["actor"]) for row in rows} == {("api", "client")}
    assert not {"ip", "user_agent"} & rows[0].provenance.keys(), "of a machine that is no person's"


def test_what_comes_by_post_ends_with_the_address(client, env, headers, customer, ana, trusted_by_all):
    address = {"street": ["1 Quay"], "postal_code": "", "city": "Brest", "country": "FR"}
    amend(client, headers, ana, profile={"postal-address": address})
    journeys.press(customer, set="camille:new-collection:post=on")
    assert journeys.decision(env, ANA, "new-collection", "post") == "granted"
    amend(client, headers, ana, profile={"postal-address": None})
    assert journeys.decision(env, ANA, "new-collection", "post") == "withdrawn"
    assert journeys.decision(env, ANA) == "granted"
    assert journeys.mails(env, ANA)[-1] == "summary"


def test_ids_are_put_replaced_and_taken_away(client, headers, ana):
    assert amend(client, headers, ana, external_ids={"crm": "C-1", "shop": "4712"}).status_code == 204
    assert show(client, headers, ana).json["external_ids"] == {"crm": "C-1", "shop": "4712"}
    bea = introduce(client, headers, BEA, "4713").json["account_id"]
    taken = amend(client, headers, bea, external_ids={"till": "1", "shop": "4712"})
    assert (taken.status_code, taken.json["code"]) == (409, "external_id_taken")
    assert show(client, headers, bea).json["external_ids"] == {"shop": "4713"}, "all of it is done, or nothing"
    amend(client, headers, ana, external_ids={"crm": None})
    assert show(client, headers, ana).json["external_ids"] == {"shop": "4712"}


@pytest.mark.parametrize(("body", "status", "pointer"), [
    ({}, 422, ""), ({"brand": "ostra", "locale": "fr"}, 403, None), ({"locale": "xx"}, 422, "/locale"),
    ({"profile": {"nothing": {"x": "y"}}}, 422, "/profile/nothing"),
    ({"profile": {"a/b": None}}, 422, "/profile/a~1b"),
    ({"profile": {"name": {"name": ""}}}, 422, "/profile/name/name"),
    ({"profile": {"name": {"name": ["Ana"]}}}, 422, "/profile/name/name"),
    ({"profile": {"name": {"name": "x", "more": "y"}}}, 422, "/profile/name/more"),
    ({"profile": {"name": {"name": "x" * 101}}}, 422, "/profile/name/name"),
    ({"profile": {"name": {"name": "a\0b"}}}, 422, "/profile/name/name"),
    ({"profile": {"birthday": {"date": "3 March"}}}, 422, "/profile/birthday/date"),
    ({"profile": {"birthday": {"date": "1990-02-30"}}}, 422, "/profile/birthday/day"),
    ({"profile": {"country": {"country": "ZZ"}}}, 422, "/profile/country/country"),
    ({"profile": {"interests": {"choices": "scent"}}}, 422, "/profile/interests/choices"),
    ({"profile": {"interests": {"choices": ["nothing"]}}}, 422, "/profile/interests/choices"),
    ({"profile": ["name"]}, 422, "/profile"), ({"external_ids": {"shop": "a@b.example"}}, 422, "/external_ids/shop"),
    ({"status": "erased"}, 422, "/status"),
])  # fmt: skip
def test_what_cannot_be_said_of_anybody(client, headers, session, body, status, pointer):
    answer = amend(client, headers, NOBODY, **body)
    assert answer.status_code == status
    assert pointer is None or answer.json["errors"][0]["pointer"] == pointer
    assert session.scalars(select(ProfileChange)).all() == []


def test_of_whoever_has_their_data_held_still_nothing_is_told_or_changed(client, env, headers, ana):
    amend(client, headers, ana, profile={"name": {"name": "Ana"}})
    with env.database.transaction() as session:
        session.get(Account, uuid.UUID(ana)).status = "restricted"
    shown = show(client, headers, ana).json
    assert (shown["status"], shown["profile"]) == ("restricted", {})
    for answer in (amend(client, headers, ana, external_ids={"crm": "1"}), introduce(client, headers)):
        assert (answer.status_code, answer.json["code"]) == (409, "restricted")


def test_the_history_is_told_page_by_page_and_of_the_clients_houses_alone(client, app, env, headers, ana):
    centres.record(env, ANA, "camille:private-sales:email", Action.GRANTED, Action.WITHDRAWN)
    centres.record(env, ANA, "ostra:newsletter:email", Action.GRANTED)
    centres.record(env, ANA, "camille:newsletter:email", Action.PAUSED, attributes={"paused_until": now(days=9)})
    whole = history(client, headers, ana).json
    HistoryAnswer.model_validate(whole)
    acts = [(each["data"]["key"], each["data"]["action"], each["data"]["brand"]) for each in whole["events"]]
    assert acts == [("newsletter", "granted", "camille"), ("private-sales", "granted", "camille"),
                    ("private-sales", "withdrawn", "camille"), ("newsletter", "paused", "camille")]  # fmt: skip
    paged, after = [], None
    while True:
        page = history(client, headers, ana, limit=1, **({"after": after} if after else {})).json
        paged += page["events"]
        after = page["next"]
        if not page["has_more"]:
            break
    assert paged == whole["events"]
    assert history(client, headers, ana, after=after).json["events"] == []
    receipt = client.get(f"/api/v1/receipts/{paged[0]['receiptid']}", headers=headers)
    assert receipt.status_code == 200
    everything = history(client, bearer(client, env, "the group", EVERY), ana).json["events"]
    assert len(everything) == 5


@pytest.mark.parametrize("query", [
    {"after": "x"}, {"after": "-1"}, {"after": "9" * 16}, {"after": "²"}, {"limit": "0"}, {"limit": "1001"},
    {"limit": "٣"},
])  # fmt: skip
def test_no_place_in_a_history(client, headers, query):
    answer = history(client, headers, NOBODY, **query)
    assert (answer.status_code, answer.json["code"]) == (422, "validation_error")


def test_who_was_erased_is_found_by_nothing(committing_env):
    env, client = committing_env, create_app(committing_env.settings, committing_env).test_client()
    headers = bearer(client, env)
    ana = introduce(client, headers, proved_at=now(days=-1)).json["account_id"]
    with env.database.transaction() as session:
        external_ids.attach(session, uuid.UUID(ana), "a-crm", "crm", "1")
    ask(env, uuid.UUID(ana))
    assert erasures.run(env) == 1
    answers = [show(client, headers, ana), history(client, headers, ana), amend(client, headers, ana, locale="fr")]
    assert [each.status_code for each in answers] == [404] * 3
    by_id = {"external_id": {"system": "shop", "id": "4711"}}
    assert api.decide(client, headers, by_id).json["reason"] == "unknown_subject"
    again = introduce(client, headers, proved_at=now()).json["account_id"]
    assert again != ana, "the id is free, and its owner a new person"
