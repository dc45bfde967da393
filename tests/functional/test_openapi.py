"""The OpenAPI document and the page made of it."""

from __future__ import annotations

import json
import re

import pytest

from app.api.event_shapes import ChangeEvent
from app.api.operations import AREAS, OPERATIONS
from app.api.problems import KINDS
from app.api.shapes import DecisionAnswer, FoundConsent, LookupAnswer
from app.services import dpv, oauth
from tests import api, journeys, records


@pytest.fixture
def document(client):
    """Give the document."""
    return client.get("/openapi.json").json


def references(node):
    """List what a document refers to."""
    if isinstance(node, dict):
        yield from ([node["$ref"]] if "$ref" in node else [])
        for each in node.values():
            yield from references(each)
    elif isinstance(node, list):
        for each in node:
            yield from references(each)


def test_every_operation_is_described_and_served(app, document):
    served = {
        (rule.rule, method)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/") and not rule.endpoint.endswith("_otherwise")
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    described = {(path, method.upper()) for path, methods in document["paths"].items() for method in methods}
    assert document["openapi"].startswith("3.1")
    assert served == {(operation.rule, operation.method) for operation in OPERATIONS}
    assert described == {(operation.path, operation.method) for operation in OPERATIONS}


def test_what_a_receiver_of_webhooks_gets_is_described(document):
    call = document["webhooks"]["event"]["post"]
    assert [each["name"] for each in call["parameters"]] == ["webhook-id", "webhook-timestamp", "webhook-signature"]
    [body] = call["requestBody"]["content"].values()
    reference = body["schema"]["$ref"].rpartition("/")[2]
    assert set(document["components"]["schemas"][reference]["properties"]) == set(ChangeEvent.model_fields)


def test_every_failure_is_documented_as_problem_json(document):
    for operation in OPERATIONS:
        responses = document["paths"][operation.path][operation.method.lower()]["responses"]
        assert set(responses) == {
            str(operation.success),
            *map(str, operation.more_successes),
            *map(str, operation.failures),
        }
        for status in map(str, operation.failures):
            assert list(responses[status]["content"]) == ["application/problem+json"]


def test_every_reference_leads_somewhere(document):
    for reference in references(document):
        node = document
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]


def test_the_scheme_tells_where_tokens_come_from(document, env):
    flow = document["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"]
    assert flow == {"tokenUrl": f"{env.settings.origin}/oauth/token", "scopes": oauth.SCOPES}
    assert document["servers"] == [{"url": env.settings.origin}]


def test_a_forged_host_changes_nothing(client, document):
    assert client.get("/openapi.json", headers={"Host": "evil.example"}).json == document


def test_the_examples_are_true_to_the_models():
    decide, lookup, receipt = (
        next(each for each in OPERATIONS if each.name == name) for name in ("decide", "lookup", "receipt")
    )
    for operation in OPERATIONS:
        for asked in operation.asked.values():
            operation.request.model_validate_json(json.dumps(asked))
        if isinstance(operation.answer, type):
            operation.answer.model_validate(operation.answered)
    assert records.faults(receipt.answered) == []
    assert receipt.answered["@context"] == dpv.CONTEXT
    assert set(DecisionAnswer.model_validate(decide.answered).model_dump()) == set(decide.answered)
    assert set(LookupAnswer.model_validate(lookup.answered).consents[0].model_dump()) == set(
        lookup.answered["consents"][0]
    )


def test_the_answers_are_true_to_the_models(app, client, env):
    journeys.subscribe(app.test_client(), env, api.ANA["email"])
    headers = api.bearer(client, env)
    decided, found = api.decide(client, headers).json, api.look_up(client, headers).json
    assert set(DecisionAnswer.model_validate(decided).model_dump()) == set(decided)
    LookupAnswer.model_validate(found)
    assert list(FoundConsent.model_fields) == list(found["consents"][0])


def test_the_page_tells_a_newcomer_everything(client):
    page = client.get("/api/docs")
    assert (page.status_code, page.mimetype) == (200, "text/html")
    for words in (
        "/oauth/token",
        "parley clients create",
        "curl",
        *KINDS,
        *oauth.SCOPES,
        *(each.path for each in OPERATIONS),
    ):
        assert words in page.text
    assert "<script" not in page.text


@pytest.mark.parametrize("slug", AREAS)
def test_each_area_tells_its_operations_on_a_page(client, slug):
    page = client.get(f"/api/docs/{slug}")
    assert (page.status_code, page.mimetype) == (200, "text/html")
    anchors = re.findall(r'id="([^"]+)"', page.text)
    assert {operation.name for operation in AREAS[slug][1]} <= set(anchors)
    assert len(anchors) == len(set(anchors))


def test_there_is_no_page_of_another_area(client):
    assert client.get("/api/docs/nothing").status_code == 404


def test_every_code_has_its_anchor(client):
    anchors = re.findall(r'id="([^"]+)"', client.get("/api/docs").text)
    assert set(KINDS) <= set(anchors)
    assert len(anchors) == len(set(anchors))
