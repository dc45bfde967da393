"""What the talk between people and houses comes to, by the rules of the domain in their plainest form.

Dictionaries, lists and dates, nothing of the application: it is held against this after every step. Times are handed
in; nothing here reads a clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal

from tests import decision_table
from tests.decision_table import Case
from tests.talk.house import House, Item

BOUNCE_LASTS = timedelta(days=90)
KEPT, MAILS_KEPT = timedelta(days=30), timedelta(days=90)
SESSION = timedelta(minutes=60)
ASKED_AFTER, REMINDED_AFTER, GRACE = 12, timedelta(days=14), timedelta(days=30)
"""People are asked whether all is still right after so many months without an act; silence ends it after the rest."""
BOUGHT_LASTS = 10
"""Months that a purchase is good for."""
USE = "purpose"
"""Stands for the channel of what is no mailing, but another use of data."""
DOCUMENT = "document"
"""The same for documents that were accepted."""
LIFTABLE = ("do_not_contact", "complaint", "hard_bounce")


@dataclass
class Consent:
    """What holds of one item for one account."""

    status: str
    granted_at: datetime | None = None
    confirmed_at: datetime | None = None
    withdrawn_at: datetime | None = None
    expires_at: datetime | None = None
    paused_until: datetime | None = None
    frequency: str | None = None
    basis: str = "consent"
    version: date | None = None

    def is_running(self, now: datetime) -> bool:
        """Tell whether it is agreed to and has not run out."""
        return self.status == "granted" and (self.expires_at is None or self.expires_at > now)


@dataclass
class Asked:
    """One item of a request."""

    at: datetime
    state: Literal["open", "confirmed", "cancelled"] = "open"


@dataclass
class Request:
    """What was asked for with an address."""

    house: str
    created_at: datetime
    ends_at: datetime
    items: dict[Item, Asked] = field(default_factory=dict)
    outcome: str = "pending"

    def is_live(self, now: datetime) -> bool:
        """Tell whether it can be confirmed."""
        return self.outcome == "pending" and self.ends_at > now

    def ask(self, wanted: Iterable[Item], now: datetime) -> None:
        """Add items; of those that were asked for before, only this asking counts."""
        self.items |= {item: Asked(now) for item in wanted}

    def open(self) -> list[Item]:
        """List what is neither confirmed nor cancelled."""
        return [item for item, asked in self.items.items() if asked.state == "open"]

    def settle(self, items: Iterable[Item], state: Literal["confirmed", "cancelled"]) -> None:
        """Confirm or cancel what is open of `items`; a request without anything open is closed."""
        for item in set(items) & set(self.open()):
            self.items[item].state = state
        if self.outcome == "pending" and not self.open():
            was_confirmed = any(asked.state == "confirmed" for asked in self.items.values())
            self.outcome = "confirmed" if was_confirmed else "cancelled"


@dataclass
class Stop:
    """A suppression; None stands for all houses, and for all channels."""

    house: str | None
    channel: str | None
    reason: str
    at: datetime
    lapses_at: datetime | None
    lifted_at: datetime | None = None

    def stands(self, now: datetime) -> bool:
        """Tell whether it counts."""
        return self.lifted_at is None and (self.lapses_at is None or self.lapses_at > now)


@dataclass
class Session:
    """A session, opened from the mailbox unless it lasts for longer, and what its last press did."""

    opened_at: datetime
    lasts: timedelta = SESSION
    turned: tuple[list[Item], list[Item]] | None = None
    """What was turned on and off."""
    adjusted: tuple[Item, str, str | None, datetime | None] | None = None
    """The item, what was done, and its frequency and pause before."""


@dataclass
class CheckIn:
    """The question whether all is still right."""

    items: list[Item]
    asked_at: datetime
    next_at: datetime
    mailed_at: datetime
    is_reminded: bool = False
    outcome: str = "open"
    closed_at: datetime | None = None
    is_mail_kept: bool = True

    def close(self, outcome: str, now: datetime) -> None:
        """Note what came of it."""
        self.outcome, self.closed_at = outcome, now


@dataclass
class Person:
    """Somebody with a mailbox, known to the houses or not."""

    email: str
    has_account: bool = False
    is_restricted: bool = False
    is_proved: bool = False
    consents: dict[Item, Consent] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    stops: list[Stop] = field(default_factory=list)
    spoke: list[tuple[datetime, datetime]] = field(default_factory=list)
    """What the person said about anything, and that they came in: when it was recorded, and when they acted."""
    check_ins: list[CheckIn] = field(default_factory=list)
    session: Session | None = None

    def is_in(self, now: datetime) -> bool:
        """Tell whether a session is open."""
        return is_open(self.session, now)

    def can_have(self, item: Item) -> bool:
        """Tell whether something can be switched on: by e-mail everybody is reached."""
        return True

    def still_wants(self, request: Request) -> list[Item]:
        """List what is open of a request, but what was left after it was asked for, maybe with another address."""
        left = {item: held.withdrawn_at for item, held in self.consents.items() if held.withdrawn_at}
        return [item for item in request.open() if item not in left or left[item] < request.items[item].at]

    def own_stops(self) -> list[Stop]:
        """List what stands, or stood, on all addresses of the person."""
        return self.stops

    def stops_about(self, item: Item) -> list[Stop]:
        """List what stands, or stood, on the address that an item would use; push uses none but that of the account."""
        return self.stops if self.has_account or item.channel != "push" else []

    def contact(self, item: Item) -> str | None:
        """Tell how far the address that an item would use is proved; None where there is none."""
        return "proved" if self.is_proved else "unproved"

    def cancel(self, items: Iterable[Item]) -> None:
        """Whoever leaves something is not brought back by what was asked for before."""
        unwanted = set(items)
        for request in self.requests:
            request.settle(unwanted, "cancelled")

    def says(self, recorded: datetime, at: datetime | None = None) -> None:
        """Note an act of the person."""
        self.spoke.append((recorded, at or recorded))

    def grant(self, item: Item, now: datetime, version: date, *, asked_at: datetime | None, is_confirmed: bool) -> None:
        """Agree to something; what is agreed to already is renewed and keeps its dates."""
        self.says(now)
        held = self.consents.get(item)
        if held and held.is_running(now):
            held.confirmed_at = held.confirmed_at or (now if is_confirmed else None)
            held.expires_at, held.basis, held.version = None, "consent", version
            return
        self.consents[item] = Consent(
            "granted", asked_at or now, now if is_confirmed else None, version=version,
            frequency=held.frequency if held else None,
        )  # fmt: skip

    def withdraw(self, item: Item, now: datetime, *, by_right: bool) -> bool:
        """Leave something, or object to what needs no consent; tell whether that changed anything."""
        held = self.consents.get(item)
        if held and held.status == "expired":
            self.says(now)
            held.status, held.withdrawn_at = "refused", now
            return False  # nothing that Undo could bring back
        if held and held.status == "granted":
            self.says(now)
            held.status = "withdrawn" if held.basis == "consent" else "objected"
            held.withdrawn_at, held.paused_until = now, None
            return True
        if held is None and by_right:
            self.says(now)
            self.consents[item] = Consent("objected", withdrawn_at=now, basis="legitimate_interest")
            return True
        return False

    def stop(self, stop: Stop, now: datetime) -> bool:
        """Note a suppression of the mailbox, and tell whether it changes anything."""
        return note(self.stops, stop, now)

    def forget(self) -> None:
        """Erase the person; what must not be contacted stays so."""
        for request in self.requests:
            request.outcome, request.items = "purged", {}
        self.has_account = self.is_restricted = self.is_proved = False
        self.consents, self.requests, self.spoke, self.check_ins, self.session = {}, [], [], [], None


def note(stops: list[Stop], stop: Stop, now: datetime) -> bool:
    """Note a suppression, if it neither stands already, nor was lifted since, nor would have lapsed; tell so."""
    alike = [each for each in stops
             if (each.house, each.channel, each.reason) == (stop.house, stop.channel, stop.reason)]  # fmt: skip
    was_lifted = any(each.lifted_at and each.lifted_at > stop.at for each in alike)
    if any(each.stands(now) for each in alike) or was_lifted or not stop.stands(now):
        return False
    stops.append(stop)
    return True


def is_open(session: Session | None, now: datetime) -> bool:
    """Tell whether a session has not run out."""
    return session is not None and session.opened_at + session.lasts > now


def case(houses: Mapping[str, House], person: Person, item: Item, now: datetime) -> Case:
    """Put what holds of an item into the words of the decision table."""
    house, held = houses[item.house], person.consents.get(item)
    stops = [stop for stop in person.stops_about(item) if stop.stands(now)]
    too_old = held is not None and (held.version or date.min) < house.asks_since(now.date())
    status = "restricted" if person.is_restricted else "active"
    return {
        "channel": None if item.channel == USE else item.channel,
        "is_retired": False,
        "basis": house.basis(item.topic),
        "must_be_proved": house.must_be_proved,
        "asks_anew": house.asks_since(now.date()) > date.min,
        "is_suppressed": any(
            stop.house in {None, item.house} and stop.channel in {None, item.channel} for stop in stops
        ),
        "account": status if person.has_account else None,
        "is_pending": any(item in each.open() for each in person.requests if each.is_live(now)),
        "status": held.status if held else None,
        "ends": decision_table.place(held.expires_at if held else None, now),
        "pause": decision_table.place(held.paused_until if held else None, now),
        "version": "older" if too_old else "same",
        "contact": person.contact(item),
    }  # fmt: skip


def stands_in_the_way(person: Person, house: str, now: datetime) -> bool:
    """Tell whether no mail of a house may go out."""
    return any(stop.stands(now) and stop.house in {None, house} and stop.channel in {None, "email"}
               for stop in person.stops)  # fmt: skip


def since(held: Consent | None) -> datetime | None:
    """Tell when the person acted."""
    if held is None or held.status == "expired":
        return None
    return (held.confirmed_at or held.granted_at) if held.status == "granted" else held.withdrawn_at
