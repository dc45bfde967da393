"""`POST /api/v1/links` and `GET /api/v1/catalogue`: what other senders need."""

from __future__ import annotations

import pytest

from app.api.catalogue_shapes import CatalogueAnswer
from tests import api, journeys

ANA = api.ANA["email"]


@pytest.fixture
def headers(client, env):
    return api.bearer(client, env, scopes=("links:write", "consents:read"))


def make(client, headers, subjects, **changes):
    body = {"brand": "camille", "topic": "newsletter", "channel": "email", "subjects": subjects, **changes}
    return client.post("/api/v1/links", json=body, headers=headers)


def test_the_links_leave_by_one_click_and_lead_to_the_centre(app, client, env, headers):
    journeys.subscribe(app.test_client(), env, ANA, ["newsletter:email", "private-sales:email"])
    first, stranger, nobody = make(client, headers, [ANA, "who@example.com", "x"]).json["links"]
    assert (stranger["reason"], stranger["unsubscribe_url"], stranger["manage_url"]) == ("unknown_subject", None, None)
    assert (nobody["subject"], nobody["reason"]) == ("x", "invalid_subject")
    mailer = app.test_client()
    manage = mailer.get(journeys.path(env, first["manage_url"]))
    assert (manage.status_code, ANA in manage.text) == (200, False)
    leave = journeys.path(env, first["unsubscribe_url"])
    assert mailer.get(leave).status_code == 200
    assert journeys.decision(env, ANA) == "granted"
    assert mailer.post(leave, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert journeys.decision(env, ANA) == "withdrawn"
    assert journeys.decision(env, ANA, "private-sales") == "granted", "it leaves the one thing alone"


def test_making_links_stores_nothing_and_gives_the_same_again(app, client, env, headers):
    journeys.subscribe(app.test_client(), env, ANA)
    assert make(client, headers, [ANA] * 2).json == make(client, headers, [ANA] * 2).json


@pytest.mark.parametrize(("changes", "status", "code"), [
    ({"brand": "ostra"}, 403, "brand_forbidden"), ({"topic": "nothing"}, 422, "unknown_item"),
    ({"subjects": ["x"] * 10_001}, 422, "validation_error"), ({"purpose": "analytics"}, 422, "validation_error"),
])  # fmt: skip
def test_what_makes_no_sense(client, headers, changes, status, code):
    answer = make(client, headers, **{"subjects": [ANA], **changes})
    assert (answer.status_code, answer.json["code"]) == (status, code)


def test_the_catalogue_has_what_the_client_may_ask_about(client, env, headers):
    answer = client.get("/api/v1/catalogue", headers=headers)
    found = CatalogueAnswer.model_validate(answer.json)
    assert found.model_dump(mode="json") == answer.json
    assert [brand.slug for brand in found.brands] == ["camille"]
    topics = {topic.key: topic for topic in found.brands[0].topics}
    assert set(topics) == {topic.key for topic in env.group.brands["camille"].topics}
    assert topics["atelier-events"].minimum_age == 18
    assert [purpose.key for purpose in found.group.purposes] == [purpose.key for purpose in env.group.purposes]
    for document in [*found.group.documents, *found.brands[0].documents]:
        assert client.get(journeys.path(env, document.url)).status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
