"""What the templates of this surface are given: plain values, already in the reader's words."""

from __future__ import annotations

from dataclasses import dataclass

from app.branding.models import Brand


@dataclass(frozen=True, slots=True)
class Choice:
    """One box of a sign-up form; `value` is `topic:channel`, or `brand:topic:channel` on the group's page."""

    value: str
    name: str
    description: str
    how: str
    """How often and how it comes, in words: "Weekly, by e-mail"."""
    statement: str
    """The exact sentence agreed to by ticking; it is kept as the notice."""
    conditions: tuple[str, ...] = ()
    """What else the notice says beside the box, a line each: "From the age of 18"."""
    is_checked: bool = False
    """True only when the form comes back with an error after the person ticked it."""


@dataclass(frozen=True, slots=True)
class ChoiceSection:
    """The boxes of one brand."""

    brand: Brand
    choices: tuple[Choice, ...]
    small_print: tuple[str, ...]
    """What is told under all boxes, and kept with each as evidence."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An item as a confirmation, leaving or thank-you page lists it."""

    brand: Brand
    name: str
    how: str
    statement: str = ""


@dataclass(frozen=True, slots=True)
class Switch:
    """One topic on one channel in the preference centre."""

    value: str
    """`brand:topic:channel`; also the anchor, with dashes for colons."""
    channel: str
    channel_name: str
    """"by e-mail", "by text message"."""
    is_on: bool
    can_turn_on: bool
    line: str
    """The quiet line: "Yes since 3 March 2026, by e-mail, confirmed from your inbox", or "You left on …", or ""."""
    warning: str = ""
    """Why nothing is sent although the switch is on (suppressed, contact missing), or why it can't be turned on."""
    changed: str = ""
    """What the last press did to this item ("You will get …"); empty for all others. An Undo button goes with it."""

    @property
    def anchor(self) -> str:
        """The element id of this switch."""
        return self.value.replace(":", "-")


@dataclass(frozen=True, slots=True)
class TopicRow:
    """A topic with a switch for each of its channels."""

    key: str
    name: str
    description: str
    how_often: str
    switches: tuple[Switch, ...]


@dataclass(frozen=True, slots=True)
class CentreSection:
    """One house in the preference centre."""

    brand: Brand
    topics: tuple[TopicRow, ...]
    is_member: bool
