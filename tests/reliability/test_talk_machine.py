"""The talk between people and houses, step by step at random, is what a simple model of the domain says it is.

A machine (`tests/talk`) acts on the whole application and on the model, and compares every decision, every consent and
the folded ledger after each step. The normal run is short and always the same; PARLEY_TEST_SCALE=1 gives 500 runs of
50 steps that differ each time.
"""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from app.services import batches, confirmations, decisions, folding, opt_in, verdicts
from tests import environments
from tests.reliability.figures import SCALE, scaled, tell
from tests.talk.asked_machine import AskedMachine, keeping_to
from tests.talk.houses import demonstration
from tests.talk.real_asked import AskingTalk

RUNS, STEPS = (scaled(500), 50) if SCALE >= 1 else (12, 25)


@pytest.fixture
def machine(application, database_urls, group, tmp_path_factory, monkeypatch, untraced):
    """Give a machine whose runs each begin on an empty database."""
    houses = demonstration(group)
    monkeypatch.setitem(application.extensions, "parley", None)

    def begin(closing: ExitStack) -> AskingTalk:
        own = environments.settings_for(tmp_path_factory.mktemp("talk"))
        env = closing.enter_context(environments.rolled_back(own, database_urls.application, houses))
        talk = AskingTalk(application, env)
        closing.callback(talk.close)
        return talk

    return type("Machine", (AskedMachine,), {"begin": staticmethod(begin), "counted": Counter()})


def test_the_application_does_what_the_model_does(machine):
    phases = [Phase.generate, Phase.shrink] if SCALE >= 1 else [Phase.generate]
    run_state_machine_as_test(machine, settings=how(RUNS, phases=phases, report_multiple_bugs=False))
    tell("The talk against its model", **machine.counted, divergences=0)


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


@pytest.mark.parametrize(("plant", "by"), FAULTS)
def test_a_planted_fault_is_found(machine, monkeypatch, plant, by):
    plant(monkeypatch)
    limited = keeping_to(machine, by)
    with pytest.raises(AssertionError, match=r"a decision is|, not \{|its lines"):
        run_state_machine_as_test(limited, settings=how(40, phases=[Phase.generate], report_multiple_bugs=False))
    tell(f"Planted: {plant.__name__}", runs=machine.counted["runs"], steps=machine.counted["steps"])


def test_without_a_fault_the_same_rules_find_nothing(machine):
    limited = keeping_to(machine, set().union(*(by for _, by in FAULTS)))
    run_state_machine_as_test(limited, settings=how(3, phases=[Phase.generate]))
