"""What the centre of all houses costs: statements that do not grow with the items, and few bytes."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from app.services import standing
from tests import centres, journeys
from tests.post import new_address

SHEET = Path(__file__).parents[2] / "app" / "static" / "css" / "parley.css"


@pytest.fixture
def email():
    return new_address()


def statements(client, monkeypatch):
    client.get("/luxe/preferences")
    with centres.counted(monkeypatch) as counter:
        client.get("/luxe/preferences")
    return len(counter.asked)


def test_the_page_asks_the_database_as_often_for_thirty_items_as_for_one(client, app, env, email, monkeypatch):
    journeys.subscribe(client, env, email)
    few = statements(client, monkeypatch)
    other = app.test_client()
    assert centres.join_everything(other, env, new_address()) >= 28
    assert statements(other, monkeypatch) == few <= 12


def test_the_count_goes_red_on_a_question_for_each_item(client, app, env, email, monkeypatch):
    def one_by_one(session, person, wanted, brands):
        return {item.id: standing._effective(session, person, item, brands) for item in wanted}

    monkeypatch.setattr(standing, "_judge", one_by_one)
    journeys.subscribe(client, env, email)
    few = statements(client, monkeypatch)
    centres.join_everything(client, env, email)
    assert statements(client, monkeypatch) > few + 20


def test_the_page_is_light(client, env, email):
    centres.join_everything(client, env, email)
    page, theme = client.get("/luxe/preferences").data, client.get("/brand/luxe/theme.css").data
    assert page.count(b'role="switch"') >= 30
    assert sum(len(gzip.compress(each, 6)) for each in (page, theme, SHEET.read_bytes())) < 60_000
