"""The talk between people and houses, step by step at random, is what a simple model of the domain says it is.

A machine (`tests/talk`) acts on the whole application and on the model, and compares every decision, every consent and
the folded ledger after each step. The normal run is short and always the same; PARLEY_TEST_SCALE=1 gives 500 runs of
50 steps that differ each time.
"""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy.orm import object_session

from app.kit.provenance import SYSTEM as NOBODY
from app.kit.provenance import Provenance, Source
from app.services import (
    accounts,
    batches,
    confirmations,
    consents,
    decisions,
    endings,
    folding,
    ledger,
    opt_in,
    verdicts,
)
from app.services.folding import Action
from app.services.ledger import Entry
from tests import environments
from tests.reliability.figures import SCALE, scaled, tell
from tests.talk import houses, real_lives
from tests.talk.asked_machine import AskedMachine, keeping_to
from tests.talk.lives_machine import LivesMachine
from tests.talk.real_asked import AskingTalk
from tests.talk.real_lives import HOOK_TOKEN, LivesTalk

RUNS, STEPS = (scaled(500), 50) if SCALE >= 1 else (12, 25)


@pytest.fixture
def start(application, database_urls, group, tmp_path_factory, monkeypatch, untraced):
    """Give a way to make machines whose runs each begin on an empty database."""
    monkeypatch.setitem(application.extensions, "parley", None)

    def machine(kind, talks, houses):
        def begin(closing: ExitStack):
            own = environments.settings_for(tmp_path_factory.mktemp("talk"), sms_hook_token=HOOK_TOKEN)
            env = closing.enter_context(environments.rolled_back(own, database_urls.application, houses))
            talk = talks(application, env)
            closing.callback(talk.close)
            return talk

        return type("Machine", (kind,), {"begin": staticmethod(begin), "counted": Counter()})

    return machine


@pytest.fixture
def machine(start, group):
    """Give a machine of what people agree to and houses ask."""
    return start(AskedMachine, AskingTalk, houses.demonstration(group))


@pytest.fixture
def coming_and_going(start, group):
    """Give a machine of who people are: addresses, numbers, accounts, uses of data, being forgotten."""
    return start(LivesMachine, LivesTalk, real_lives.demonstration(group))


def test_the_application_does_what_the_model_does(machine):
    phases = [Phase.generate, Phase.shrink] if SCALE >= 1 else [Phase.generate]
    run_state_machine_as_test(machine, settings=how(RUNS, phases=phases, report_multiple_bugs=False))
    tell("The talk against its model", **machine.counted, divergences=0)


def test_people_come_and_go_as_the_model_says(coming_and_going):
    phases = [Phase.generate, Phase.shrink] if SCALE >= 1 else [Phase.generate]
    run_state_machine_as_test(
        coming_and_going, settings=how(RUNS if SCALE >= 1 else 10, phases=phases, report_multiple_bugs=False)
    )
    tell("People who come and go against their model", **coming_and_going.counted, divergences=0)


def how(runs: int, **more) -> settings:
    """Give the settings of a trial; nothing of it is kept between runs of the tests."""
    return settings(
        max_examples=runs, stateful_step_count=STEPS, derandomize=SCALE < 1, deadline=None, database=None,
        suppress_health_check=list(HealthCheck), **more,
    )  # fmt: skip


def an_old_link_brings_back_who_left(monkeypatch):
    monkeypatch.setattr(opt_in, "cancel", lambda *_: None)
    monkeypatch.setattr(confirmations, "_left_since", lambda *_: False)


def leaving_keeps_the_pause(monkeypatch):
    right = folding._dates

    def wrong(line, before):
        return right(line, before)._replace(paused_until=before.paused_until if line.status else None)

    monkeypatch.setattr(folding, "_dates", wrong)


def a_stop_of_one_house_stops_all(monkeypatch):
    spoil_suppressions(monkeypatch, "(s.brand IS NULL OR s.brand = {brand})", "({brand}::text IS NOT NULL)")


def a_bounce_never_lapses(monkeypatch):
    spoil_suppressions(monkeypatch, "s.lapses_at > {now}", "({now})::text IS NOT NULL")


def spoil_suppressions(monkeypatch, right, wrong):
    """Change what decisions ask about suppressions, one by one and many at once."""
    spoilt = decisions.SUPPRESSED.replace(right, wrong)
    assert spoilt != decisions.SUPPRESSED
    for module in (decisions, verdicts, batches):
        monkeypatch.setattr(module, "SUPPRESSED", spoilt)
        name = "statement" if module is batches else "_statement"
        monkeypatch.setattr(module, name, getattr(module, name).__wrapped__)


FAULTS = [
    (an_old_link_brings_back_who_left, {"sign_up", "press", "leave_by_link", "leave_in_centre"}),
    (leaving_keeps_the_pause, {"pause", "pause_by_link", "leave_by_link", "switch"}),
    (a_stop_of_one_house_stops_all, {"suppress", "enter", "lift_own"}),
    (a_bounce_never_lapses, {"report", "suppress", "time_passes"}),
]
"""Faults, each with rules by which it can show: a search among all of them would take ten times as long."""


def what_was_asked_for_comes_back_with_an_address(monkeypatch):
    monkeypatch.setattr(opt_in, "leave_behind", lambda *_: None)


def a_removed_number_is_agreed_to_still(monkeypatch):
    monkeypatch.setattr(endings, "end", lambda *_: [])


def an_objection_is_lost_on_the_way_to_a_full_account(monkeypatch):
    right = accounts.register

    def wrong(account):
        session = object_session(account)
        held = consents.current(session, account.id)
        lost = [Entry(item_id, Action.INVALIDATED) for item_id, state in held.items() if state.status == "objected"]
        ledger.append(session, account, lost, Provenance(NOBODY, Source.SYSTEM))
        right(account)

    monkeypatch.setattr(accounts, "register", wrong)


def many_at_once_are_not_held_still(monkeypatch):
    right = batches.facts_of

    def wrong(row):
        facts = right(row)
        return replace(facts, account_status="active") if facts.account_status else facts

    monkeypatch.setattr(batches, "facts_of", wrong)


FAULTS_OF_LIVES = [
    (many_at_once_are_not_held_still, {"restrict"}),
    (a_removed_number_is_agreed_to_still, {"switch", "prove", "remove_number"}),
    (what_was_asked_for_comes_back_with_an_address, {"sign_up", "move"}),
    (an_objection_is_lost_on_the_way_to_a_full_account, {"switch", "register"}),
]
PLANTED = [
    *(("machine", *fault) for fault in FAULTS),
    *(("coming_and_going", *fault) for fault in (FAULTS_OF_LIVES if SCALE >= 1 else FAULTS_OF_LIVES[:1])),
]
"""With the kind of machine; the rarer ones of people's lives take their time to be met with."""


@pytest.mark.parametrize(("kind", "plant", "by"), PLANTED)
def test_a_planted_fault_is_found(request, monkeypatch, kind, plant, by):
    machine = request.getfixturevalue(kind)
    plant(monkeypatch)
    limited = keeping_to(machine, by)
    with pytest.raises(AssertionError, match=r"a decision is|, not \{|its lines"):
        run_state_machine_as_test(limited, settings=how(40, phases=[Phase.generate], report_multiple_bugs=False))
    tell(f"Planted: {plant.__name__}", runs=machine.counted["runs"], steps=machine.counted["steps"])


def test_without_a_fault_the_same_rules_find_nothing(machine):
    limited = keeping_to(machine, set().union(*(by for _, by in FAULTS)))
    run_state_machine_as_test(limited, settings=how(3, phases=[Phase.generate]))
