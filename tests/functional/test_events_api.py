"""`GET /api/v1/events`: everything in a fixed order, for the client's brands, from any place on."""

from __future__ import annotations

import pytest

from app.api.event_shapes import EventsAnswer
from app.factory import create_app
from app.services import feed_pages
from app.services.feed_pages import Cursor
from tests import api, journeys, restoring
from tests.services import ledgers

ANA, BEA = "ana@example.com", "bea@example.com"


@pytest.fixture
def client(committing_env):
    return create_app(committing_env.settings, committing_env).test_client()


@pytest.fixture
def lines(client, committing_env):
    """Have two people act with two houses and the group; place what they did."""
    journeys.subscribe(client, committing_env, ANA)
    journeys.press(client, set="camille:newsletter:email=off")
    journeys.press(client, set="luxe:analytics:purpose=off")
    other = create_app(committing_env.settings, committing_env).test_client()
    journeys.subscribe(other, committing_env, BEA, brand="folie-douze")
    ledgers.place(committing_env)


def headers(client, env, *brands):
    return api.bearer(client, env, *brands, scopes=("events:read",))


def read(client, headers, **query):
    return client.get("/api/v1/events", query_string=query, headers=headers)


def everything(client, headers, limit):
    """Page through the feed to its end."""
    found, after, more = [], {}, True
    while more:
        page = read(client, headers, limit=limit, **after).json
        found += page["events"]
        after, more = {"after": page["next"]}, page["has_more"]
    return found, after["after"]


def told(events):
    return [(each["data"]["brand"], each["data"]["key"], each["type"]) for each in events]


CAMILLE = [
    ("camille", "newsletter", "parley.consent.granted"), ("camille", "newsletter", "parley.consent.withdrawn"),
    (None, "analytics", "parley.consent.objected"),
]  # fmt: skip
FOLIE = [("folie-douze", "newsletter", "parley.consent.granted")]


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_a_client_reads_its_brands_and_the_group_in_order_whatever_the_page(client, committing_env, lines, limit):
    camille = headers(client, committing_env, "camille")
    found, end = everything(client, camille, limit)
    assert told(found) == CAMILLE
    assert (
        told(everything(client, headers(client, committing_env, "camille", "folie-douze"), limit)[0]) == CAMILLE + FOLIE
    )
    assert read(client, camille, after=end).json["events"] == []


def test_who_goes_on_from_next_gets_what_came_since_and_nothing_twice(client, committing_env, lines):
    camille = headers(client, committing_env, "camille")
    _, end = everything(client, camille, 100)
    journeys.press(client, set="camille:newsletter:email=on")
    assert read(client, camille, after=end).json["events"] == [], "it has no place yet"
    ledgers.place(committing_env)
    found, later = everything(client, camille, 1)[0], read(client, camille, after=end).json
    assert told(later["events"]) == [("camille", "newsletter", "parley.consent.granted")]
    assert told(found) == CAMILLE + told(later["events"])


def test_an_event_is_a_cloud_event_and_names_nobody(client, committing_env, lines):
    answer = read(client, headers(client, committing_env, "camille"))
    assert EventsAnswer.model_validate(answer.json).events[0].data.occurred_at
    assert set(answer.json["events"][0]) == {
        "specversion", "id", "source", "type", "subject", "time", "datacontenttype", "data",
    }  # fmt: skip
    assert "example.com" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_little_among_much_is_found_over_several_windows(client, committing_env, lines, monkeypatch):
    monkeypatch.setattr(feed_pages, "WINDOW", 1)
    folie = headers(client, committing_env, "folie-douze")
    assert [len(page) for page in [read(client, folie).json["events"]]] == [0]
    assert told(everything(client, folie, 100)[0]) == [CAMILLE[2], *FOLIE]


def test_after_a_restore_an_older_place_is_gone_and_told_where_to_go_on(client, committing_env, lines, database_urls):
    camille = headers(client, committing_env, "camille")
    _, end = everything(client, camille, 100)
    with restoring.another_epoch(database_urls, position=1):
        answer = read(client, camille, after=end)
        assert (answer.status_code, answer.json["code"]) == (410, "cursor_outdated")
        assert told(read(client, camille, after=answer.json["next"]).json["events"]) == CAMILLE[1:]


@pytest.mark.parametrize("query", [
    {"limit": "0"}, {"limit": "1001"}, {"limit": "x"}, {"limit": "-1"}, {"limit": "٣"},
    {"after": "x"}, {"after": ""}, {"after": "é"}, {"after": str(Cursor(99, 1))}, {"after": "A" * 5_000},
])  # fmt: skip
def test_what_makes_no_sense(client, committing_env, query):
    answer = read(client, headers(client, committing_env, "camille"), **query)
    code = "unknown_cursor" if "after" in query else "validation_error"
    assert (answer.status_code, answer.json["code"]) == (422, code)


def test_another_scope_is_not_enough(client, committing_env):
    assert read(client, api.bearer(client, committing_env)).json["code"] == "insufficient_scope"
