"""What a house sends, and what it has laid down about it, as the model is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple


class Item(NamedTuple):
    """Something a house sends over a channel."""

    house: str
    topic: str
    channel: str

    def __str__(self) -> str:
        return ":".join(self)


@dataclass(frozen=True)
class House:
    """What a house has laid down."""

    items: tuple[Item, ...]
    frequencies: Mapping[str, tuple[str, ...]]
    """By topic, the usual one first."""
    single: frozenset[str] = frozenset()
    """Topics that are agreed to without a mail to confirm."""
    by_right: frozenset[str] = frozenset()
    """Topics whose basis is a legitimate interest."""
    by_purchase: frozenset[str] = frozenset()
    """Topics that may come to whoever bought something."""
    by_contract: frozenset[str] = frozenset()
    """Uses of data that a contract needs, so that nobody switches them."""
    ages: Mapping[str, int] = field(default_factory=dict)
    """From which age a topic is, where it is not for everyone."""
    must_be_proved: bool = False
    confirmation_days: int = 7
    versions: tuple[tuple[date, bool], ...] = ()
    """Of its privacy notice: from when, and whether it asks for consent anew."""

    def version(self, on: date) -> date:
        """Give the version in force."""
        return max((day for day, _ in self.versions if day <= on), default=self.versions[0][0])

    def basis(self, topic: str) -> str:
        """Give the ground on which a topic comes to whoever said nothing."""
        if topic in self.by_purchase:
            return "soft_opt_in"
        if topic in self.by_contract:
            return "contract"
        return "legitimate_interest" if topic in self.by_right else "consent"

    def newest_asking(self) -> date | None:
        """Give the newest version that asks for consent anew, in force or not."""
        return max((day for day, anew in self.versions if anew), default=None)

    def asks_since(self, on: date) -> date:
        """Give the oldest version that is good enough."""
        return max((day for day, anew in self.versions if anew and day <= on), default=date.min)
