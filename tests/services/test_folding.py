"""Folding, over any sequence of lines there may be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.services import folding
from app.services.folding import RESULT, Action, Line, Status

START = datetime(2026, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 10**9).map(lambda seconds: START + timedelta(seconds=seconds))
ATTRIBUTES = st.fixed_dictionaries(
    {},
    optional={
        "frequency": st.sampled_from(["daily", "weekly"]),
        "confirmed": st.booleans(),
        "asked_at": MOMENTS.map(datetime.isoformat),
        "expires_at": MOMENTS.map(datetime.isoformat),
        "paused_until": MOMENTS.map(datetime.isoformat),
    },
)
LEAVING = (Action.WITHDRAWN, Action.OBJECTED, Action.REFUSED)


@st.composite
def histories(draw):
    """Make the lines of one item as `ledger.append` would; what changes nothing but a state only comes where one is."""
    lines, status = [], None
    for sequence in range(1, draw(st.integers(1, 12)) + 1):
        actions = [action for action in Action if action in RESULT or status is not None]
        action = draw(st.sampled_from(actions))
        status = RESULT.get(action, status)
        lines.append(
            Line(sequence, 1, action, status, draw(MOMENTS), draw(MOMENTS), "consent", "form",
                 draw(st.sampled_from([None, "2026-01-01"])), draw(ATTRIBUTES))
        )  # fmt: skip
    return lines


@given(histories())
def test_the_status_is_that_of_the_last_line(lines):
    state = folding.fold(lines)
    assert (state.status if state else None) == lines[-1].status


@given(histories())
def test_the_state_names_its_last_line(lines):
    state = folding.fold(lines)
    assert state is None or (state.last_sequence, state.updated_at) == (lines[-1].sequence, lines[-1].recorded_at)


@given(histories(), histories())
def test_nothing_before_an_erasure_is_remembered(before, after):
    erased = Line(0, 1, Action.ERASED, None, START, START, "consent", "system", None, {})
    assert folding.fold([*before, erased, *after]) == folding.fold(after)


@given(histories())
def test_who_left_is_neither_paused_nor_without_a_date(lines):
    state = folding.fold(lines)
    if lines[-1].action in LEAVING:
        assert state.withdrawn_at == lines[-1].occurred_at
        assert state.paused_until is None


@given(histories())
def test_a_grant_starts_afresh(lines):
    granted = Line(99, 1, Action.GRANTED, Status.GRANTED, START, START, "consent", "form", None, {"confirmed": True})
    state = folding.fold([*lines, granted])
    assert (state.granted_at, state.confirmed_at, state.withdrawn_at) == (START, START, None)
    assert (state.paused_until, state.expires_at) == (None, None)


def test_an_act_at_the_mailbox_proves_what_was_granted_without_one():
    granted = Line(1, 1, Action.GRANTED, Status.GRANTED, START, START, "consent", "form", None, {})
    later = START + timedelta(days=1)
    renewed = Line(2, 1, Action.RENEWED, Status.GRANTED, later, later, "consent", "form", None, {"confirmed": True})
    once_more = renewed._replace(sequence=3, occurred_at=later + timedelta(days=1))
    assert folding.fold([granted]).confirmed_at is None
    assert folding.fold([granted, renewed]).dates[:2] == (START, later)
    assert folding.fold([granted, renewed, once_more]).confirmed_at == later


@given(histories(), st.integers(0, 12))
def test_folding_may_stop_anywhere_and_go_on(lines, at):
    state = folding.fold(lines[:at])
    for line in lines[at:]:
        state = folding.apply(state, line)
    assert state == folding.fold(lines)
