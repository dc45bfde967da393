"""The hosted sign-up form."""

from __future__ import annotations

import html
import re

import pytest
import time_machine
from sqlalchemy import func, select

from app.factory import create_app
from app.kit.signing import Purpose
from app.models import AddressRow, ConsentEvent, Message, Notice, OptInItem
from tests import journeys
from tests.environments import settings_for

ANA = "ana@example.com"


def test_no_box_is_ticked_and_the_controller_is_named(client, group):
    page = client.get("/camille/").text
    assert 'name="items"' in page
    assert "checked" not in page
    for line in group.brands["camille"].controller.postal_address:
        assert line in page


def test_a_sign_up_asks_and_sends_nothing_else(client, env):
    answer = journeys.sign_up(client, ANA)
    assert (answer.status_code, answer.location) == (303, "/camille/check-mail")
    assert journeys.decision(env, ANA) == "pending"
    assert journeys.mails(env, ANA) == ["confirm"]


@pytest.mark.parametrize(("site", "item"), [("camille", "atelier-events:email"), ("luxe", "folie-douze:drops:email")])
def test_the_exact_words_shown_are_kept_as_evidence(client, env, session, site, item):
    page = html.unescape(re.sub(r"</?span[^>]*>", "", client.get(f"/{site}/").text))
    journeys.sign_up(client, ANA, [item], site, born="1984-05-06")
    kept = session.scalars(select(Notice.text).join(OptInItem, OptInItem.notice_digest == Notice.digest)).one()
    unseen = [line for line in kept.splitlines() if line not in page]
    assert unseen == []


BOTH_KINDS = ["restock:email", "drops:email"]
RESTOCK = ["restock:email"]


@pytest.mark.parametrize(("ticked", "asked"), [(RESTOCK, "?asked=starts"), (BOTH_KINDS, "?asked=both")])
def test_what_starts_at_once_is_not_said_to_need_a_button(client, env, ticked, asked):
    journeys.subscribe(client, env, "known@example.com", brand="folie-douze")
    answers = {journeys.sign_up(client, f"{who}@example.com", ticked, "folie-douze") for who in ("known", "unknown")}
    assert {answer.location for answer in answers} == {f"/folie-douze/check-mail{asked}"}, "also where it must confirm"
    page = client.get(f"/folie-douze/check-mail{asked}").text
    assert ("starts at once" in page, "Press the button in it, then" in page) == (True, ticked == BOTH_KINDS)


def test_the_page_after_the_form_knows_no_other_words_than_its_own(client):
    pages = [client.get(f"/camille/check-mail{asked}").text for asked in ("", "?asked=money", "?asked=starts")]
    plain, unknown, starts = (page.partition("<main")[2].partition("</main>")[0] for page in pages)
    assert plain == unknown != starts


def test_known_unknown_and_suppressed_addresses_get_the_same_answer(client, env):
    journeys.subscribe(client, env, "known@example.com")
    journeys.sign_up(client, "stopped@example.com")
    client.post(journeys.never_path(env, "stopped@example.com"))
    answers = [journeys.sign_up(client, f"{who}@example.com") for who in ("known", "unknown", "stopped")]
    assert len({(a.status, a.data, tuple(h for h in a.headers if h[0] != "X-Request-Id")) for a in answers}) == 1


NO_FORMS = [
    1, True, "x", [1], {}, {"email": 1, "csrf_token": 1}, {"email": "\ud800"}, {"csrf_token": "\ud800"}, {"items": [1]},
]  # fmt: skip


@pytest.mark.parametrize("path", ["/camille/", "/luxe/", "/camille/preferences/link"])
@pytest.mark.parametrize("sent", NO_FORMS)
def test_json_is_no_form(client, path, sent):
    assert client.post(path, json=sent).status_code == 422


@pytest.mark.parametrize("sent", [*NO_FORMS, {"set": 1}])
@pytest.mark.parametrize(
    "path", ["/camille/preferences", "/camille/preferences/address", "/camille/preferences/language"]
)
def test_json_is_no_form_in_the_centre_either(client, env, path, sent):
    journeys.subscribe(client, env, ANA)
    assert client.post(path, json=sent).status_code == 422


def test_json_does_not_pass_the_trap_for_robots(client, env):
    token = journeys.form_token(client.get("/camille/").text)
    sent = {"email": ANA, "items": ["newsletter:email"], "csrf_token": token, "website": "http://spam.example.com"}
    assert client.post("/camille/", json=sent).status_code == 422
    assert journeys.decision(env, ANA) == "unknown_subject"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"email": "no address"}, "name@example.com"),
        ({"email": ""}, "name@example.com"),
        ({"email": "a" * 300 + "@example.com"}, "name@example.com"),
        ({"email": "nul\x00@example.com"}, "name@example.com"),
        ({"items": []}, "Choose at least one"),
        ({"items": ["newsletter:sms"]}, "we do not know"),
        ({"items": ["private-sales:sms"]}, "be chosen here"),
        ({"items": ["nothing:email"]}, "we do not know"),
        ({"items": ["a:b:c:d"]}, "we do not know"),
        ({"csrf_token": ""}, "send it once more"),
        ({"csrf_token": "forged"}, "send it once more"),
    ],
)
def test_bad_input_is_told_kindly_and_nothing_is_stored(client, env, session, fields, words):
    token = journeys.form_token(client.get("/camille/").text)
    form = {"email": ANA, "items": ["newsletter:email"], "csrf_token": token, **fields}
    answer = client.post("/camille/", data=form)
    assert answer.status_code == 422
    assert words in answer.text
    assert session.scalar(select(func.count()).select_from(AddressRow)) == 0


def test_the_token_of_another_site_does_not_pass(client, env):
    token = journeys.form_token(client.get("/folie-douze/").text)
    answer = client.post("/camille/", data={"email": ANA, "items": ["newsletter:email"], "csrf_token": token})
    assert answer.status_code == 422


def test_a_form_that_comes_back_at_once_is_asked_to_come_again(env, tmp_path):
    settings = settings_for(tmp_path, minimum_form_seconds=2)
    client = create_app(settings, env.__class__(**{**vars(env), "settings": settings})).test_client()
    with time_machine.travel("2026-03-03T10:00:00Z", tick=False) as clock:
        token = journeys.form_token(client.get("/camille/").text)
        form = {"email": ANA, "items": ["newsletter:email"], "csrf_token": token}
        clock.shift(1)
        early = client.post("/camille/", data=form)
        assert early.status_code == 422
        assert "quicker than we can check" in early.text
        empty = client.post("/camille/", data={"csrf_token": token}).text
        assert "quicker than we can check" not in empty, "what is missing is told first"
        assert 0 < empty.index("Choose at least one") < empty.index("name@example.com")
        assert journeys.form_token(early.text) == token, "the same token, so that the next press passes"
        clock.shift(2)
        assert client.post("/camille/", data=form).status_code == 303


def test_the_trap_answers_as_always_and_keeps_nothing(client, env, session):
    token = journeys.form_token(client.get("/camille/").text)
    form = {"email": ANA, "items": ["newsletter:email"], "csrf_token": token, "website": "spam"}
    assert client.post("/camille/", data=form).location == "/camille/check-mail"
    assert session.scalar(select(func.count()).select_from(AddressRow)) == 0


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example.com"}])
def test_another_site_cannot_post_the_form(client, env, headers):
    token = journeys.form_token(client.get("/camille/").text)
    form = {"email": ANA, "items": ["newsletter:email"], "csrf_token": token}
    assert client.post("/camille/", data=form, headers=headers).status_code == 403


def test_the_page_of_the_group_makes_one_request_per_brand(client, env):
    journeys.sign_up(client, ANA, ["camille:newsletter:email", "folie-douze:newsletter:email"], site="luxe")
    assert journeys.decision(env, ANA) == "pending"
    assert journeys.decision(env, ANA, brand="folie-douze") == "pending"
    assert journeys.mails(env, ANA) == ["confirm", "confirm"]


def test_single_opt_in_is_granted_by_the_courier_as_of_the_asking(client, env, session):
    journeys.sign_up(client, ANA, ["restock:email"], site="folie-douze")
    assert journeys.decision(env, ANA, "restock", brand="folie-douze") == "pending"
    journeys.admit(env, ANA, "folie-douze")
    assert journeys.decision(env, ANA, "restock", brand="folie-douze") == "granted"
    assert journeys.mails(env, ANA) == ["welcome"]
    event, asked = session.scalars(select(ConsentEvent)).one(), session.scalars(select(OptInItem)).one()
    assert (event.occurred_at, event.source, event.attributes) == (asked.asked_at, "form", {})


def test_a_request_is_admitted_once(client, env):
    journeys.sign_up(client, ANA, ["restock:email", "newsletter:email"], site="folie-douze")
    for _ in range(2):
        journeys.admit(env, ANA, "folie-douze")
    assert journeys.mails(env, ANA) == ["welcome", "confirm"]
    assert journeys.decision(env, ANA, brand="folie-douze") == "pending"


def test_single_opt_in_serves_only_an_address_without_account(client, env):
    journeys.subscribe(client, env, ANA)
    client.post(journeys.unsubscribe_path(env, ANA))
    journeys.sign_up(client, ANA, ["restock:email"], site="folie-douze")
    journeys.admit(env, ANA, "folie-douze")
    assert journeys.decision(env, ANA, "restock", brand="folie-douze") == "pending"
    assert journeys.mails(env, ANA) == ["confirm", "welcome", "confirm"]


def test_single_opt_in_does_not_serve_a_suppressed_address(client, env):
    client.post(journeys.never_path(env, ANA))
    journeys.sign_up(client, ANA, ["restock:email"], site="folie-douze")
    journeys.admit(env, ANA, "folie-douze")
    assert journeys.decision(env, ANA, "restock", brand="folie-douze") == "suppressed"


def test_no_more_than_three_mails_an_address_and_brand_and_ten_a_mailbox(client, env, session):
    for number in range(8):
        for site in ("camille", "folie-douze"):
            journeys.sign_up(client, f"a.na+{number % 2}@gmail.com", site=site)
            journeys.sign_up(client, f"ana+{number}@gmail.com", site=site)
    by_address = session.execute(select(func.count(Message.id)).group_by(Message.address_digest, Message.brand))
    assert max(by_address.scalars()) <= 3
    assert session.scalar(select(func.count()).select_from(Message)) == 10


def test_too_many_posts_of_one_origin_are_told_when_to_come_back(env, tmp_path):
    settings = settings_for(tmp_path, signups_per_ip="2 per minute")
    client = create_app(settings, env.__class__(**{**vars(env), "settings": settings})).test_client()
    answers = [journeys.sign_up(client, f"{n}@example.com") for n in range(3)]
    assert [answer.status_code for answer in answers] == [303, 303, 429]
    assert 0 < int(answers[2].headers["Retry-After"]) <= 61


def test_form_tokens_are_good_for_forms_only(client, env):
    token = env.signer.sign(Purpose.CENTRE_FORM, "camille")
    answer = client.post("/camille/", data={"email": ANA, "items": ["newsletter:email"], "csrf_token": token})
    assert answer.status_code == 422
