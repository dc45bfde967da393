"""`POST /api/v1/decisions/batch`: the same answers as one by one, in the order asked."""

from __future__ import annotations

import json

import pytest

from app.kit.digests import Digester
from tests import api, journeys

KEYS = ["subject", "allowed", "reason", "since", "frequency"]


@pytest.fixture
def headers(client, env):
    return api.bearer(client, env, "camille", "folie-douze")


def ask(client, headers, subjects, accept="application/json", **changes):
    body = {"brand": "camille", "topic": "newsletter", "channel": "email", "subjects": subjects, **changes}
    body = {key: value for key, value in body.items() if value is not None}
    return client.post("/api/v1/decisions/batch", json=body, headers={**headers, "Accept": accept})


@pytest.fixture
def people(app, env):
    """Give people in every state: joined, left, asked, stopped, unknown."""
    names = {name: f"{name}@example.com" for name in ("joined", "left", "asked", "stopped", "unknown")}
    for name in ("joined", "left", "stopped"):
        journeys.subscribe(app.test_client(), env, names[name])
    stranger = app.test_client()
    journeys.sign_up(stranger, names["asked"])
    stranger.post(journeys.unsubscribe_path(env, names["left"]))
    stranger.post(journeys.never_path(env, names["stopped"]))
    return names


def test_every_answer_is_that_of_a_single_question(client, env, headers, people):
    questions = [
        {"topic": "newsletter", "channel": "email"}, {"topic": "private-sales", "channel": "sms"},
        {"topic": "new-collection", "channel": "post"}, {"topic": None, "channel": None, "purpose": "analytics"},
        {"brand": "folie-douze", "topic": "drops", "channel": "push"},
    ]  # fmt: skip
    for question in questions:
        results = ask(client, headers, list(people.values()), **question).json["results"]
        single = [api.decide(client, headers, {"email": email}, **question).json for email in people.values()]
        assert [list(each) for each in results] == [KEYS] * len(people)
        assert [(each["allowed"], each["reason"], each["since"], each["frequency"]) for each in results] == [
            (each["allowed"], each["reason"], each["since"], each["frequency"]) for each in single
        ]
    newsletter = [each["reason"] for each in ask(client, headers, list(people.values())).json["results"]]
    assert newsletter == ["granted", "withdrawn", "pending", "suppressed", "unknown_subject"]


def test_order_and_duplicates_are_kept_and_what_is_no_address_is_said_to_be_none(client, headers, people):
    asked = [people["left"], "nobody", people["joined"], people["left"], "", " Joined@Example.com ", "+33", "x" * 5_000]
    results = ask(client, headers, asked).json["results"]
    assert [each["subject"] for each in results] == asked
    reasons = [each["reason"] for each in results]
    assert reasons == ["withdrawn", "invalid_subject", "granted", "withdrawn", "invalid_subject", "granted",
                       "invalid_subject", "invalid_subject"]  # fmt: skip


def test_one_result_a_line_for_whoever_wants_lines(client, headers, people):
    answer = ask(client, headers, list(people.values()), accept="application/x-ndjson")
    assert answer.mimetype == "application/x-ndjson"
    assert answer.headers["Cache-Control"] == "no-store"
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert lines == ask(client, headers, list(people.values())).json["results"]


def test_an_address_under_an_older_key_is_found_with_what_stands_on_it(client, headers, people, monkeypatch):
    newer = Digester(("a key of another day",))
    monkeypatch.setattr(Digester, "probes", lambda self, address: [newer.newest(address), self.newest(address)])
    reasons = [each["reason"] for each in ask(client, headers, list(people.values())).json["results"]]
    assert reasons == ["granted", "withdrawn", "pending", "suppressed", "unknown_subject"]


@pytest.mark.parametrize(("changes", "status", "code"), [
    ({"brand": "ostra"}, 403, "brand_forbidden"), ({"brand": "nobody"}, 422, "unknown_item"),
    ({"topic": "nothing"}, 422, "unknown_item"), ({"channel": "pigeon"}, 422, "unknown_item"),
    ({"purpose": "analytics"}, 422, "validation_error"), ({"subjects": "ana@example.com"}, 422, "validation_error"),
    ({"subjects": ["x"] * 10_001}, 422, "validation_error"), ({"subjects": [7]}, 422, "validation_error"),
    ({"more": 1}, 422, "validation_error"), ({"subjects": ["y" * 5_000_000]}, 413, "body_too_large"),
])  # fmt: skip
def test_questions_that_make_no_sense(client, headers, changes, status, code):
    answer = ask(client, headers, **{"subjects": ["ana@example.com"], **changes})
    assert (answer.status_code, answer.json["code"]) == (status, code)


def test_ten_thousand_at_once(client, headers, people):
    asked = [*people.values(), *(f"p{number}@example.com" for number in range(9_995))]
    results = ask(client, headers, asked).json["results"]
    assert len(results) == 10_000
    assert {each["reason"] for each in results[5:]} == {"unknown_subject"}
