"""A yes that is told, against what ran out: by its day, whether the ledger says so yet or not, or by silence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from app.services.folding import State, Status
from app.services.tellings import Moment, Ruling, rule_on_yes

NOW = datetime(2026, 6, 1, tzinfo=UTC)
SAID, ENDED = NOW - timedelta(days=90), NOW - timedelta(days=30)
BEFORE, AFTER = ENDED - timedelta(days=1), ENDED + timedelta(days=1)


def state(status, expires_at=None, updated_at=SAID, basis="consent"):
    return State(status, SAID, SAID, None, expires_at, None, None, basis, None, "form", updated_at, 1)


RAN_OUT = {
    "by silence": state(Status.EXPIRED, updated_at=ENDED),
    "by its day": state(Status.EXPIRED, expires_at=ENDED, updated_at=ENDED + timedelta(hours=1)),
    "by its day, which the ledger does not say yet": state(Status.GRANTED, expires_at=ENDED),
    "by silence, before its day": state(Status.EXPIRED, expires_at=NOW + timedelta(days=9), updated_at=ENDED),
    "by silence, before its day, which is over too": state(
        Status.EXPIRED, expires_at=AFTER + timedelta(days=1), updated_at=ENDED
    ),
    "what a purchase allowed": state(Status.EXPIRED, expires_at=ENDED, updated_at=ENDED, basis="soft_opt_in"),
}


@pytest.mark.parametrize("how", RAN_OUT)
@time_machine.travel(NOW, tick=False)
def test_what_ran_out_comes_back_by_an_act_of_after_that_alone(how):
    found = RAN_OUT[how]
    assert rule_on_yes(found, Moment.exactly(AFTER)) is Ruling.APPLIES
    assert rule_on_yes(found, Moment.exactly(BEFORE)) is Ruling.CONFLICT
    assert rule_on_yes(found, Moment.exactly(ENDED)) is Ruling.CONFLICT
    assert rule_on_yes(found, Moment(AFTER, AFTER, is_of_act=False)) is Ruling.CONFLICT
    assert rule_on_yes(found, Moment.exactly(BEFORE), said_yes_at=AFTER) is not Ruling.APPLIES


@time_machine.travel(NOW, tick=False)
def test_the_yes_that_ran_out_is_nothing_new():
    assert rule_on_yes(RAN_OUT["by silence"], Moment.exactly(SAID)) is Ruling.KNOWN
    assert rule_on_yes(RAN_OUT["what a purchase allowed"], Moment.exactly(SAID)) is Ruling.CONFLICT
