"""`GET /api/v1/receipts/{id}`: the record of a consent, plain and signed, to the brands it is about."""

from __future__ import annotations

import io
import json
import re
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from app.api import receipts
from app.models import Account
from app.services import access_tokens, record_documents
from app.services.access_tokens import InvalidAccessToken
from app.services.folding import Action
from tests import api, centres, journeys, records

ANA = api.ANA["email"]
LETTERS = "camille:newsletter:email"
DOCS = Path(__file__).parents[2] / "docs" / "records.md"
SIGNED = {"Accept": "application/jose"}


@pytest.fixture
def headers(client, env):
    """Give the header of a client of Camille."""
    return api.bearer(client, env)


@pytest.fixture
def receipt(app, client, env, headers):
    """Give the path of the record that a look-up names."""
    journeys.subscribe(app.test_client(), env, ANA)
    return "/api/v1/receipts/" + api.look_up(client, headers).json["consents"][0]["receipt_id"]


def published(client):
    return KeySet.import_key_set(client.get("/oauth/jwks.json").json)


def test_the_receipt_of_a_look_up_is_the_record(client, env, headers, receipt):
    answer = client.get(receipt, headers=headers)
    assert (answer.status_code, answer.mimetype) == (200, "application/ld+json")
    assert answer.headers["Cache-Control"] == "no-store"
    found = json.loads(answer.data)
    assert records.faults(found) == []
    assert found == records.document(env, ANA, 1)
    assert found["@id"] == env.settings.origin + receipt
    assert ANA not in answer.text


def test_the_schema_it_names_is_served(client, headers, receipt):
    named = json.loads(client.get(receipt, headers=headers).data)["dct:conformsTo"][0]
    with client.get(urlsplit(named).path) as answer:
        assert (answer.status_code, answer.mimetype) == (200, "application/json")
        assert json.loads(answer.data) == records.SCHEMA


def test_signed_it_is_verified_by_the_published_keys(client, env, headers, receipt):
    answer = client.get(receipt, headers={**headers, **SIGNED})
    assert (answer.status_code, answer.mimetype) == (200, "application/jose")
    assert answer.headers["Cache-Control"] == "no-store"
    verified = jws.deserialize_compact(answer.text, published(client), algorithms=["ES256"])
    assert verified.headers()["typ"] == "consent-record+jws"
    assert verified.headers()["cty"] == "ld+json"
    assert json.loads(verified.payload) == records.document(env, ANA, 1)


@pytest.mark.parametrize("part", [0, 1, 2])
def test_what_was_tampered_with_does_not_verify(client, headers, receipt, part):
    parts = client.get(receipt, headers={**headers, **SIGNED}).text.split(".")
    parts[part] = parts[part][:40] + ("A" if parts[part][40] != "A" else "B") + parts[part][41:]
    with pytest.raises((JoseError, ValueError)):
        jws.deserialize_compact(".".join(parts), published(client), algorithms=["ES256"])


def test_a_signed_record_is_no_access_token(client, env, headers, receipt):
    assert record_documents.TYPE not in access_tokens.TOKEN_TYPES
    with pytest.raises(InvalidAccessToken):
        access_tokens.verify(env, client.get(receipt, headers={**headers, **SIGNED}).text)


@pytest.mark.parametrize(
    "accept", ["*/*", "application/json", "application/ld+json, application/jose;q=0.5", "text/html"]
)
def test_plain_is_what_others_get(client, headers, receipt, accept):
    assert client.get(receipt, headers={**headers, "Accept": accept}).mimetype == "application/ld+json"


def test_an_older_line_gives_the_record_as_it_stood(client, env, headers, receipt):
    before = client.get(receipt, headers=headers).data
    centres.record(env, ANA, LETTERS, Action.WITHDRAWN)
    assert client.get(receipt, headers=headers).data == before
    newest = api.look_up(client, headers).json["consents"][0]["receipt_id"]
    now = json.loads(client.get(f"/api/v1/receipts/{newest}", headers=headers).data)
    assert now["dpv:hasConsentStatus"]["@type"] == "dpv:ConsentWithdrawn"
    assert len(now["dct:hasPart"]) == 3


@pytest.mark.parametrize("name", [
    "nothing", "1", f"{uuid.UUID(int=1)}.1", f"{uuid.UUID(int=1)}", f"{uuid.UUID(int=1)}.{'9' * 40}", "%00.1", "..",
])  # fmt: skip
def test_what_is_not_there_is_not_found(client, headers, name):
    answer = client.get(f"/api/v1/receipts/{name}", headers=headers)
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


def test_a_client_gets_records_of_its_brands_and_of_the_group_only(client, env, receipt):
    with env.database.transaction() as session:
        purpose = next(item for item in centres.group_items(session) if item.key == "personalisation")
    centres.record(env, ANA, purpose, Action.GRANTED)
    foreign = api.bearer(client, env, "folie-douze")
    assert client.get(receipt, headers=foreign).status_code == 404
    assert client.get(receipt.removesuffix(".1") + ".2", headers=foreign).status_code == 200


def test_an_erased_account_has_none(client, env, headers, receipt, session):
    session.get(Account, records.account_of(env, ANA)).status = "erased"
    session.flush()
    assert client.get(receipt, headers=headers).status_code == 404


def test_a_token_with_the_scope_is_needed(client, env, receipt):
    assert client.get(receipt).status_code == 401
    auth = api.credentials(env, scopes=("links:write",))
    token = api.ask_token(client, auth).json["access_token"]
    assert client.get(receipt, headers={"Authorization": f"Bearer {token}"}).status_code == 403


def test_head_has_no_body_and_other_methods_are_told(client, headers, receipt):
    answer = client.head(receipt, headers=headers)
    assert (answer.status_code, answer.data) == (200, b"")
    assert client.post(receipt, headers=headers).headers["Allow"] == "GET, HEAD, OPTIONS"
    assert client.options(receipt).status_code == 204


def test_the_document_describes_it(client):
    described = client.get("/openapi.json").json
    answer = described["paths"]["/api/v1/receipts/{receipt_id}"]["get"]["responses"]["200"]
    assert list(answer["content"]) == ["application/ld+json", "application/jose"]
    assert described["components"]["schemas"]["ConsentRecord"] == receipts.schema()


def test_what_the_docs_say_about_verifying_works(app, client, env, headers, tmp_path, monkeypatch):
    browser = app.test_client()
    token = journeys.form_token(browser.get("/camille/?lang=zh-Hans").text)
    browser.post("/camille/?lang=zh-Hans", data={"email": ANA, "items": "newsletter:email", "csrf_token": token})
    browser.post(journeys.confirmation_path(env, ANA))
    receipt = "/api/v1/receipts/" + api.look_up(client, headers).json["consents"][0]["receipt_id"]
    (tmp_path / "record.jose").write_text(client.get(receipt, headers={**headers, **SIGNED}).text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("urllib.request.urlopen", lambda _url: io.BytesIO(client.get("/oauth/jwks.json").data))
    said = {}
    for code in re.findall(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL):
        exec(code, said)
    assert said["language"] == "zh_Hans"
    assert said["record"] == records.document(env, ANA, 1)
