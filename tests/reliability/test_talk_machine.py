"""The talk between people and houses, step by step at random, is what a simple model of the domain says it is.

A machine (`tests/talk`) acts on the whole application and on the model, and compares every decision, every consent and
the folded ledger after each step. The normal run is short and always the same; PARLEY_TEST_SCALE=1 gives 500 runs of
50 steps that differ each time.
"""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import ExitStack

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests import environments
from tests.reliability.figures import SCALE, scaled, tell
from tests.talk.machine import TalkMachine
from tests.talk.real import Talk, demonstration

RUNS, STEPS = scaled(500, least=20), 50 if SCALE >= 1 else 30
COMMON = {"deadline": None, "suppress_health_check": list(HealthCheck), "database": None}


@pytest.fixture
def machine(application, database_urls, group, tmp_path_factory, monkeypatch):
    """Give a machine whose runs each begin on an empty database."""
    houses = demonstration(group)
    monkeypatch.setitem(application.extensions, "parley", None)

    def begin(closing: ExitStack) -> Talk:
        own = environments.settings_for(tmp_path_factory.mktemp("talk"))
        env = closing.enter_context(environments.rolled_back(own, database_urls.application, houses))
        talk = Talk(application, env)
        closing.callback(talk.close)
        return talk

    return type("Machine", (TalkMachine,), {"begin": staticmethod(begin), "counted": Counter()})


def test_the_application_does_what_the_model_does(machine):
    import os
    more = {"phases": [Phase.generate], "report_multiple_bugs": False} if os.environ.get("DEV") else {}
    how = settings(**more, max_examples=RUNS, stateful_step_count=STEPS, derandomize=SCALE < 1, **COMMON)
    run_state_machine_as_test(machine, settings=how)
    tell("The talk against its model", **machine.counted, divergences=0)
