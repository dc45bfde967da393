"""The erasure journal: what was intended is done, whenever a courier is killed; and no backup brings anybody back."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest

from app.courier import erasures
from app.flows import erase
from app.models import (
    ConsentEvent,
)
from app.services import erasure_journal
from app.services.erasure_journal import State
from tests import journeys
from tests.erasing import (
    ANA,
    BEA,
    NEW,
    ask,
    counts,
    join,
    move,
    owner,
    verify,
)
from tests.services.conftest import variables


@pytest.fixture
def env(committing_env):
    return committing_env


def test_the_journal_names_account_and_digests_before_and_done_after(env):
    account = join(env, ANA)
    ask(env, account)
    erasures.run(env)
    lines = [json.loads(line) for line in (env.settings.instance_path / erasure_journal.FILE).read_text().splitlines()]
    assert [(line["account"], line["state"]) for line in lines] == [(str(account), "intended"), (str(account), "done")]
    assert lines[0]["digests"] == [journeys.digest(env, ANA).hex()]
    assert ANA not in str(lines)


def test_a_crash_before_the_transaction_is_finished_by_the_next_run(env, monkeypatch):
    account = join(env, ANA)
    ask(env, account)
    with monkeypatch.context() as patch:
        patch.setattr(erasures.erase, "carry_out", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            erasures.run(env)
    assert erasure_journal.unfinished(env.settings) == [account]
    assert owner(env, ANA) == account
    assert erasures.run(env) == 1
    assert (erasure_journal.unfinished(env.settings), owner(env, ANA)) == ([], None)


KILLED = """
import os, signal
from app.commands.composing import composed
from app.courier import erasures
{where} = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
with composed() as environment:
    erasures.run(environment)
"""


@pytest.mark.parametrize(
    ("where", "is_gone"), [("erasures.erase.carry_out", False), ("erasures.erasure_journal.conclude", True)],
    ids=["before the commit", "after it"],
)  # fmt: skip
def test_a_courier_that_is_killed_leaves_it_to_the_next(env, database_urls, tmp_path, where, is_gone):
    account = join(env, ANA)
    ask(env, account)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED.format(where=where)], env=variables(env, database_urls, tmp_path), check=False
    )
    assert killed.returncode == -signal.SIGKILL
    assert erasure_journal.unfinished(env.settings) == [account]
    assert (owner(env, ANA) is None) is is_gone
    assert erasures.run(env) == int(not is_gone)
    assert (erasure_journal.unfinished(env.settings), owner(env, ANA)) == ([], None)
    assert counts(env, ConsentEvent) == [2], "nobody is erased twice"
    assert verify(env) == []


def test_a_crash_half_way_leaves_all_as_it_was(env, monkeypatch):
    account = join(env, ANA)
    ask(env, account)
    with monkeypatch.context() as patch:
        patch.setattr("app.services.erasure._forget_addresses", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            erasures.run(env)
    assert journeys.decision(env, ANA) == "granted"
    assert verify(env) == []
    assert erasures.run(env) == 1


def test_one_that_fails_holds_up_no_other(env, monkeypatch):
    accounts = [join(env, email) for email in (ANA, BEA)]
    for account in accounts:
        ask(env, account)
    carry_out, tried = erasures.erase.carry_out, []

    def fail_at_first(session, request_id):
        tried.append(request_id)
        return carry_out(session, request_id) if len(tried) > 1 else 1 / 0

    monkeypatch.setattr(erasures.erase, "carry_out", fail_at_first)
    with pytest.raises(ZeroDivisionError):
        erasures.run(env)
    assert (owner(env, ANA), owner(env, BEA)) == (accounts[0], None)


def test_a_crash_after_the_commit_is_noted_as_done_by_the_next_run(env, monkeypatch):
    account = join(env, ANA)
    ask(env, account)
    with monkeypatch.context() as patch:
        patch.setattr(erasure_journal, "conclude", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            erasures.run(env)
    assert (erasure_journal.unfinished(env.settings), owner(env, ANA)) == ([account], None)
    assert erasures.run(env) == 0
    assert erasure_journal.unfinished(env.settings) == []
    assert counts(env, ConsentEvent) == [2], "nobody is erased twice"


def test_an_address_that_came_after_a_crash_is_in_the_journal_too(env, monkeypatch):
    account = join(env, ANA)
    ask(env, account)
    with monkeypatch.context() as patch:
        patch.setattr(erasures.erase, "carry_out", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            erasures.run(env)
    move(env, account, NEW)
    assert erasures.run(env) == 1
    assert set(erasure_journal.erased_addresses(env.settings)) == {journeys.digest(env, each) for each in (ANA, NEW)}
    assert erasure_journal.unfinished(env.settings) == []


def test_where_the_journal_can_not_be_written_nobody_is_erased(env):
    accounts = [join(env, email) for email in (ANA, BEA)]
    for account in accounts:
        ask(env, account)
    path = env.settings.instance_path / erasure_journal.FILE
    path.mkdir()
    with pytest.raises(IsADirectoryError):
        erasures.run(env)
    assert [owner(env, email) for email in (ANA, BEA)] == accounts
    path.rmdir()
    assert erasures.run(env) == 2


def test_what_is_taken_back_after_a_crash_stays_and_the_intent_is_void(env):
    account = join(env, ANA)
    ask(env, account)
    erasure_journal.intend(env.settings, account, [])
    env.database.write(lambda session: erase.stop(session, account))
    assert erasures.run(env) == 0
    assert owner(env, ANA) == account
    assert (erasure_journal.unfinished(env.settings), erasure_journal.erased(env.settings)) == ([], {})


def test_a_line_that_a_power_loss_tore_is_as_good_as_none(env):
    account = join(env, ANA)
    erasure_journal.intend(env.settings, account, [b"1"])
    path = env.settings.instance_path / erasure_journal.FILE
    path.write_text(path.read_text() + '{"account": "0')
    assert erasure_journal.unfinished(env.settings) == [account]
    erasure_journal.conclude(env.settings, account, State.DONE)
    assert erasure_journal.unfinished(env.settings) == []


def test_the_journal_erases_again_whom_a_backup_brought_back(env):
    account = join(env, ANA)
    erasure_journal.intend(env.settings, account, [])
    erasure_journal.conclude(env.settings, account, State.DONE)
    assert erasures.replay(env) == 1
    assert owner(env, ANA) is None
    assert erasures.replay(env) == 0
    assert verify(env) == []
