"""What all operations of the API have in common, whoever wrote them."""

from __future__ import annotations

import ast
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine

from app.api.operations import OPERATIONS
from app.api.problems import KINDS
from tests import operations
from tests.operations import NAMES, call, named

ROOT = Path(__file__).parents[2]
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "INVENTED")
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
PECULIAR = "peculiar.person@example.com"


def problem(answer):
    """Give status and code of a problem, and check what all of them have."""
    assert answer.mimetype == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Request-Id"]
    assert KINDS[answer.json["code"]].status == answer.status_code == answer.json["status"]
    return answer.status_code, answer.json["code"]


def test_without_a_token_it_is_401(client):
    for operation in OPERATIONS:
        answer = call(client, operation, {})
        assert problem(answer) == (401, "missing_token"), operation.name
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="parley"'
        assert "RateLimit" not in answer.headers


def test_without_its_scope_it_is_403_and_counts(client, env):
    for operation in OPERATIONS:
        auth = operations.bearer(env, without=operation.scope, quota=10, client_id=operation.name)
        answer = call(client, operation, auth)
        assert problem(answer) == (403, "insufficient_scope"), operation.name
        assert f'scope="{operation.scope}"' in answer.headers["WWW-Authenticate"]
        assert answer.headers["RateLimit-Policy"] == '"requests";q=10;w=60'
        assert answer.headers["RateLimit"].startswith('"requests";r=9;t=')


@pytest.mark.parametrize("name", NAMES)
def test_whatever_it_answers_is_described_and_carries_the_headers(client, env, name):
    operation = named(name)
    answer = call(client, operation, operations.bearer(env, quota=10))
    assert answer.status_code in {operation.success, *operation.more_successes, *operation.failures}
    assert answer.status_code < 500
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Request-Id"]
    assert re.fullmatch(r'"requests";r=\d;t=\d+', answer.headers["RateLimit"])


def test_above_the_quota_it_is_429(client, env):
    with time_machine.travel(NOON, tick=False):
        auth = operations.bearer(env, quota=1)
        call(client, OPERATIONS[0], auth)
        for operation in OPERATIONS:
            answer = call(client, operation, auth)
            assert problem(answer) == (429, "too_many_requests"), operation.name
            assert answer.headers["Retry-After"] == "60"


def test_a_brand_of_others_is_403(client, env):
    auth = operations.bearer(env, brands=("folie-douze",))
    for operation in (each for each in OPERATIONS if "brand" in (operations.example(each) or ())):
        assert problem(call(client, operation, auth)) == (403, "brand_forbidden"), operation.name


def test_every_other_method_is_405_and_says_which_there_are(client, env):
    auth = operations.bearer(env)
    for path in dict.fromkeys(operation.path for operation in OPERATIONS):
        there = [operation for operation in OPERATIONS if operation.path == path]
        served = {operation.method for operation in there}
        allowed = sorted({*served, "OPTIONS", *({"HEAD"} if "GET" in served else ())})
        for method in set(METHODS) - set(allowed):
            answer = client.open(operations.path(there[0]), method=method, headers=auth)
            assert (answer.status_code, answer.headers["Allow"]) == (405, ", ".join(allowed)), f"{method} {path}"
            assert method == "HEAD" or problem(answer) == (405, "method_not_allowed")
        assert client.options(operations.path(there[0])).headers["Allow"] == ", ".join(allowed)


def test_no_address_and_no_token_is_logged(client, env, capfd, caplog):
    auth = operations.bearer(env)
    for operation in OPERATIONS:
        body = json.dumps({**(operations.example(operation) or {}), "subject": {"email": PECULIAR}, "more": PECULIAR})
        for where in (operations.path(operation), operations.path(operation, PECULIAR)):
            sent = {"data": body, "content_type": "application/json"} if operation.takes_body else {"data": None}
            call(client, operation, {**auth, "Idempotency-Key": PECULIAR}, path=f"{where}?email={PECULIAR}", **sent)
            call(client, operation, {}, path=f"{where}?after={PECULIAR}", **sent)
    written = "".join(capfd.readouterr()) + caplog.text
    assert "status=401" in written
    assert PECULIAR not in written
    assert auth["Authorization"].split()[1] not in written


def test_no_address_is_asked_for_in_a_url(client):
    for path, methods in client.get("/openapi.json").json["paths"].items():
        for method in methods.values():
            names = {parameter["name"] for parameter in method.get("parameters", ()) if parameter["in"] != "header"}
            assert not names & {"email", "phone", "address", "subject"}, path


def refusals():
    """List the codes that the API's own code refuses with."""
    for file in sorted((ROOT / "app/api").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Refused" and node.args:
                yield from (each.value for each in ast.walk(node.args[0]) if isinstance(each, ast.Constant))


def test_every_code_that_is_answered_is_a_kind_of_problem():
    assert set(refusals()) <= set(KINDS)
    assert "too_many_requests" in set(refusals()), "the search finds"


def test_the_guide_says_what_every_status_means():
    guide = (ROOT / "docs/api.md").read_text()
    table = guide.split("## Errors")[1].split("\n## ")[0]
    told = {int(status) for row in re.findall(r"^\| ([\d, ]+) \|", table, re.MULTILINE) for status in row.split(",")}
    assert told == {int(kind.status) for kind in KINDS.values()}
