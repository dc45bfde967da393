"""What is done for many accounts is done for all of them, also where it fails for one."""

from __future__ import annotations

import uuid
from datetime import timedelta
from functools import partial

import psycopg
import pytest

from app.courier import reconsents, singly, tasks
from app.flows import go_on
from app.kit import clock
from app.services.folding import Action
from app.services.ledger import Entry
from tests.services import ledgers


@pytest.fixture
def logged(monkeypatch):
    """Keep what is logged of failures."""
    said = []
    monkeypatch.setattr(singly.log, "error", lambda event, **more: said.append((event, more)))
    return said


def run_out(env):
    """Make somebody with two things that ran out."""
    account = ledgers.open_account(env)
    over = (clock.now() - timedelta(hours=1)).isoformat()
    ledgers.write(env, account, *(Entry(item, Action.GRANTED, attributes={"expires_at": over}) for item in (1, 2)))
    return account


def failing_for(account_id, act, problem):
    def wrong(session, *, account_id, **more):
        if account_id in poor:
            raise problem
        return act(session, account_id=account_id, **more)

    poor = {account_id}
    return wrong


@pytest.mark.parametrize("batch", [1, 500])
def test_one_whose_consents_cannot_be_ended_holds_up_nobody(committing_env, monkeypatch, logged, batch):
    first, *others = [run_out(committing_env) for _ in range(3)]
    with monkeypatch.context() as patch:
        patch.setattr(go_on, "go_on", failing_for(first, go_on.go_on, ValueError("ana@example.com")))
        assert tasks.end_by_date(committing_env, batch) == 2 * len(others)
    ((event, more),) = logged
    assert (event, more["account"]) == ("not_ended", str(first))
    assert "ana@example.com" not in str(more)
    assert tasks.end_by_date(committing_env, batch) == 2, "the next round does"


def test_a_database_that_is_away_fails_for_everybody(committing_env, monkeypatch):
    account = run_out(committing_env)
    monkeypatch.setattr(go_on, "go_on", failing_for(account, go_on.go_on, psycopg.OperationalError("away")))
    with pytest.raises(psycopg.OperationalError):
        tasks.end_by_date(committing_env)


def test_one_who_cannot_be_asked_anew_holds_up_nobody(env, monkeypatch, logged):
    people = sorted(uuid.uuid4() for _ in range(3))
    monkeypatch.setattr(reconsents.reconsent, "due", lambda _: ["a change"])
    monkeypatch.setattr(reconsents.reconsent, "candidates", lambda _session, _change, last, batch: [
        each for each in people if each > last][:batch])  # fmt: skip
    ask = partial(failing_for, people[0])(lambda _session, **_: True, ValueError("no"))
    monkeypatch.setattr(reconsents.ask_anew, "ask_anew", ask)
    assert reconsents.run(env, batch=1) == 2
    assert [event for event, _ in logged] == ["not_asked_anew"]
