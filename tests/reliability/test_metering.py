"""What workers counted is written down when they are told to stop."""

from __future__ import annotations

import http.client
import json

import pytest

from app.kit import clock
from app.services import access_tokens, oauth, usage
from tests import api

ASKED = 7


@pytest.fixture
def house(install):
    with install(workers=2) as parley:
        yield parley


def ask(house, token):
    """Ask for a decision, through a new connection so that any worker may take it."""
    connection = http.client.HTTPConnection("127.0.0.1", house.port, timeout=30)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection.request("POST", "/api/v1/decisions", json.dumps({"subject": api.ANA, **api.NEWSLETTER}), headers)
    status = connection.getresponse().status
    connection.close()
    return status


def token(env):
    """Issue an access token."""
    with env.database.transaction() as session:
        client = oauth.authenticate(session, *oauth.create(session, "A shop", ["consents:read"], ["camille"]))
    return access_tokens.issue(env, client, "consents:read")


def written(env):
    """Count the requests that are written down."""
    with env.database.transaction() as session:
        return sum(row.requests for row in usage.since(session, clock.now().date()))


def test_nothing_is_lost_when_a_server_is_told_to_stop(house):
    server = house.start("serve")
    house.await_ready(server)
    bearer = token(house.environment)
    assert [ask(house, bearer) for _ in range(ASKED)] == [200] * ASKED
    server.stop()
    assert written(house.environment) == ASKED
