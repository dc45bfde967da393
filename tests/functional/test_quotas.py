"""What a client may ask in a minute, what it is told about that, and what is counted for the operator."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
import time_machine
from limits.errors import StorageError

from app.http.extensions import limiter
from app.services import access_tokens, usage
from app.services.oauth import Client
from tests import api

NOON = datetime(2026, 11, 30, 12, 0, 20, tzinfo=UTC)


@pytest.fixture
def clock():
    """Let it be twenty seconds past twelve, until it is moved."""
    with time_machine.travel(NOON, tick=False) as moved:
        yield moved


def bearer(env, quota=3, client_id="parley_client_shop", scope="consents:read"):
    """Give the header of a client with a quota of its own."""
    client = Client(client_id, "A shop", ("consents:read", "links:write"), ("camille",), quota)
    return {"Authorization": f"Bearer {access_tokens.issue(env, client, scope)}"}


def told(answer):
    """Read what is left and for how many seconds from a structured field."""
    found = re.fullmatch(r'"requests";r=(\d+);t=(\d+)', answer.headers["RateLimit"])
    return tuple(map(int, found.groups()))


def ask_about(client, headers, number):
    """Ask about many at once."""
    body = {**api.NEWSLETTER, "subjects": [f"n{each}@example.com" for each in range(number)]}
    return client.post("/api/v1/decisions/batch", json=body, headers=headers)


def test_every_answer_tells_what_is_left(client, env, clock):
    headers = bearer(env)
    first = api.decide(client, headers)
    assert first.headers["RateLimit-Policy"] == '"requests";q=3;w=60'
    assert told(first) == (2, 40)
    clock.shift(timedelta(seconds=39.5))
    wrong = client.post("/api/v1/decisions", data="{", headers=headers)
    assert (wrong.status_code, told(wrong)) == (415, (1, 1))


def test_above_the_quota_it_is_429_until_the_next_minute(client, env, clock):
    headers, other = bearer(env), bearer(env, client_id="parley_client_other")
    assert [api.decide(client, headers).status_code for _ in range(3)] == [200] * 3
    refused = api.decide(client, headers)
    assert (refused.status_code, refused.json["code"]) == (429, "too_many_requests")
    assert (refused.headers["Retry-After"], told(refused)) == ("40", (0, 40))
    assert api.decide(client, other).status_code == 200, "another client has its own"
    clock.shift(timedelta(seconds=40))
    assert told(api.decide(client, headers)) == (2, 60)


def test_a_request_without_the_scope_counts(client, env, clock):
    headers = bearer(env, scope="links:write")
    refused = [api.decide(client, headers) for _ in range(4)]
    assert [each.status_code for each in refused] == [403, 403, 403, 429]
    assert told(refused[0]) == (2, 40)


def test_without_a_token_nothing_is_told(client):
    assert "RateLimit" not in api.decide(client, {}).headers


@pytest.mark.parametrize(("entries", "left"), [(0, 4), (1, 4), (100, 4), (101, 3), (401, 0)])
def test_a_list_counts_as_one_request_for_each_hundred_begun(client, env, clock, entries, left):
    answer = ask_about(client, bearer(env, quota=5), entries)
    assert (answer.status_code, told(answer)) == (200, (left, 40))


def test_a_list_for_more_than_is_left_is_refused_and_none_is_too_long_for_a_whole_minute(client, env, clock):
    headers = bearer(env, quota=5)
    assert ask_about(client, headers, 1_000).status_code == 200, "which would count as ten"
    assert ask_about(client, headers, 1).status_code == 429
    clock.shift(timedelta(minutes=1))
    api.decide(client, headers)
    assert ask_about(client, headers, 401).status_code == 429


def test_who_has_no_quota_has_that_of_the_settings(client, env, clock):
    headers = api.bearer(client, env)
    quota = env.settings.client_quota
    assert api.decide(client, headers).headers["RateLimit-Policy"] == f'"requests";q={quota};w=60'


class Away:
    """A storage that can't be reached."""

    base_exceptions = StorageError

    def incr(self, *_):
        raise StorageError(OSError("away"))


class Shared:
    """A storage as Redis is one: counts by key, for all workers."""

    base_exceptions = StorageError

    def __init__(self):
        self.counts = {}

    def incr(self, key, _expiry, amount=1):
        self.counts[key] = self.counts.get(key, 0) + amount
        return self.counts[key]


def test_answers_go_on_while_redis_is_away(client, env, monkeypatch):
    monkeypatch.setattr(limiter, "_storage", Away())
    answers = [api.decide(client, bearer(env, quota=1)) for _ in range(2)]
    assert [(each.status_code, "RateLimit" in each.headers) for each in answers] == [(200, False)] * 2


def test_counts_may_be_shared(client, env, clock, monkeypatch):
    monkeypatch.setattr(limiter, "_storage", Shared())
    headers = bearer(env, quota=2)
    assert [api.decide(client, headers).status_code for _ in range(3)] == [200, 200, 429]


def counted(session, day):
    """List what was written down since a day."""
    session.expire_all()
    return [(row.day, row.operation, row.requests, row.units, row.refused) for row in usage.since(session, day)]


def test_usage_is_written_later_by_client_day_and_operation(client, env, session, clock):
    today, tomorrow = NOON.date(), NOON.date() + timedelta(days=1)
    for _ in range(4):
        api.decide(client, bearer(env))
    assert counted(session, today) == [], "no request writes"
    assert (usage.write_down(env), usage.write_down(env)) == (1, 0)
    clock.shift(timedelta(hours=12))
    ask_about(client, bearer(env), 201)
    api.decide(client, bearer(env))
    usage.write_down(env)
    api.decide(client, bearer(env))
    usage.write_down(env)
    afterwards = [(tomorrow, "decide", 2, 2, 2), (tomorrow, "decide_all", 1, 3, 0)]
    assert counted(session, today) == [(today, "decide", 4, 4, 1), *afterwards]
    assert counted(session, tomorrow) == afterwards
    assert usage.since(session, today, "parley_client_other") == []


def test_what_could_not_be_written_is_written_the_next_time(client, env, session, monkeypatch):
    api.decide(client, bearer(env))

    def away(*_):
        raise psycopg.OperationalError("away")

    with monkeypatch.context() as patched:
        patched.setattr(type(env.database), "write", away)
        with pytest.raises(psycopg.OperationalError):
            usage.write_down(env)
    api.decide(client, bearer(env))
    usage.write_down(env)
    assert [row.requests for row in usage.since(session, NOON.date() - timedelta(days=1000))] == [2]


def test_old_counts_are_forgotten(client, env, session, clock):
    api.decide(client, bearer(env))
    usage.write_down(env)
    clock.shift(usage.KEPT)
    assert usage.purge(session) == 0
    clock.shift(timedelta(days=1))
    assert usage.purge(session) == 1
