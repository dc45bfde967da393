"""`POST /api/v1/decisions`, to the letter of the contract."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
import time_machine
from joserfc import jwt
from joserfc.jwk import ECKey

from app.services import access_tokens, signing_keys
from app.services.oauth import Client
from tests import api, journeys

KEYS = ["allowed", "reason", "status", "since", "frequency", "expires_at", "legal_basis", "evaluated_at"]


@pytest.fixture
def headers(client, env):
    """Give the header of a client of Camille."""
    return api.bearer(client, env)


def code(answer):
    """Give status and code of a problem, and check its form."""
    assert answer.mimetype == "application/problem+json"
    assert answer.json["status"] == answer.status_code
    assert answer.json["type"].endswith(f"#{answer.json['code']}")
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.status_code, answer.json["code"]


def test_somebody_unknown_is_an_answer(client, headers):
    answer = api.decide(client, headers)
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert list(json.loads(answer.text)) == KEYS
    assert (answer.json["allowed"], answer.json["reason"]) == (False, "unknown_subject")
    assert [answer.json[key] for key in KEYS[2:7]] == [None] * 5
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_answer_follows_the_persons_acts(app, client, env, headers):
    person = app.test_client()
    journeys.sign_up(person, api.ANA["email"])
    asked = api.decide(client, headers).json
    assert (asked["allowed"], asked["reason"], asked["status"], asked["since"]) == (False, "pending", "pending", None)
    before = datetime.now(UTC)
    person.post(journeys.confirmation_path(env, api.ANA["email"]))
    granted = api.decide(client, headers).json
    assert (granted["allowed"], granted["reason"], granted["status"]) == (True, "granted", "granted")
    assert granted["legal_basis"] == "consent"
    assert granted["since"].endswith("Z")
    assert before <= datetime.fromisoformat(granted["since"]) <= datetime.fromisoformat(granted["evaluated_at"])
    assert api.decide(client, headers, topic="new-collection").json["reason"] == "never_asked"


@pytest.mark.parametrize(
    "subject",
    [
        {"phone": "+33123456789"},
        {"account_id": "019ab3f0-5f4e-7c11-9d43-2f1a5b6c7d8e"},
        {"external_id": {"system": "shop", "id": "4711"}},
    ],
)
def test_every_form_of_subject_is_taken(client, headers, subject):
    assert api.decide(client, headers, subject).json["reason"] == "unknown_subject"


def test_purposes_stand_for_topic_and_channel(client, headers):
    answer = api.decide(client, headers, topic=None, channel=None, purpose="personalisation")
    assert (answer.status_code, answer.json["reason"]) == (200, "unknown_subject")


@pytest.mark.parametrize(
    "changes",
    [
        {"brand": "nobody"}, {"topic": "nothing"}, {"channel": "pigeon"}, {"channel": "post"},
        {"topic": None, "channel": None, "purpose": "nothing"}, {"brand": "a\0b"}, {"topic": "ü" * 100},
    ],
)  # fmt: skip
def test_an_unknown_item_is_told_whoever_it_is_about(app, client, env, headers, changes):
    journeys.subscribe(app.test_client(), env, api.ANA["email"])
    known = api.decide(client, headers, **changes)
    unknown = api.decide(client, headers, {"email": "nobody@example.com"}, **changes)
    assert code(known) == code(unknown) == (422, "unknown_item")
    assert known.text == unknown.text


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"channel": "pigeon"}, "camille has no topic “newsletter” on pigeon. It has: email."),
        ({"topic": "letters"}, "camille has no topic “letters”. It has: "),
        ({"topic": None, "channel": None, "purpose": "x"}, "The group has no purpose “x”. It has: "),
    ],
)
def test_an_unknown_item_comes_with_what_there_is(client, env, headers, changes, detail):
    answer = api.decide(client, headers, **changes)
    assert answer.json["detail"].startswith(detail)
    listed = answer.json["detail"].removesuffix(".").split("It has: ")[1].split(", ")
    camille = env.group.brands["camille"]
    there = {
        "channel": {"email"},
        "topic": {topic.key for topic in camille.topics if not topic.retired},
        "purpose": {purpose.key for purpose in env.group.purposes if not purpose.retired},
    }
    assert set(listed) == there["purpose" if "purpose" in changes else next(iter(changes))]


def test_another_brand_is_forbidden_whoever_it_is_about(app, client, env, headers):
    answer = api.decide(client, headers, brand="folie-douze", topic="anything")
    assert code(answer) == (403, "brand_forbidden")


def test_a_client_without_brands_sees_none(client, env):
    token = access_tokens.issue(env, Client("c", "c", ("consents:read",), ()), "consents:read")
    assert code(api.decide(client, {"Authorization": f"Bearer {token}"})) == (403, "brand_forbidden")


@pytest.mark.parametrize(
    "subject",
    [
        {"email": "no address"}, {"email": "a@b"}, {"email": "x" * 5000 + "@example.com"},
        {"email": "a\0b@example.com"},
        {"email": ""}, {"email": 5}, {"email": None}, {"phone": "12345"}, {"phone": "+000"}, {"account_id": "x"},
        {"external_id": "x"}, {"external_id": {"system": "", "id": "x"}},
        {"email": "a@example.com", "phone": "+33123456789"},
        {"name": "Ana"}, {"a": 1}, [], "ana@example.com",
    ],
)  # fmt: skip
def test_a_subject_that_is_none_is_refused_without_repeating_it(client, headers, subject):
    answer = api.decide(client, headers, subject) if subject else api.decide(client, headers, subject=[1])
    assert code(answer) == (422, "invalid_subject")
    assert "no address" not in answer.text
    assert "ana@example.com" not in answer.text


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"brand": None}, "/brand"), ({"channel": None}, "/channel"), ({"topic": 7}, "/topic"),
        ({"more": 1}, "/more"), ({"brand": "x" * 101}, "/brand"),
    ],
)  # fmt: skip
def test_a_body_that_does_not_fit_names_the_place(client, headers, changes, pointer):
    answer = api.decide(client, headers, **changes)
    assert code(answer) == (422, "validation_error")
    assert pointer in [place["pointer"] for place in answer.json["errors"]]


@pytest.mark.parametrize(
    "changes", [{"purpose": "personalisation"}, {"topic": None, "channel": None}, {"topic": None, "purpose": "x"}]
)
def test_a_question_is_about_a_topic_or_a_purpose(client, headers, changes):
    answer = api.decide(client, headers, **changes)
    assert code(answer) == (422, "validation_error")
    assert answer.json["errors"] == [{"pointer": "", "detail": "Give either topic and channel, or purpose."}]


@pytest.mark.parametrize(
    ("body", "media_type", "expected"),
    [
        (b"{", "application/json", (400, "malformed_json")),
        (b"", "application/json", (400, "malformed_json")),
        (b'{"brand": "\xff"}', "application/json", (400, "malformed_json")),
        (b'{"brand": "\\ud800"}', "application/json", (400, "malformed_json")),
        (b"[" * 60_000, "application/json", (400, "malformed_json")),
        (b"[]", "application/json", (422, "validation_error")),
        (b"null", "application/json", (422, "validation_error")),
        (b"{}", "text/plain", (415, "unsupported_media_type")),
        (b"{}", None, (415, "unsupported_media_type")),
        (b" " * 70_000, "application/json", (413, "body_too_large")),
    ],
)
def test_malformed_bodies_are_told_apart(client, headers, body, media_type, expected):
    answer = client.post("/api/v1/decisions", data=body, headers=headers, content_type=media_type)
    assert code(answer) == expected


def test_methods_and_paths_that_are_none(client, headers):
    refused = client.get("/api/v1/decisions", headers=headers)
    assert code(refused) == (405, "method_not_allowed")
    assert "POST" in refused.headers["Allow"]
    assert code(client.get("/api/v2/decisions")) == (404, "not_found")
    assert code(client.post("/api/nothing")) == (404, "not_found")


@pytest.mark.parametrize("path", ["/api", "/api/"])
def test_the_bare_address_leads_to_the_docs(client, path):
    answer = client.get(path)
    assert (answer.status_code, answer.location) == (302, "/api/docs")


def sign(env, key=None, header=None, **changes):
    """Sign a token that is good but for what is given."""
    key = key or signing_keys.signing_key(env)
    now = int(datetime.now(UTC).timestamp())
    origin = env.settings.origin
    claims = {"iss": origin, "aud": f"{origin}/api", "sub": "c", "client_id": "c", "iat": now, "exp": now + 60,
              "jti": "1", "scope": "consents:read", "brands": ["camille"], **changes}  # fmt: skip
    claims = {name: value for name, value in claims.items() if value is not None}
    header = {"alg": "ES256", "typ": "at+jwt", "kid": signing_keys.signing_key(env).kid, **(header or {})}
    return jwt.encode(header, claims, key, algorithms=["ES256", "HS256", "none"])


def test_the_forger_of_the_next_test_could_sign_a_good_token(client, env):
    headers = {"Authorization": f"Bearer {sign(env)}"}
    assert api.decide(client, headers).status_code == 200


def forgeries(env):
    """Make tokens that must all be refused."""
    public = signing_keys.signing_key(env)
    own = ECKey.generate_key("P-256")
    yield "other key", sign(env, own)
    yield "own key in jwk", sign(env, own, {"jwk": own.as_dict(private=False)})
    yield "own key by jku", sign(env, own, {"jku": "https://evil.example/keys"})
    yield "own key by x5u", sign(env, own, {"x5u": "https://evil.example/key"})
    yield "own kid", sign(env, own, {"kid": "mine", "jwk": own.as_dict(private=False)})
    good = sign(env)
    yield "public key as secret", signed_with_public_key(good, public.as_pem(private=False))
    yield "no signature", good.rsplit(".", 1)[0] + "."
    yield "none", access_none(good)
    yield "expired", sign(env, exp=int(datetime.now(UTC).timestamp()))
    yield "for something else", sign(env, aud="https://elsewhere.example/api")
    yield "from someone else", sign(env, iss="https://elsewhere.example")
    yield "an id token", sign(env, header={"typ": "JWT"})
    yield "without exp", sign(env, exp=None)
    yield "without scope", sign(env, scope=None)
    yield "brands as text", sign(env, brands="camille")
    yield from (("rubbish", text) for text in ("", "x", "a.b.c", "...", "é", "A" * 9_000, "W1tb" * 900 + ".e30.x"))


def signed_with_public_key(good, public):
    """Sign with HS256 and what everybody knows; joserfc itself would refuse to."""
    header = {**header_of(good), "alg": "HS256"}
    text = f"{packed(json.dumps(header).encode())}.{good.split('.')[1]}"
    return f"{text}.{packed(hmac.digest(public, text.encode(), 'sha256'))}"


def header_of(token):
    """Read the header of a token."""
    return json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))


def packed(octets):
    """Write bytes as tokens do."""
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def access_none(good):
    """Say in the header of a good token that none signed it."""
    unsigned = packed(json.dumps({**header_of(good), "alg": "none"}).encode())
    return f"{unsigned}.{good.split('.')[1]}."


def test_forged_expired_and_foreign_tokens_are_refused(client, env):
    for name, token in forgeries(env):
        answer = api.decide(client, {"Authorization": f"Bearer {token}".encode().decode("latin-1")})
        assert code(answer) == (401, "invalid_token"), name
        assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"], name


def test_without_a_token_no_error_code_is_told(client):
    for headers in ({}, {"Authorization": "Basic YTpi"}):
        answer = api.decide(client, headers)
        assert code(answer) == (401, "missing_token")
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="parley"'


def test_a_token_without_the_scope_is_refused(client, env):
    headers = {"Authorization": f"Bearer {sign(env, scope='links:write')}"}
    answer = api.decide(client, headers)
    assert code(answer) == (403, "insufficient_scope")
    assert 'scope="consents:read"' in answer.headers["WWW-Authenticate"]


def test_a_remembered_token_dies_on_time(client, env):
    with time_machine.travel(datetime.now(UTC), tick=False) as clock:
        headers = api.bearer(client, env)
        assert api.decide(client, headers).status_code == 200
        clock.shift(timedelta(seconds=599))
        assert api.decide(client, headers).status_code == 200
        clock.shift(timedelta(seconds=1))
        assert code(api.decide(client, headers)) == (401, "invalid_token")


def test_a_database_that_is_away_is_503_and_never_an_old_answer(client, env, headers, monkeypatch):
    assert api.decide(client, headers).status_code == 200

    def away(*_):
        raise psycopg.OperationalError("away")

    monkeypatch.setattr(type(env.database), "read", away)
    assert code(answer := api.decide(client, headers)) == (503, "unavailable")
    assert answer.headers["Retry-After"]


def test_no_address_and_no_token_is_logged(client, headers, capfd, caplog):
    api.decide(client, headers)
    api.decide(client, headers, {"email": "somebody@"})
    api.decide(client, headers, brand="folie-douze")
    written = "".join(capfd.readouterr()) + caplog.text
    assert "status=403" in written
    assert not [each for each in ("ana@", "somebody@", headers["Authorization"].split()[1]) if each in written]


@pytest.mark.parametrize("path", ["/api/v1/decisions", "/api/v1/consents/lookup"])
@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "TRACE", "QUERY", "INVENTED"])
def test_every_other_method_is_405_and_says_which_there_are(client, headers, path, method):
    answer = client.open(path, method=method, headers=headers)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "OPTIONS, POST")
    assert answer.mimetype == "application/problem+json"
    assert client.options(path).headers["Allow"] == "OPTIONS, POST"
