"""The mirror of docs/examples is equal to what Parley holds, page by page, and after a restore."""

from __future__ import annotations

import importlib.util
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import select

from app.factory import create_app
from app.flows import erase
from app.kit import clock
from app.models import Consent
from app.services.items import items
from tests import api, journeys, restoring
from tests.erasing import owner
from tests.services import ledgers
from tests.serving import serving

EXAMPLE = Path(__file__).parents[2] / "docs/examples/mirror.py"
ANA, BEA = "ana@example.com", "bea@example.com"


@pytest.fixture
def example(monkeypatch):
    """Give the example, reading one event a page, so that a few are enough."""
    spec = importlib.util.spec_from_file_location("mirror", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "MOST", 1)
    return module


@pytest.fixture
def mirror(example):
    """Give an empty mirror."""
    mirror = sqlite3.connect(":memory:")
    mirror.executescript(example.TABLES)
    yield mirror
    mirror.close()


def held(env):
    """Read what Parley holds, as the mirror has it."""
    with env.database.transaction() as session:
        registry = items(session)
        rows = session.scalars(select(Consent)).all()
    found = [(registry.get(row.item_id), row) for row in rows]
    return sorted(
        (str(row.account_id), item.brand or "", item.kind, item.key, item.channel or "", row.status)
        for item, row in found
    )


def kept(mirror):
    return sorted(mirror.execute("SELECT account_id, brand, kind, key, channel, status FROM consent"))


def test_the_mirror_is_equal_also_after_a_restore(committing_env, example, mirror, database_urls):
    app = create_app(committing_env.settings, committing_env)
    people = [app.test_client() for _ in range(2)]
    for client, email in zip(people, (ANA, BEA), strict=True):
        journeys.subscribe(client, committing_env, email)
    ledgers.place(committing_env)
    client_id, secret = api.credentials(committing_env, ("events:read",), list(committing_env.group.brands))
    with serving(app) as origin:
        token = example.new_token(origin, {"client_id": client_id, "client_secret": secret})["access_token"]
        steps = 1
        while example.step(origin, token, mirror):
            steps += 1
        assert (steps, kept(mirror)) == (2, held(committing_env))
        journeys.press(people[0], set="camille:newsletter:email=off")
        journeys.press(people[1], set="luxe:analytics:purpose=off")
        ledgers.place(committing_env)
        while example.step(origin, token, mirror):
            pass
        assert kept(mirror) == held(committing_env)
        rows = len(kept(mirror))
        committing_env.database.write(lambda session: erase.repeat(session, owner(committing_env, BEA), clock.now()))
        ledgers.place(committing_env)
        while example.step(origin, token, mirror):
            pass
        assert len(kept(mirror)) < rows
        assert kept(mirror) == held(committing_env)
        mirror.execute("UPDATE consent SET status = 'what came after the backup'")
        with restoring.another_epoch(database_urls):
            assert example.step(origin, token, mirror)
            assert kept(mirror) == []
            while example.step(origin, token, mirror):
                pass
            assert kept(mirror) == held(committing_env)
