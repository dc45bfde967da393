"""How people come and go, by the rules of the domain: addresses, numbers, accounts, uses of data, being forgotten.

A world is a row of mailboxes, each with somebody or nobody behind it, and of telephone numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.talk import acts
from tests.talk.house import House, Item
from tests.talk.houses import ALL, ONE, OTHER, VERSIONS
from tests.talk.model import DOCUMENT, USE, Consent, Person, Session, Stop, note

SIGNED_IN = timedelta(days=30)
NUMBERS = ("+33612345678", "+4915123456789")
TERMS = Item(ALL, "terms", DOCUMENT)
LIVES: Mapping[str, House] = {
    ONE: House(
        items=(
            Item(ONE, "newsletter", "email"),
            Item(ONE, "private-sales", "email"),
            Item(ONE, "private-sales", "sms"),
            Item(ONE, "new-collection", "post"),
            Item(ONE, "atelier-events", "email"),
        ),
        frequencies={"newsletter": ("weekly",), "private-sales": (), "new-collection": (), "atelier-events": ()},
        by_right=frozenset({"private-sales"}),
        ages={"atelier-events": 18},
        versions=VERSIONS[:1],
    ),
    OTHER: House(
        items=(Item(OTHER, "newsletter", "email"), Item(OTHER, "drops", "sms")),
        frequencies={"newsletter": ("monthly",), "drops": ()},
        must_be_proved=True,
        versions=VERSIONS[:1],
    ),
    ALL: House(
        items=tuple(Item(ALL, key, USE) for key in ("personalisation", "share-within-group", "analytics", "orders")),
        frequencies={},
        by_right=frozenset({"analytics"}),
        by_contract=frozenset({"orders"}),
        versions=VERSIONS,
    ),
}
"""What the model is told; the group has uses of data of its own, which one signal of a browser says no to."""
SHARED = (Item(ALL, "share-within-group", USE),)
THINGS = tuple(item for house in LIVES.values() for item in house.items)
NEEDED = Item(ALL, "orders", USE)


@dataclass
class Customer(Person):
    """Somebody behind a mailbox, or nobody yet."""

    said_of_number: list[Stop] = field(default_factory=list)
    number: str | None = None
    has_postal: bool = False
    is_full: bool = False
    password: str | None = None
    elsewhere: Session | None = None
    """A session on another device."""
    signalled: set[Item] = field(default_factory=set)
    """What a browser said no to for them."""

    def can_have(self, item: Item) -> bool:
        """Tell whether there is an address for it; what a contract needs nobody switches."""
        return item != NEEDED and (self.contact(item) is not None or item.channel in {USE, "email"})

    def stops_about(self, item: Item) -> list[Stop]:
        """List those of the number for texts; nobody suppresses a postal address, so the mailbox stands for it."""
        if item.channel == "email":
            return self.stops
        if item.channel == "sms":
            return self.said_of_number if self.number else []
        return self.stops if self.has_account else []

    def own_stops(self) -> list[Stop]:
        """List also those of the number."""
        return [*self.stops, *(self.said_of_number if self.number else [])]

    def contact(self, item: Item) -> str | None:
        """Tell how far it is proved: a number always is, of a postal address the mailbox must be."""
        if item.channel == "sms":
            return "proved" if self.number else None
        return super().contact(item) if item.channel != "post" or self.has_postal else None

    def close_sessions(self) -> None:
        """End all of them."""
        self.session = self.elsewhere = None

    def over(self, channel: str) -> list[Item]:
        """List what is agreed to over a channel."""
        return [
            item for item, held in self.consents.items() if item.channel == channel and held.status == "granted"
        ]  # fmt: skip

    def forget(self) -> None:
        """Be erased: nothing stays but what must not be contacted."""
        super().forget()
        self.said_of_number, self.number, self.password, self.elsewhere = [], None, None, None
        self.has_postal, self.is_full, self.signalled = False, False, set()


@dataclass
class World:
    """Mailboxes, by number, with who is behind them; and what was said of telephone numbers."""

    people: list[Customer]
    numbers: dict[str, list[Stop]] = field(default_factory=lambda: {number: [] for number in NUMBERS})
    left: list[tuple[str, Customer]] = field(default_factory=list)
    """Who moved away from which mailbox, in that order."""

    def whose(self, number: str) -> Customer | None:
        """Find who has a telephone number."""
        return next((person for person in self.people if person.number == number), None)


def move(world: World, here: int, there: int, now: datetime) -> bool:
    """Move to another mailbox, unless it is somebody else's; tell whether that was done.

    What was agreed to stays, what was only asked for with the old mailbox is over. What was said of the old one, but
    that mails bounced, holds for the new one as well.
    """
    person, stranger = world.people[here], world.people[there]
    if stranger.has_account:
        return False
    person.cancel([item for request in person.requests for item in request.open()])
    old = Customer(person.email, requests=person.requests, stops=person.stops)
    person.email, person.requests, person.stops = stranger.email, stranger.requests, stranger.stops
    person.is_proved = True
    carry(old.stops, person.stops, now)
    person.close_sessions()
    world.people[here], world.people[there] = old, person
    world.left.append((old.email, person))
    return True


def carry(old: Iterable[Stop], new: list[Stop], now: datetime) -> None:
    """Let what was said of one address hold for another."""
    for stop in list(old):
        if stop.stands(now) and stop.reason != "hard_bounce":
            note(new, Stop(stop.house, stop.channel, stop.reason, now, None), now)


def prove(world: World, person: Customer, number: str, now: datetime) -> None:
    """Have a number from now on, whoever had it before and whatever one had before."""
    if person.number == number:
        return
    if other := world.whose(number):
        for item in other.over("sms"):
            other.consents[item].status, other.consents[item].paused_until = "expired", None
        other.number = None
    said = world.numbers[number]
    for stop in said:
        if stop.stands(now) and (stop.reason, stop.channel) == ("do_not_contact", "sms"):
            stop.lifted_at = now
    carry(person.own_stops(), said, now)
    person.number, person.said_of_number = number, said


def unreach(person: Customer, channel: str, now: datetime) -> None:
    """Lose what one agreed to over a channel, with the number or the postal address that it takes."""
    for item in person.over(channel):
        person.withdraw(item, now, by_right=False)


def remove_number(person: Customer, now: datetime) -> None:
    """Take the number away, and nothing that was agreed to over it comes back with it."""
    unreach(person, "sms", now)
    person.number = None


def remove_postal(person: Customer, now: datetime) -> None:
    """Take the postal address away, likewise."""
    unreach(person, "post", now)
    person.has_postal = False


def text_stop(world: World, number: str, house: str | None, now: datetime) -> None:
    """Answer STOP: whoever has the number gets no more texts; where nobody has it, nobody who gets it does."""
    if person := world.whose(number):
        acts.leave(LIVES, person, [i for i in THINGS if i.channel == "sms" and house in {None, i.house}], now)
    else:
        note(world.numbers[number], Stop(house, "sms", "do_not_contact", now, None), now)


def signal(person: Customer, now: datetime, *, is_pressed: bool) -> None:
    """Say no to what is sold or shared: by a press each time, by the browser's word alone only once."""
    changed, is_news = [], False
    for item in SHARED:
        if not is_pressed and item in person.signalled:
            continue
        held = person.consents.get(item)
        if held is None:
            person.consents[item] = Consent("refused", withdrawn_at=now)
        elif held.status not in {"granted", "expired"}:
            continue
        elif person.withdraw(item, now, by_right=False):
            changed.append(item)
        is_news = True
        person.signalled.add(item)
    if is_pressed and is_news and person.session:
        person.session.turned, person.session.adjusted = ([], changed), None


def never(world: World, person: Customer, now: datetime) -> None:
    """Never be contacted again: at any address of the person, or where the choices of the mailbox are now."""
    moved = [other for email, other in world.left if email == person.email]
    concerned = [person] if person.has_account or not moved else [person, moved[-1]]
    for each in concerned:
        acts.never(each, now)
        if each.number:
            note(each.said_of_number, Stop(None, None, "do_not_contact", now, None), now)


def register(person: Customer, password: str, now: datetime) -> bool:
    """Become a full customer: whoever was known stays who they are, with all they chose; full ones change nothing."""
    if person.is_full:
        return False
    person.has_account = person.is_proved = person.is_full = True
    person.password = password
    person.consents[TERMS] = Consent("granted", now, now, basis="contract", version=VERSIONS[0][0])
    person.close_sessions()
    person.session = Session(now, SIGNED_IN)
    return True


def erase(world: World, person: Customer) -> None:
    """Erase somebody; the number is free, and nobody knows any more where the choices of a mailbox went."""
    world.left = [(email, other) for email, other in world.left if other is not person]
    person.forget()
