"""What somebody is told to have said elsewhere, against what is on record: which of the two counts.

Invariant 7: nothing that is told turns a no into a yes unless it is of an act of the person after that no, and nothing
of before brings back what ran out. A no always applies, unless the person agreed after it. Pure, for one person as for
a file of a million.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.branding.models import BY_RELATION
from app.services.consents import is_running
from app.services.folding import State, Status
from app.services.opt_outs import NO


@dataclass(frozen=True, slots=True)
class Moment:
    """When something was said, as it is told."""

    at: datetime
    since: datetime
    """The same, unless only the day is told: then its beginning, and `at` is what is safer of the two ends."""
    is_of_act: bool = True
    """False where it is only known that it was so by then. Nobody is brought back on that."""

    @classmethod
    def exactly(cls, at: datetime) -> Moment:
        """Make one of an act whose moment is known."""
        return cls(at, at)


class Ruling(StrEnum):
    """What comes of what is told."""

    APPLIES = "applies"
    KNOWN = "known"
    """All is so already."""
    CONFLICT = "conflict"
    """The person said otherwise since, or it ran out."""


def rule_on_yes(state: State | None, told: Moment, said_yes_at: datetime | None = None) -> Ruling:
    """Rule on a yes. `said_yes_at` is when the last yes on record was said, where the caller knows of renewals."""
    if state is None:
        return Ruling.APPLIES
    if state.status in NO:
        is_overtaken = state.withdrawn_at is not None and told.at <= state.withdrawn_at
        return Ruling.CONFLICT if is_overtaken or not told.is_of_act else Ruling.APPLIES
    if not is_running(state) and not (told.is_of_act and told.at > _ran_out_at(state)):
        is_known = is_yes(state) and told.at <= _last_yes(state, said_yes_at)
        return Ruling.KNOWN if is_known else Ruling.CONFLICT
    if not is_yes(state):
        return Ruling.APPLIES
    is_news = told.is_of_act and told.at > _last_yes(state, said_yes_at)
    return Ruling.APPLIES if is_news else Ruling.KNOWN


def rule_on_no(state: State | None, told: Moment, said_yes_at: datetime | None = None) -> Ruling:
    """Rule on a no. One that is told to be later than the no on record is news too: no yes between the two counts."""
    if state is None or state.status is Status.EXPIRED:
        return Ruling.APPLIES
    if state.status in NO:
        is_later = state.withdrawn_at is not None and told.since > state.withdrawn_at
        return Ruling.APPLIES if is_later else Ruling.KNOWN
    agreed_since = is_running(state) and is_yes(state) and told.at < _last_yes(state, said_yes_at)
    return Ruling.CONFLICT if agreed_since else Ruling.APPLIES


def is_yes(state: State) -> bool:
    """Tell whether what runs, or ran out, is a yes of the person rather than something they bought."""
    return state.legal_basis not in set(BY_RELATION)


def given_at(state: State) -> datetime:
    """Give when the person agreed, the last of the two acts of a double opt-in."""
    return state.confirmed_at or state.granted_at or state.updated_at


def _ran_out_at(state: State) -> datetime:
    """Give when something ran out: on its day; or when the ledger said so, where it has none or that came before."""
    if state.status is Status.EXPIRED:
        return min(state.expires_at or state.updated_at, state.updated_at)
    return state.expires_at or state.updated_at


def _last_yes(state: State, said_yes_at: datetime | None) -> datetime:
    return max(given_at(state), said_yes_at) if said_yes_at else given_at(state)
