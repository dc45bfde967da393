"""Periodic work of the courier."""

from __future__ import annotations

import pytest
import structlog

from app.courier import tasks
from app.factory import create_app
from app.services import checkpoints
from tests import journeys
from tests.services import ledgers


@pytest.fixture
def placed(committing_env):
    """Give an environment with one line in the feed. The feed only takes what no running transaction could precede."""
    client = create_app(committing_env.settings, committing_env).test_client()
    journeys.subscribe(client, committing_env, "ana@example.com")
    ledgers.place(committing_env)
    return committing_env


def test_a_checkpoint_is_taken_once_for_what_is_new(placed):
    env = placed
    tasks.take_checkpoint(env)
    tasks.take_checkpoint(env)
    assert len((env.settings.instance_path / checkpoints.FILE).read_text().splitlines()) == 1


def test_a_forged_checkpoint_is_told_loudly(placed):
    env = placed
    tasks.take_checkpoint(env)
    file = env.settings.instance_path / checkpoints.FILE
    file.write_text(file.read_text().replace('"position": 1', '"position": 2').replace('"position":1', '"position":2'))
    with structlog.testing.capture_logs() as logged:
        tasks.take_checkpoint(env)
    assert [line["event"] for line in logged] == ["ledger_tampered_with"]


def test_purging_twice_is_as_good_as_once(env):
    tasks.purge(env)
    tasks.purge(env)
