"""Sign-up from a brand's own site: what is taken, what is refused, and that a refusal leaves nothing behind."""

from __future__ import annotations

import base64
import json

import pytest
import time_machine
from sqlalchemy import select, text

from app.factory import create_app
from app.kit.signing import Purpose
from app.models import Notice, OptInItem
from app.services import challenges
from tests import embedding, journeys
from tests.embedding import SITE

ANA = "ana@example.com"
EVIL = "https://evil.example.com"
TABLES = ("address", "opt_in_request", "opt_in_item", "message", "procrastinate_jobs", "spent_proof", "account")


@pytest.fixture(autouse=True)
def easy(monkeypatch):
    """Challenges that are solved at once; how hard real ones are is told by the browser tests."""
    embedding.make_easy(monkeypatch)


@pytest.fixture
def rows(session):
    """Give a way to count what is stored."""
    return lambda: {table: session.scalar(text(f"SELECT count(*) FROM {table}")) for table in TABLES}


def test_a_sign_up_from_a_brands_page_asks_and_sends_nothing_else(client, env):
    answer = embedding.send(client, embedding.body(client, ANA))
    assert (answer.status_code, answer.json) == (202, {"status": "check_your_mail"})
    assert journeys.decision(env, ANA) == "pending"
    assert journeys.mails(env, ANA) == ["confirm"]


def test_the_evidence_names_the_site_and_the_words_that_stood_there(client, session, group):
    lang = group.brands["ostra"].locales[-1]
    origin = group.brands["ostra"].origins[0]
    shown = embedding.definition(client, "ostra", lang, origin=origin)
    sent = embedding.body(client, ANA, brand="ostra", lang=lang, origin=origin)
    assert embedding.send(client, sent, "ostra", lang, origin).status_code == 202
    asked = session.scalars(select(OptInItem)).one()
    assert (asked.locale, asked.provenance["page"]) == (lang, f"/embed/ostra/subscribe on {origin}")
    choice = next(each for each in shown["choices"] if each["item"] == "newsletter:email")
    seen = {choice["statement"], choice["description"], *choice["conditions"], *shown["small_print"]}
    assert set(session.get(Notice, asked.notice_digest).text.splitlines()) == seen


def test_known_unknown_and_suppressed_addresses_get_the_same_answer(client, env):
    journeys.subscribe(client, env, "known@example.com")
    journeys.sign_up(client, "stopped@example.com")
    client.post(journeys.never_path(env, "stopped@example.com"))
    visitor = client.application.test_client()
    answers = [
        embedding.send(visitor, embedding.body(visitor, f"{who}@example.com"))
        for who in ("known", "unknown", "stopped")
    ]
    trapped = embedding.send(visitor, {**embedding.body(visitor, ANA), "website": "spam"})
    told = {(a.status, a.data, tuple(h for h in a.headers if h[0] != "X-Request-Id")) for a in [*answers, trapped]}
    assert len(told) == 1


def forged_proof(sent):
    """Give a proof for a challenge that we did not sign."""
    proof = json.loads(base64.b64decode(sent["proof"]))
    proof["challenge"]["parameters"]["cost"] = 1
    return base64.b64encode(json.dumps(proof).encode()).decode()


def wrong_proof(sent):
    """Give a proof with another key than the one asked for."""
    proof = json.loads(base64.b64decode(sent["proof"]))
    proof["solution"]["derivedKey"] = "00" * 32
    return base64.b64encode(json.dumps(proof).encode()).decode()


REFUSED = {
    "origin not listed": (lambda sent: sent, {"origin": EVIL}, 403, "origin_not_allowed"),
    "origin of another brand": (
        lambda sent: sent, {"origin": "https://foliedouze.example.com"}, 403, "origin_not_allowed"
    ),
    "no origin": (lambda sent: sent, {"origin": None}, 403, "origin_not_allowed"),
    "origin null": (lambda sent: sent, {"origin": "null"}, 403, "origin_not_allowed"),
    "without token": (lambda sent: {**sent, "token": ""}, {}, 422, "stale_form"),
    "forged token": (lambda sent: {**sent, "token": sent["token"][:-2] + "xx"}, {}, 422, "stale_form"),
    "token left out": (lambda sent: without(sent, "token"), {}, 422, "validation_error"),
    "proof left out": (lambda sent: without(sent, "proof"), {}, 422, "validation_error"),
    "empty proof": (lambda sent: {**sent, "proof": ""}, {}, 422, "proof_refused"),
    "proof that is no proof": (lambda sent: {**sent, "proof": "bm90aGluZw=="}, {}, 422, "proof_refused"),
    "proof of a wrong form": (lambda sent: {**sent, "proof": encode([1])}, {}, 422, "proof_refused"),
    "proof without signature": (
        lambda sent: {**sent, "proof": encode({"challenge": {"parameters": {}}, "solution": {}})}, {}, 422,
        "proof_refused",
    ),
    "forged proof": (lambda sent: {**sent, "proof": forged_proof(sent)}, {}, 422, "proof_refused"),
    "wrong proof": (lambda sent: {**sent, "proof": wrong_proof(sent)}, {}, 422, "proof_refused"),
    "topic not offered by e-mail": (
        lambda sent: {**sent, "items": {"private-sales:sms": "x"}}, {}, 422, "not_offered"
    ),
    "unknown topic": (lambda sent: {**sent, "items": {"horoscope:email": "x"}}, {}, 422, "unknown_item"),
    "topic of another form": (lambda sent: {**sent, "items": {"a:b:c:d": "x"}}, {}, 422, "unknown_item"),
    "words that were never ours": (
        lambda sent: {**sent, "items": {"newsletter:email": "x"}}, {}, 409, "wording_changed"
    ),
    "words of another topic": (
        lambda sent: {**sent, "items": {"private-sales:email": sent["items"]["newsletter:email"]}}, {}, 409,
        "wording_changed",
    ),
    "nothing chosen": (lambda sent: {**sent, "items": {}}, {}, 422, "nothing_chosen"),
    "no address": (lambda sent: {**sent, "email": "no address"}, {}, 422, "invalid_address"),
    "address with NUL": (lambda sent: {**sent, "email": "nul\x00@example.com"}, {}, 422, "invalid_address"),
    "address far too long": (lambda sent: {**sent, "email": "a" * 2_000 + "@x.org"}, {}, 422, "validation_error"),
    "unknown language": (lambda sent: sent, {"lang": "tlh"}, 422, "unknown_language"),
    "no language": (lambda sent: sent, {"lang": ""}, 422, "unknown_language"),
    "fields of wrong types": (lambda sent: {**sent, "email": 7, "items": []}, {}, 422, "validation_error"),
    "a list for a body": (lambda sent: [sent], {}, 422, "validation_error"),
    "malformed JSON": (lambda sent: sent, {"raw": b'{"email": '}, 400, "malformed_json"),
    "JSON in another encoding": (lambda sent: sent, {"raw": b"\xff\xfe{}"}, 400, "malformed_json"),
    "deeply nested JSON": (lambda sent: sent, {"raw": b"[" * 20_000}, 400, "malformed_json"),
    "wrong content type": (lambda sent: sent, {"content_type": "text/plain"}, 415, "unsupported_media_type"),
    "a form for a body": (
        lambda sent: sent, {"content_type": "application/x-www-form-urlencoded"}, 415, "unsupported_media_type"
    ),
    "body too large": (lambda sent: {**sent, "email": "a" * 70_000}, {}, 413, "body_too_large"),
}  # fmt: skip


def without(sent, name):
    return {key: value for key, value in sent.items() if key != name}


def encode(value):
    return base64.b64encode(json.dumps(value).encode()).decode()


def post(client, sent, how, brand="camille"):
    """Post what a test says, as it says."""
    origin = how.get("origin", SITE)
    return client.post(
        f"/embed/{brand}/subscribe?lang={how.get('lang', 'en')}", data=how.get("raw") or json.dumps(sent),
        content_type=how.get("content_type", "application/json"), headers={"Origin": origin} if origin else {},
    )  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_refused_is_told_with_a_code_and_nothing_is_stored_or_mailed(client, rows, case):
    spoil, how, status, code = REFUSED[case]
    sent = spoil(embedding.body(client, ANA))
    before = rows()
    answer = post(client, sent, how)
    embedding.tell(case, answer)
    assert (answer.status_code, answer.json["code"], answer.json["status"]) == (status, code, status)
    assert answer.mimetype == "application/problem+json"
    assert ANA not in answer.text
    assert answer.json["title"]
    assert rows() == before
    readable = "Access-Control-Allow-Origin" in answer.headers
    assert readable is (code != "origin_not_allowed")


DETAILS = {
    "malformed JSON": "Send one JSON object in UTF-8.",
    "fields of wrong types": "Missing, too long or of a wrong kind: email, items.",
    "address far too long": "Missing, too long or of a wrong kind: email.",
    "a list for a body": "The body must be one JSON object, as the element sends it.",
}


@pytest.mark.parametrize("case", DETAILS)
def test_developers_are_told_what_to_mend(client, case):
    spoil, how, _status, _code = REFUSED[case]
    assert post(client, spoil(embedding.body(client, ANA)), how).json["detail"] == DETAILS[case]


def test_other_methods_and_brands_come_with_a_detail_too(client):
    assert "POST" in client.get("/embed/camille/subscribe").json["detail"]
    assert "slug" in client.get("/embed/nobody/form").json["detail"]


def test_the_table_goes_red_where_a_guard_is_gone(client, rows, monkeypatch):
    monkeypatch.setattr("app.http.cors.is_listed", lambda brand: True)
    before = rows()
    assert post(client, embedding.body(client, ANA), {"origin": EVIL}).status_code == 202
    assert rows() != before


def test_the_trap_answers_as_always_and_keeps_nothing(client, rows):
    sent, before = {**embedding.body(client, ANA), "website": "spam"}, rows()
    answer = embedding.send(client, sent)
    embedding.tell("trap filled in", answer)
    assert answer.json == {"status": "check_your_mail"}
    assert rows() == before


def test_a_form_that_comes_back_at_once_is_asked_to_come_again(env, tmp_path, rows):
    slow = embedding.with_settings(env, tmp_path, minimum_form_seconds=2)
    client = create_app(slow.settings, slow).test_client()
    with time_machine.travel("2026-03-03T10:00:00Z", tick=False) as clock:
        sent, before = embedding.body(client, ANA), rows()
        clock.shift(1)
        early = embedding.send(client, sent)
        embedding.tell("too fast", early)
        assert (early.status_code, early.json["code"]) == (422, "too_soon")
        assert rows() == before
        clock.shift(2)
        assert embedding.send(client, sent).status_code == 202, "the same token and proof pass a moment later"


def test_a_token_and_a_proof_grow_old(client, rows):
    with time_machine.travel("2026-03-03T10:00:00Z", tick=False) as clock:
        sent, before = embedding.body(client, ANA), rows()
        clock.shift(challenges.LASTS.total_seconds() + 1)
        old_proof = embedding.send(client, sent)
        clock.shift(12 * 3600)
        old_token = embedding.send(client, sent)
        embedding.tell("expired proof", old_proof)
        embedding.tell("expired token", old_token)
        assert [old_proof.json["code"], old_token.json["code"]] == ["proof_refused", "stale_form"]
        assert rows() == before


@pytest.mark.parametrize(("part", "code"), [("token", "stale_form"), ("proof", "proof_refused")])
def test_what_was_made_for_another_brand_does_not_pass(client, rows, group, part, code):
    other = embedding.ask(client, "folie-douze", group.brands["folie-douze"].origins[0])
    sent, before = {**embedding.body(client, ANA), part: other[part]}, rows()
    answer = embedding.send(client, sent)
    embedding.tell(f"{part} of another brand", answer)
    assert (answer.status_code, answer.json["code"]) == (422, code)
    assert rows() == before


def test_form_tokens_are_good_for_forms_only(client, env):
    sent = {**embedding.body(client, ANA), "token": env.signer.sign(Purpose.CENTRE_FORM, "camille")}
    assert embedding.send(client, sent).json["code"] == "stale_form"


def test_a_mistake_in_the_form_costs_no_proof(client):
    sent = embedding.body(client, ANA)
    assert embedding.send(client, {**sent, "email": "ana"}).json["code"] == "invalid_address"
    assert embedding.send(client, sent).status_code == 202


def test_errors_are_told_in_the_language_of_the_form(client, group):
    origin = group.brands["maison-brume"].origins[0]
    for lang in ("en", "fr"):
        sent = embedding.body(client, "ana", brand="maison-brume", lang=lang, origin=origin)
        answer = embedding.send(client, sent, "maison-brume", lang, origin)
        shown = embedding.definition(client, "maison-brume", lang, origin=origin)["words"]["invalid_address"]
        assert (answer.json["field"], answer.json["title"]) == ("email", shown)


def test_a_test_form_checks_everything_and_keeps_nothing(client, rows):
    sent = {**embedding.body(client, ANA), "test": True}
    before = rows()
    assert embedding.send(client, {**sent, "email": "ana"}).json["code"] == "invalid_address"
    assert embedding.send(client, {**sent, "proof": ""}).json["code"] == "proof_refused"
    assert embedding.send(client, sent).json == {"status": "test"}
    assert rows() == before
