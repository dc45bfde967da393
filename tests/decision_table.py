"""The decision table of the domain, written down once more: plain rows over plain values, read from the top.

Nothing here is shared with `services.decisions`, so that agreement of the two means something. A case is a flat mapping
of what a house says (`channel`, None for purposes and documents; `is_retired`, `basis`, `must_be_proved`,
`asks_anew`: a version of the document in force that requires consent anew) and of what is known about the person
(`is_suppressed`, `account`, `is_pending`, `status`, `ends`, `pause`, `version`, `contact`). Dates are told by where
they lie: `never`, `past`, `now` or `future`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

Case = Mapping[str, Any]

NEEDS_NO_ROW = ("legitimate_interest", "contract")
"""Bases other than consent that apply to somebody without a row; the two others rest on a relation that is one."""

ROWS: tuple[tuple[str, Callable[[Case], Any]], ...] = (
    ("suppressed", lambda case: case["channel"] and case["is_suppressed"]),
    ("restricted", lambda case: case["account"] in {"erased", "restricted"}),
    ("retired", lambda case: case["is_retired"]),
    ("pending", lambda case: case["account"] is None and case["is_pending"]),
    ("unknown_subject", lambda case: case["account"] is None),
    ("pending", lambda case: case["status"] is None and case["basis"] not in NEEDS_NO_ROW and case["is_pending"]),
    ("never_asked", lambda case: case["status"] is None and case["basis"] not in NEEDS_NO_ROW),
    ("refused", lambda case: case["status"] == "refused"),
    ("objected", lambda case: case["status"] == "objected"),
    ("withdrawn", lambda case: case["status"] == "withdrawn"),
    ("expired", lambda case: case["status"] == "expired"),
    ("expired", lambda case: case["ends"] in {"past", "now"}),
    ("unverified_contact", lambda case: case["channel"] not in {None, "push"} and case["contact"] not in _enough(case)),
    ("reconsent_required", lambda case: case["status"] and case["asks_anew"] and case["version"] in {None, "older"}),
    ("paused", lambda case: case["pause"] == "future"),
)  # fmt: skip


def answer(case: Case) -> tuple[bool, str]:
    """Give whether it is allowed, and the one reason: that of the first row that holds."""
    for reason, holds in ROWS:
        if holds(case):
            return False, reason
    return True, "granted" if case["status"] else case["basis"]


def place(moment: datetime | None, now: datetime) -> str:
    """Tell where a moment lies."""
    if moment is None:
        return "never"
    return "now" if moment == now else "past" if moment < now else "future"


def _enough(case: Case) -> tuple[str, ...]:
    return ("proved",) if case["must_be_proved"] else ("unproved", "proved")
