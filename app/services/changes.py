"""What changed for a person over a while, net: joining and leaving again within it is no change."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import select

from app.db import Session
from app.kit.provenance import Source
from app.models import ConsentEvent
from app.services import folding, ledger
from app.services.folding import Line, State, Status

AFTER_SEQUENCE = "after_sequence"
"""Key of a summary's context: the account's last sequence before the first change to tell."""

GRACE = timedelta(seconds=5)
"""Without a sequence: how much earlier than the mail its first change may have been recorded in one transaction."""


class Kind(StrEnum):
    """How an item differs from before, in the person's terms."""

    JOINED = "joined"
    LEFT = "left"
    PAUSED = "paused"
    RESUMED = "resumed"
    FREQUENCY = "frequency"


@dataclass(frozen=True, slots=True)
class Change:
    """One item's net change; `at` is the time of the person's last act on it."""

    kind: Kind
    at: datetime
    frequency: str | None = None
    paused_until: datetime | None = None


def since(session: Session, account_id: uuid.UUID, moment: datetime, context: Mapping[str, Any]) -> dict[int, Change]:
    """Give the net changes by item id, after the sequence that `context` names, else since `moment`."""
    first = context.get(AFTER_SEQUENCE)
    found: dict[int, Change] = {}
    for item_id, lines in _lines(session, account_id).items():
        # What happened by itself is no act to be told of.
        new = [line for line in lines if _is_new(line, moment, first) and line.source != Source.SYSTEM]
        if not new:
            continue
        before = folding.fold(line for line in lines if line.sequence < new[0].sequence)
        change = _compare(before, folding.fold(lines), new[-1].occurred_at)
        if change:
            found[item_id] = change
    return found


def _is_new(line: Line, moment: datetime, first: int | None) -> bool:
    return line.sequence > first if first is not None else line.recorded_at >= moment - GRACE


def _compare(before: State | None, after: State | None, at: datetime) -> Change | None:
    was, now = _granted(before), _granted(after)
    if was is None and now is None:
        return None
    if was is None or now is None:
        return Change(Kind.JOINED if now else Kind.LEFT, at, frequency=now.frequency if now else None)
    if was.paused_until != now.paused_until:
        return Change(Kind.PAUSED if now.paused_until else Kind.RESUMED, at, paused_until=now.paused_until)
    if was.frequency != now.frequency:
        return Change(Kind.FREQUENCY, at, frequency=now.frequency)
    return None


def _granted(state: State | None) -> State | None:
    return state if state is not None and state.status is Status.GRANTED else None


def _lines(session: Session, account_id: uuid.UUID) -> dict[int, list[Line]]:
    query = select(ConsentEvent).where(ConsentEvent.account_id == account_id).order_by(ConsentEvent.sequence)
    found: defaultdict[int, list[Line]] = defaultdict(list)
    for row in session.scalars(query):
        found[row.item_id].append(ledger.line_of(vars(row)))
    return found
