"""Everything that makes no sense, at every operation that takes a body: a clear answer, always one the document names.

`pytest -s` prints the table of answers.
"""

from __future__ import annotations

import json
import sys
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest

from app.api.operation import Operation
from app.api.operations import OPERATIONS
from app.api.problems import KINDS
from app.services import oauth
from tests import api, operations
from tests.functional.test_decisions_api import forgeries
from tests.operations import call, example, named

JSON = "application/json"
MEGABYTE = 1024 * 1024
NAMES = [each.name for each in OPERATIONS if each.request]
FILES = [each.name for each in OPERATIONS if each.bodies]
SECRET = "peculiar"
"""Stands in all that is sent, and must not come back."""


def bodies(operation: Operation) -> Iterator[tuple[str, bytes]]:
    """Make bodies that are none, each with its name."""
    good = example(operation) or {}
    yield "10 MB", b'{"%s": "%s"}' % (SECRET.encode(), b"x" * (10 * MEGABYTE))
    yield "100,000 subjects", dump({**good, "subjects": ["ana@example.com"] * 100_000})
    yield "10,001 subjects", dump({**good, "subjects": ["a@example.com"] * 10_001})
    yield "empty", b""
    yield "half", dump(good)[:-2]
    yield "two", dump(good) * 2
    yield "byte order mark", b"\xef\xbb\xbf" + dump(good)
    yield "UTF-16", json.dumps(good).encode("utf-16")
    yield "no UTF-8", b'{"brand": "\xff%s"}' % SECRET.encode()
    yield "lone surrogate", b'{"brand": "\\ud800%s"}' % SECRET.encode()
    yield "raw NUL", dump(good).replace(b"{", b"{\0", 1)
    yield "NaN", b'{"brand": NaN}'
    yield "deep lists", b"[" * 30_000
    yield "deep objects", b'{"brand":' * 5_000 + b"1" + b"}" * 5_000
    yield "a very long number", b'{"brand": 1%s}' % (b"0" * 60_000)
    for name, value in (("list", [good]), ("null", None), ("text", SECRET), ("number", 7)):
        yield f"a {name} for a body", dump(value)
    yield "one key more", dump({**good, SECRET: 1})
    yield "4,000 keys more", dump({**good, **{f"k{each}": 1 for each in range(4_000)}})
    for key, value in good.items():
        yield "a list in a list", dump({**good, key: [[SECRET]]})
        if isinstance(value, str):
            yield "NUL in a text", dump({**good, key: f"{SECRET}\0"})
            yield "a text of 60,000 letters", dump({**good, key: SECRET * 7_500})
            yield "a number for a text", dump({**good, key: 7})


def dump(value: Any) -> bytes:
    """Write JSON."""
    return json.dumps(value).encode()


def judge(answer: Any) -> str:
    """Give status and code of a refusal; fail where it is none, or repeats what was sent."""
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.mimetype == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert KINDS[answer.json["code"]].status == answer.status_code
    assert len(answer.data) < 10_000
    told = answer.text.replace(f"/{SECRET}", "")  # a pointer names the key that is too much
    assert SECRET not in told or "There is no" in told or "has no" in told, "the names of a house may be repeated"
    return f"{answer.status_code} {answer.json['code']}"


def show(table: dict[str, dict[str, list[str]]]) -> None:
    """Print what was answered: by input, then by answer, with the operations that gave it."""
    lines = ["", "What is sent -> what is answered"]
    for sent, answers in table.items():
        found = ", ".join(f"{each} ({len(where)})" for each, where in sorted(answers.items()))
        lines.append(f"  {sent:<26} {found}")
    sys.stdout.write("\n".join([*lines, ""]))


def test_bad_bodies_get_clear_answers_everywhere(client, env):
    auth = operations.bearer(env)
    table: dict[str, dict[str, list[str]]] = {}
    for operation in map(named, NAMES):
        for sent, body in bodies(operation):
            answer = call(client, operation, auth, data=body, content_type=JSON)
            try:
                told = judge(answer)
            except (AssertionError, KeyError) as fault:
                pytest.fail(f"{operation.name}: {sent}: {answer.status_code} {fault}")
            assert answer.status_code in operation.failures
            table.setdefault(sent, {}).setdefault(told, []).append(operation.name)
    show(table)
    assert set(table["10 MB"]) == {"413 body_too_large"}
    assert set(table["lone surrogate"]) == {"400 malformed_json"}
    assert len(table) >= 25


@pytest.mark.parametrize("content_type", [
    None, "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml",
    "json", "a/b/c", "application/json-seq", "x" * 5_000,
])  # fmt: skip
def test_another_type_of_content_is_415(client, env, content_type):
    auth = operations.bearer(env)
    for name in NAMES + FILES:
        answer = call(client, named(name), auth, data=dump(example(named(name))), content_type=content_type)
        assert judge(answer) == "415 unsupported_media_type", name


def test_wrong_tokens_are_401_everywhere(client, env):
    forged = dict(forgeries(env))
    table = {}
    for operation in OPERATIONS:
        for sent, token in forged.items():
            header = f"Bearer {token}".encode().decode("latin-1")
            answer = call(client, operation, {"Authorization": header})
            table.setdefault(sent, {}).setdefault(judge(answer), []).append(operation.name)
            assert "WWW-Authenticate" in answer.headers
    show(table)
    assert {told for answers in table.values() for told in answers} == {"401 invalid_token"}


@pytest.mark.parametrize("header", [
    "", " ", "Bearer", "Bearer ", "Bearer  ", "Basic YTpi", "bearer\tx", "Token x", "Bearer a b", "Bearer é", ",",
    "Bearer\xa0x",
])  # fmt: skip
def test_odd_headers_of_authorization_are_401(client, header):
    for operation in OPERATIONS:
        told = judge(call(client, operation, {"Authorization": header}))
        assert told in {"401 missing_token", "401 invalid_token"}, operation.name


def test_a_client_that_was_revoked_gets_no_other_token(client, env):
    made = api.credentials(env)
    assert api.ask_token(client, made).status_code == 200
    with env.database.transaction() as session:
        oauth.revoke(session, made[0])
    assert api.ask_token(client, made).status_code == 401


@pytest.mark.parametrize("key", [None, "", "x" * 201, "é", "a\tb"])
def test_an_idempotency_key_that_is_none_is_400(client, env, key):
    for operation in (each for each in OPERATIONS if "Idempotency-Key" in each.headers):
        headers = {**operations.bearer(env), **({} if key is None else {"Idempotency-Key": key})}
        answer = client.open(
            operations.path(operation), method=operation.method, json=example(operation), headers=headers
        )
        assert judge(answer) == "400 missing_idempotency_key", operation.name


@pytest.mark.parametrize(
    "value", ["x", "%00", "%ff", "..", "a" * 5_000, "019ab3f0-5f4e-7c11-9d43-2f1a5b6c7d8e.99", "-1", "é"]
)
def test_a_path_that_leads_nowhere_is_404(client, env, value):
    auth = operations.bearer(env)
    for operation in (each for each in OPERATIONS if each.parameters):
        where = operation.path
        for name in operation.parameters:
            where = where.replace(f"{{{name}}}", value)
        answer = call(client, operation, auth, **sent_with(operation), path=where)
        assert judge(answer).startswith(("404", "405")), operation.name


def sent_with(operation: Operation) -> dict[str, Any]:
    """Give what goes along with an operation."""
    return {"json": example(operation)} if operation.request else {"data": b""}


def test_last_of_keys_that_are_named_twice_counts(client, env):
    """RFC 8259 leaves it open; one parser reads every body, so that nobody can be told two things by one."""
    body = dump({"subject": api.ANA, **api.NEWSLETTER})
    twice = body[:-1] + b', "brand": "folie-douze"}'
    answer = call(client, named("decide"), operations.bearer(env), data=twice, content_type=JSON)
    assert judge(answer) == "403 brand_forbidden"


@pytest.mark.parametrize(("what", "most_megabytes"), [("10 MB", 2), ("4 MB of numbers", 64), ("4 MB of addresses", 64)])
def test_large_bodies_take_little_memory(client, env, what, most_megabytes):
    body = {
        "10 MB": b"x" * (10 * MEGABYTE),
        "4 MB of numbers": dump({**api.NEWSLETTER, "subjects": [1] * 1_300_000}),
        "4 MB of addresses": dump({**api.NEWSLETTER, "subjects": ["a@example.com"] * 240_000}),
    }[what]
    auth = operations.bearer(env)
    tracemalloc.start()
    try:
        answer = call(client, named("decide_all"), auth, data=body, content_type=JSON)
        peak = tracemalloc.get_traced_memory()[1] / MEGABYTE
    finally:
        tracemalloc.stop()
    judge(answer)
    assert peak - len(body) / MEGABYTE < most_megabytes
