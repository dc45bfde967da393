"""The pure heart of the ledger: how one line turns the state of a consent into the next.

The projection in the table `consent` is always the fold of an account's lines; `ledger.append` and the check that
rebuilds it both use this function, so that they can't disagree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple


class Action(StrEnum):
    """What a ledger line did."""

    GRANTED = "granted"
    RENEWED = "renewed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    OBJECTED = "objected"
    EXPIRED = "expired"
    PAUSED = "paused"
    RESUMED = "resumed"
    CHANGED = "changed"
    MERGED = "merged"
    INVALIDATED = "invalidated"
    ERASED = "erased"


class Status(StrEnum):
    """The state of a consent. `pending` is none of them: it lives in the opt-in request."""

    GRANTED = "granted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    OBJECTED = "objected"
    EXPIRED = "expired"


RESULT: Mapping[Action, Status | None] = {
    Action.GRANTED: Status.GRANTED,
    Action.REFUSED: Status.REFUSED,
    Action.WITHDRAWN: Status.WITHDRAWN,
    Action.OBJECTED: Status.OBJECTED,
    Action.EXPIRED: Status.EXPIRED,
    Action.INVALIDATED: None,
    Action.ERASED: None,
}
"""The status an action leads to; the actions left out keep the status there was."""


class Line(NamedTuple):
    """What folding reads of a ledger line, and the item it is about. A tuple, as millions are made to be verified."""

    sequence: int
    item_id: int
    action: Action
    status: Status | None
    occurred_at: datetime
    recorded_at: datetime
    legal_basis: str
    source: str
    document_version: str | None
    attributes: Mapping[str, Any]


class Dates(NamedTuple):
    """The moments of a consent, in the order in which `State` has them."""

    granted_at: datetime | None = None
    confirmed_at: datetime | None = None
    withdrawn_at: datetime | None = None
    expires_at: datetime | None = None
    paused_until: datetime | None = None


class State(NamedTuple):
    """The present state of one item for one account: a row of `consent` without its key. A tuple as `Line` is one."""

    status: Status
    granted_at: datetime | None
    confirmed_at: datetime | None
    withdrawn_at: datetime | None
    expires_at: datetime | None
    paused_until: datetime | None
    frequency: str | None
    legal_basis: str
    document_version: str | None
    source: str
    updated_at: datetime
    last_sequence: int

    @property
    def dates(self) -> Dates:
        """The moments of the consent."""
        return Dates(self.granted_at, self.confirmed_at, self.withdrawn_at, self.expires_at, self.paused_until)


def fold(lines: Iterable[Line]) -> State | None:
    """Fold the lines of one item, oldest first; no row where nothing was said or all was erased."""
    state: State | None = None
    for line in lines:
        state = apply(state, line)
    return state


def apply(state: State | None, line: Line) -> State | None:
    """Give the state after `line`. Dates are those of the person's acts (`occurred_at`), `updated_at` is ours."""
    if line.status is None:
        return None
    dates = _dates(line, state.dates if state else Dates())
    return State(
        line.status,
        *dates,
        line.attributes.get("frequency", state.frequency if state else None),
        line.legal_basis,
        line.document_version or (state.document_version if state else None),
        line.source,
        line.recorded_at,
        line.sequence,
    )


def _dates(line: Line, before: Dates) -> Dates:
    action = line.action
    if action is Action.GRANTED or (action is Action.MERGED and line.status is Status.GRANTED):
        asked_at = _moment(line, "asked_at") or line.occurred_at
        confirmed_at = line.occurred_at if line.attributes.get("confirmed") else None
        return Dates(asked_at, confirmed_at, None, _moment(line, "expires_at"), None)
    if action in (Action.WITHDRAWN, Action.OBJECTED, Action.REFUSED):
        return before._replace(withdrawn_at=line.occurred_at, paused_until=None)
    if action is Action.RENEWED:
        confirmed_at = before.confirmed_at or (line.occurred_at if line.attributes.get("confirmed") else None)
        return before._replace(confirmed_at=confirmed_at, expires_at=_moment(line, "expires_at"))
    if action is Action.PAUSED:
        return before._replace(paused_until=_moment(line, "paused_until"))
    if action in (Action.EXPIRED, Action.RESUMED):
        return before._replace(paused_until=None)
    return before


def _moment(line: Line, name: str) -> datetime | None:
    text = line.attributes.get(name)
    return datetime.fromisoformat(text) if text else None
