"""What the templates of this surface are given: plain values, already in the reader's words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import NamedTuple

from markupsafe import Markup

from app.branding.models import Brand, Site


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
    asks_age: bool = False
    """Whether it is from a certain age, so that the form needs a date of birth."""


@dataclass(frozen=True, slots=True)
class ChoiceSection:
    """The boxes of one brand."""

    brand: Brand
    choices: tuple[Choice, ...]
    small_print: tuple[str, ...]
    """What is told under all boxes, and kept with each as evidence."""
    lang: str = ""
    """The language tag of the house's words, where they are not in the reader's language."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An item as a confirmation, leaving or thank-you page lists it."""

    brand: Brand
    name: str
    how: str
    description: str = ""
    statement: str = ""
    details: tuple[str, ...] = ()
    """What else was said of this item alone, a line each."""


class AskedItem(NamedTuple):
    """One thing that a question concerns."""

    house: str
    name: Markup
    way: str


@dataclass(frozen=True, slots=True)
class Asked:
    """The question whether things go on under a new version of a document."""

    heading: str
    version: str
    lead: tuple[str, ...]
    items: tuple[AskedItem, ...]
    statement: str
    """What the button for yes agrees to, where it is about the terms of an account."""
    value: str
    """Names the words of the question in the form."""
    yes: str
    no: str
    changes: str
    """The page that shows what changes."""


class Often(NamedTuple):
    """How often something may come: its key, its words, and whether it is so now."""

    key: str
    words: str
    is_present: bool


class Pausing(Enum):
    """What may be done about pauses of an item."""

    NONE = 0
    POSSIBLE = 1
    PAUSED = 2


@dataclass(frozen=True, slots=True)
class Switch:
    """One topic on one channel in the preference centre."""

    value: str
    """`brand:topic:channel`; also the anchor, with dashes for colons."""
    label: str
    """"By text message", or with how often it comes where the topic does not say that: "Weekly, by e-mail"."""
    is_on: bool
    can_turn_on: bool
    line: str
    """The quiet line: "Yes since 3 March 2026, by e-mail, confirmed from your inbox", or "You left on …", or ""."""
    statement: str = ""
    """The exact sentence agreed to by switching it on, where that can be done; it is kept as the notice."""
    warning: str = ""
    """Why nothing is sent although the switch is on (suppressed, contact missing), or why it can't be turned on."""
    needs: str = ""
    """What has to be there on the person's side: "Needs our app on your phone"."""
    changed: str = ""
    """What the last press did to this item ("You will get …"); empty for all others. An Undo button goes with it."""
    often: tuple[Often, ...] = ()
    pausing: Pausing = Pausing.NONE
    record: int = 0
    """The line of the ledger by which its record is found; nothing where the person never said anything."""

    @property
    def anchor(self) -> str:
        """The element id of this switch."""
        return self.value.replace(":", "-")


@dataclass(frozen=True, slots=True)
class TopicRow:
    """A topic with a switch for each of its channels that the person can use or ever did."""

    key: str
    name: str
    description: str
    how_often: str
    """How often it comes; empty where the switches say so, since the channels differ."""
    conditions: tuple[str, ...]
    """What else the notice says of the topic: "From the age of 18"."""
    switches: tuple[Switch, ...]
    out_of_reach: tuple[str, ...] = ()
    """How to get it over the channels that need something of the person first; they have no switch."""
    ways: tuple[tuple[str, str], ...] = ()
    """Which kind of address some channel lacks (`phone`, `post`), and the page where it can be given."""

    @property
    def is_changed(self) -> bool:
        """Whether the last press changed something of it."""
        return any(each.changed for each in self.switches)


@dataclass(frozen=True, slots=True)
class CentreSection:
    """One house in the preference centre."""

    brand: Brand
    lang: str
    """The language tag of the house's words, where they are not in the reader's language."""
    promise: str
    topics: tuple[TopicRow, ...]
    small_print: tuple[str, ...]
    """What is told under all switches, and kept with each as evidence."""
    is_open: bool
    """Whether one is with the house, asked to be, or just changed something there."""
    can_leave: bool
    changed: str = ""
    """What the last press did here, where that was more than one thing; an Undo button goes with it."""


@dataclass(frozen=True, slots=True)
class UsesSection:
    """The uses of data of one house, or of the whole group, in the preference centre."""

    brand: Site
    lang: str
    """The language tag of the owner's words, where they are not in the reader's language."""
    topics: tuple[TopicRow, ...]
    """A use each, with its one switch; without one where it can't be ended."""
    small_print: tuple[str, ...]
    changed: str = ""
    """What the last press did here, where that was more than one thing; an Undo button goes with it."""


@dataclass(frozen=True, slots=True)
class Sending:
    """What a house sends, in plain words."""

    name: str
    description: str
    how: str
    """"Four times a year, by e-mail or by post"."""
    terms: tuple[str, ...]
    """What is out of the ordinary: from which age, sent without asking, starting at once; a sentence each."""


@dataclass(frozen=True, slots=True)
class HouseSendings:
    """All that one house sends."""

    brand: Brand
    lang: str
    promise: str
    sendings: tuple[Sending, ...]


@dataclass(frozen=True, slots=True)
class ToldAct:
    """One act of a person in plain words."""

    anchor: str
    sequence: int
    """The line of the ledger it is in, by which its record is found."""
    at: datetime
    time: str
    house: str
    sentence: str
    through: str
    """"Preference centre"; empty where that is not known."""
    language: str
    """What speakers of the language it was done in call it."""
    words: tuple[str, ...]
    """The exact words then seen, a line each."""
    words_lang: str


@dataclass(frozen=True, slots=True)
class Day:
    """The acts of one day, newest first."""

    name: str
    acts: tuple[ToldAct, ...]
