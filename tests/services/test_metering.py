"""Counts are written down beside the requests, and by `parley clients usage` read again."""

from __future__ import annotations

import json

import psycopg
import pytest

from app.api import metering
from app.kit import clock
from app.services import access_tokens, oauth, usage
from tests.reliability.installation import await_true


def count(env, client_id="parley_client_shop", requests=1):
    """Count requests as the API does."""
    usage.counter(env).add(client_id, "decide", requests, requests, 0)


def written(env):
    """Sum up the requests that are written down."""
    with env.database.transaction() as session:
        return sum(row.requests for row in usage.since(session, clock.now().date()))


@pytest.fixture
def metered(committing_env):
    is_over = metering.start(committing_env, 0.05)
    yield committing_env
    is_over.set()


def test_counts_are_written_every_while(metered):
    for expected in (3, 7):
        count(metered, requests=expected - written(metered))
        assert await_true(lambda wanted=expected: written(metered) == wanted, 10, 0.05)


def test_the_thread_outlives_a_database_that_is_away(metered, monkeypatch, capfd):
    def away(*_):
        raise psycopg.OperationalError("away")

    with monkeypatch.context() as patched:
        patched.setattr(type(metered.database), "write", away)
        count(metered)
        assert await_true(lambda: "usage_not_written" in "".join(capfd.readouterr()), 10, 0.05)
    assert await_true(lambda: written(metered) == 1, 10, 0.05)


def test_an_operator_sees_who_used_what(parley, committing_env):
    made = parley("clients", "create", "A shop", "--scope", "consents:read", "--brand", "camille", "--quota", "5")
    client_id = json.loads(made.output)["client_id"]
    count(committing_env, client_id, 1_234)
    count(committing_env, "parley_client_gone")
    usage.write_down(committing_env)
    shown = parley("clients", "usage").output.splitlines()
    assert [line.split() for line in shown[1:]] == [
        [str(clock.now().date()), "1,234", "1,234", "0", "decide", client_id, "A", "shop"],
        [str(clock.now().date()), "1", "1", "0", "decide", "parley_client_gone"],
    ]  # fmt: skip
    assert len(parley("clients", "usage", "--client", client_id).output.splitlines()) == 2
    assert len(parley("clients", "usage", "--since", "2999-01-01").output.splitlines()) == 1


def test_a_quota_is_set_and_taken_back(parley, committing_env):
    made = json.loads(parley("clients", "create", "Shop", "--scope", "consents:read", "--brand", "camille").output)

    def quota():
        with committing_env.database.transaction() as session:
            client = oauth.authenticate(session, made["client_id"], made["client_secret"])
        token = access_tokens.issue(committing_env, client, "consents:read")
        return access_tokens.verify(committing_env, token).quota

    usual = committing_env.settings.client_quota
    assert quota() == usual
    assert "1,000 requests a minute" in parley("clients", "quota", made["client_id"], "1000").output
    assert quota() == 1_000
    assert parley("clients", "quota", made["client_id"]).exit_code == 0
    assert quota() == usual
    assert parley("clients", "quota", "nobody", "5").exit_code == 1
    assert parley("clients", "quota", made["client_id"], "0").exit_code == 2
