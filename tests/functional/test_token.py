"""Tokens for services, as a stranger asks for them."""

from __future__ import annotations

import base64

import psycopg
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from app.services import oauth
from tests import api


def test_a_token_says_what_rfc_9068_asks_for(client, env):
    auth = api.credentials(env, ["consents:read", "links:write"])
    answer = api.ask_token(client, auth)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json["token_type"] == "Bearer"
    assert answer.json["expires_in"] == 600
    keys = KeySet.import_key_set(client.get("/oauth/jwks.json").json)
    token = jwt.decode(answer.json["access_token"], keys, algorithms=["ES256"])
    assert token.header["typ"] == "at+jwt"
    claims = token.claims
    origin = env.settings.origin
    assert (claims["iss"], claims["aud"], claims["sub"], claims["client_id"]) == (
        origin,
        f"{origin}/api",
        auth[0],
        auth[0],
    )
    assert claims["exp"] - claims["iat"] == 600
    assert claims["scope"] == "consents:read links:write"
    assert claims["brands"] == ["camille"]
    assert claims["jti"]


def test_the_published_keys_hold_nothing_private(client, env):
    api.ask_token(client, api.credentials(env))
    (key,) = client.get("/oauth/jwks.json").json["keys"]
    assert "d" not in key
    assert (key["kty"], key["crv"], key["alg"], key["use"]) == ("EC", "P-256", "ES256", "sig")


def test_less_may_be_asked_for_than_allowed_but_not_more(client, env):
    auth = api.credentials(env, ["consents:read", "links:write"])
    assert api.ask_token(client, auth, scope="links:write").json["scope"] == "links:write"
    refused = api.ask_token(client, auth, scope="links:write consents:write")
    assert (refused.status_code, refused.json["error"]) == (400, "invalid_scope")


def test_whatever_is_wrong_with_the_credentials_the_answer_is_the_same(client, env):
    client_id, secret = api.credentials(env)
    wrong = [
        (client_id, secret + "x"), (client_id, ""), ("parley_client_unknown", secret), ("a\0b", "c"), ("ä", "ö"),
        (client_id.upper(), secret),
    ]  # fmt: skip
    answers = [api.ask_token(client, auth) for auth in wrong]
    answers.append(api.ask_token(client, None))
    answers.append(api.ask_token(client, None, client_id=client_id, client_secret=secret))
    assert {(answer.status_code, answer.text) for answer in answers} == {(401, answers[0].text)}
    assert answers[0].json == {
        "error": "invalid_client",
        "error_description": "Send client id and secret with HTTP Basic; one of them is missing or wrong.",
    }
    assert all(answer.headers["WWW-Authenticate"].startswith("Basic") for answer in answers)


@pytest.mark.parametrize(
    "header", ["Basic", "Basic ?", "Basic \xff", "Basic " + base64.b64encode(b"\xff:\xff").decode(), "Bearer x"]
)
def test_headers_that_are_none_are_refused(client, header):
    answer = client.post("/oauth/token", data={"grant_type": "client_credentials"}, headers={"Authorization": header})
    assert answer.status_code == 401


def test_a_revoked_client_gets_no_token(client, env, session):
    auth = api.credentials(env)
    oauth.revoke(session, auth[0])
    session.commit()
    assert api.ask_token(client, auth).status_code == 401


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("", "invalid_request"),
        ("grant_type=password", "unsupported_grant_type"),
        ("grant_type=client_credentials&scope=a&scope=b", "invalid_request"),
        ('{"grant_type": "client_credentials"}', "invalid_request"),
    ],
)
def test_forms_that_make_no_sense_are_told_apart(client, env, body, error):
    answer = client.post(
        "/oauth/token", data=body, auth=api.credentials(env), content_type="application/x-www-form-urlencoded"
    )
    assert (answer.status_code, answer.json["error"]) == (400, error)
    assert answer.headers["Cache-Control"] == "no-store"


def test_parameters_in_the_address_are_not_read(client, env):
    answer = client.post("/oauth/token?grant_type=client_credentials", auth=api.credentials(env))
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


def test_other_methods_and_huge_bodies_are_refused_in_oauths_own_terms(client):
    refused = client.get("/oauth/token")
    assert (refused.status_code, refused.json["error"]) == (405, "invalid_request")
    assert "POST" in refused.headers["Allow"]
    huge = client.post("/oauth/token", data={"grant_type": "x" * 70_000})
    assert (huge.status_code, huge.json["error"]) == (413, "invalid_request")


def test_a_database_that_is_away_is_503(client, env, monkeypatch):
    def away(*_):
        raise psycopg.OperationalError("away")

    monkeypatch.setattr(oauth, "authenticate", away)
    answer = api.ask_token(client, ("a", "b"))
    assert (answer.status_code, answer.json["error"]) == (503, "temporarily_unavailable")
    assert answer.headers["Retry-After"]


def test_guessing_secrets_is_slowed_down_and_success_is_not(client, env):
    auth = api.credentials(env)
    assert all(api.ask_token(client, auth).status_code == 200 for _ in range(70))
    answers = [api.ask_token(client, (auth[0], "guess")) for _ in range(70)]
    assert {answer.status_code for answer in answers} == {401, 429}
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60


def test_the_metadata_tells_only_what_is_there(client, env):
    told = client.get("/.well-known/oauth-authorization-server").json
    origin = env.settings.origin
    assert told["issuer"] == origin
    assert told["token_endpoint"] == f"{origin}/oauth/token"
    assert told["scopes_supported"] == list(oauth.SCOPES)
    assert told["token_endpoint_auth_methods_supported"] == ["client_secret_basic"]
    for name in ("jwks_uri", "service_documentation"):
        assert client.get(told[name].removeprefix(origin)).status_code == 200
