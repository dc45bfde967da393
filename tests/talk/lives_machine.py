"""A state machine in which people come, move, sign in, are texted, object, hold still, and are forgotten."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)

from app.kit.signing import Purpose as LinkFor
from tests import decision_table
from tests.talk import acts, compare, lives, lives_compare
from tests.talk.acts import Link
from tests.talk.house import Item
from tests.talk.houses import ALL, ONE, OTHER, covered_of
from tests.talk.lives import LIVES, NEEDED, NUMBERS, SIGNED_IN, THINGS, Customer, World
from tests.talk.model import Person, Session, Stop, case
from tests.talk.real_lives import CHILD, GROWN, LivesTalk

MAILBOXES = ("ana", "ben", "cleo")
PASSWORDS = ("quiet umbrella seven anchovies", "seven anchovies under a lamp")
BOTH = (LinkFor.ADDRESS_AGREE, LinkFor.ADDRESS_PROVE)

who = st.sampled_from([0, 0, 0, 1, 1, 2])
numbers = st.sampled_from([NUMBERS[0], *NUMBERS])
some = st.sampled_from([None, None, ONE, OTHER])
rarely = st.sampled_from([False, False, False, True])
channels = st.sampled_from([None, "email", "sms"])
reasons = st.sampled_from(["do_not_contact", "legal", "complaint", "hard_bounce"])
words = st.sampled_from(["STOP", "Arrêt", "stopp", "退订", "Where is the bus stop?"])
passwords = st.sampled_from(PASSWORDS)
wishes = st.sampled_from([
    [item for item in THINGS if item.house == house and item.channel == "email" and item.topic in topics]
    for house, topics in ((ONE, {"newsletter"}), (ONE, {"newsletter", "private-sales"}), (ONE, {"atelier-events"}),
                          (OTHER, {"newsletter"}))
])  # fmt: skip
spans = st.sampled_from([{"minutes": 61}, {"days": 1}, {"days": 8}, {"days": 31}, {"days": 91}, {"days": 200}])


class LivesMachine(RuleBasedStateMachine):
    """Three mailboxes, two numbers, two houses and their group; `begin` gives each run an empty database."""

    begin: ClassVar[Callable[[ExitStack], LivesTalk]]
    counted: ClassVar[dict[str, int]]

    links = Bundle("links")

    def __init__(self) -> None:
        super().__init__()
        with ExitStack() as closing:
            self.talk = type(self).begin(closing)
            self.open = closing.pop_all()
        self.world = World([Customer(f"{name}@example.com") for name in MAILBOXES])
        self.known: dict[int, uuid.UUID] = {}
        self.counted["runs"] += 1

    def teardown(self) -> None:
        self.open.close()

    @property
    def now(self) -> datetime:
        return self.talk.now

    def later(self, number: int) -> Customer:
        """Give whoever is behind a mailbox, and acts some seconds after what was before."""
        self.talk.pass_(seconds=7)
        return self.world.people[number]

    def known_one(self, number: int) -> Customer | None:
        """Give the same where somebody is known there."""
        person = self.later(number)
        return person if person.has_account else None

    def centre(self, number: int, *, enters: bool) -> Customer | None:
        """Give somebody at the centre; None where no session is open, so that nothing must come of a press."""
        person = self.later(number)
        if enters and person.has_account and not person.is_in(self.now):
            self.enter(number, ONE)
            self.talk.pass_(seconds=7)
        return person if person.is_in(self.now) else None

    # What is asked for from outside

    @initialize(target=links, wanted=wishes, number=numbers, is_full=st.booleans())
    def are_there(self, wanted: list[Item], number: str, *, is_full: bool) -> MultipleResults[Link]:
        """Two are customers when it begins, one of them maybe a full one with a number; a third has asked."""
        found = [self.sign_up(number, wanted, born=GROWN) for number in (0, 1, 2)]
        self.press(found[0])
        self.press(found[1])
        if is_full:
            self.register(0, PASSWORDS[0])
            self.prove(0, number)
        return multiple(*found)

    @rule(target=links, number=who, wanted=wishes, born=st.sampled_from([GROWN, GROWN, CHILD, ""]))
    def sign_up(self, number: int, wanted: list[Item], born: str) -> Link | MultipleResults[Link]:
        person, house = self.later(number), wanted[0].house
        status = self.talk.sign_up_from(person.email, house, wanted, born)
        is_refused = born != GROWN and any(item.topic in LIVES[house].ages for item in wanted)
        assert status == (422 if is_refused else 303)
        if is_refused:
            return multiple()
        return self.talk.link(number, person.email, house, acts.sign_up(LIVES, person, wanted, self.now))

    @rule(link=consumes(links))
    def press(self, link: Link) -> None:
        person = self.later(link.person)
        status = self.talk.press(link, person.email)
        assert (status == 303) == acts.confirm(LIVES, person, link, self.now), status

    @rule(number=who, house=st.sampled_from([ONE, ONE, OTHER]))
    def enter(self, number: int, house: str) -> None:
        person = self.later(number)
        if not self.talk.enter(person.email, house):
            self.talk.pass_(days=1)
            assert self.talk.enter(person.email, house)
        acts.enter(person, self.now)

    @rule(number=who, what=st.sampled_from([ONE, OTHER, ALL, *LIVES[ONE].items, *LIVES[OTHER].items]))
    def leave_by_link(self, number: int, what: Item | str) -> None:
        if person := self.known_one(number):
            assert self.talk.post(self.talk.leave_path(person.email, what)) == 200
            acts.leave(LIVES, person, covered_of(THINGS, what), self.now)

    @rule(number=who, really=rarely)
    def never(self, number: int, *, really: bool) -> None:
        person = self.later(number)
        if really:
            assert self.talk.never(person.email) == 200
            lives.never(self.world, person, self.now)

    # What they do in the centre

    @rule(number=who, place=st.integers(0, 30), on=st.booleans(), stale=rarely)
    def switch(self, number: int, place: int, *, on: bool, stale: bool) -> None:
        item, person = THINGS[place % len(THINGS)], self.centre(number, enters=not stale)
        self.talk.push(self.world.people[number].email, ALL, set=f"{item}={'on' if on else 'off'}")
        is_asked_age = on and item.topic in LIVES[item.house].ages
        if person and item != NEEDED and not is_asked_age:
            acts.turn(LIVES, person, [item] if on else [], [] if on else [item], self.now)

    @rule(number=who, is_grown=st.booleans())
    def tell_age(self, number: int, *, is_grown: bool) -> None:
        person, item = self.centre(number, enters=True), Item(ONE, "atelier-events", "email")
        status = self.talk.tell_age(self.world.people[number].email, item, GROWN if is_grown else CHILD)
        if person:
            assert status == (303 if is_grown else 422)
            acts.turn(LIVES, person, [item] if is_grown else [], [], self.now)

    @rule(number=who, house=st.sampled_from([ONE, OTHER, "all"]))
    def leave_in_centre(self, number: int, house: str) -> None:
        if person := self.centre(number, enters=True):
            self.talk.push(person.email, ALL, leave=house)
            sent = [item for item in THINGS if item.house != ALL and house in {"all", item.house}]
            acts.turn(LIVES, person, [], sent, self.now)

    @rule(number=who)
    def undo(self, number: int) -> None:
        if person := self.centre(number, enters=False):
            self.talk.undo(person.email)
            acts.undo(LIVES, person, self.now)

    @rule(number=who, is_pressed=st.booleans())
    def signal(self, number: int, *, is_pressed: bool) -> None:
        """Say no to what is sold or shared: by a press in the centre, or by what a shop hears from the browser."""
        if not is_pressed and (person := self.known_one(number)):
            self.talk.signal(person.email)
            lives.signal(person, self.now, is_pressed=False)
        elif is_pressed and (person := self.centre(number, enters=True)):
            self.talk.push(person.email, ONE, gpc="1")
            lives.signal(person, self.now, is_pressed=True)

    @rule(number=who, site=st.sampled_from([ONE, ALL]))
    def lift_own(self, number: int, site: str) -> None:
        if person := self.centre(number, enters=True):
            self.talk.push(person.email, site, lift="1")
            acts.lift(person, None if site == ALL else site, self.now)

    # Addresses of all kinds

    @rule(number=who, other=st.sampled_from([2, 2, 0]), presses=st.sampled_from([BOTH, BOTH[::-1], BOTH[:1]]))
    def move(self, number: int, other: int, presses: tuple[LinkFor, ...]) -> None:
        if number != other and (person := self.known_one(number)):
            moved = self.talk.move(person.email, self.world.people[other].email, list(presses))
            is_agreed = len(presses) == len(BOTH)
            assert any(moved) == (is_agreed and lives.move(self.world, number, other, self.now)), moved
            self.counted["moves"] += any(moved)

    @rule(number=who, telephone=numbers)
    def prove(self, number: int, telephone: str) -> None:
        if person := self.known_one(number):
            self.talk.prove(person.email, telephone)
            self.counted["numbers_taken_over"] += (self.world.whose(telephone) or person) is not person
            lives.prove(self.world, person, telephone, self.now)

    @rule(number=who)
    def remove_number(self, number: int) -> None:
        if person := self.known_one(number):
            self.talk.remove_number(person.email)
            lives.remove_number(person, self.now)

    @rule(
        telephone=numbers,
        words=words,
        house=some,
    )
    def text(self, telephone: str, words: str, house: str | None) -> None:
        self.talk.pass_(seconds=7)
        self.talk.text(telephone, words, house)
        if " " not in words:
            lives.text_stop(self.world, telephone, house, self.now)

    @rule(number=who, tells=st.booleans())
    def tell_postal(self, number: int, *, tells: bool = True) -> None:
        """Tell one's postal address or take it away, which only those who signed in can."""
        person = self.later(number)
        is_signed_in = person.is_in(self.now) and person.session is not None and person.session.lasts == SIGNED_IN
        if tells:
            assert self.talk.tell_postal(person.email) == 303
            person.has_postal |= is_signed_in
        elif is_signed_in:
            self.talk.remove_postal(person.email)
            lives.remove_postal(person, self.now)

    # Accounts

    @rule(number=who, password=passwords)
    def register(self, number: int, password: str) -> None:
        person = self.later(number)
        status = self.talk.register(person.email, password)
        was_known = person.has_account
        assert status == (303 if lives.register(person, password, self.now) else 410)
        self.counted["upgrades" if was_known else "registrations"] += status == 303

    @rule(number=who, password=passwords, elsewhere=st.booleans())
    def sign_in(self, number: int, password: str, *, elsewhere: bool) -> None:
        self.talk.pass_(minutes=6)  # so that nobody tries too often
        person = self.later(number)
        status = self.talk.sign_in(person.email, password, elsewhere=elsewhere)
        assert status == (303 if person.password == password else 422)
        if status == 303:
            self.counted["sign_ins"] += 1
            session = Session(self.now, SIGNED_IN)
            person.elsewhere, person.session = (session, person.session) if elsewhere else (person.elsewhere, session)

    @rule(number=who, password=passwords)
    def reset(self, number: int, password: str) -> None:
        person = self.later(number)
        status = self.talk.reset(person.email, password)
        assert status == (303 if person.is_full else 410)
        if person.is_full:
            person.password = password
            person.close_sessions()

    @rule(number=who, present=passwords, password=passwords)
    def change_password(self, number: int, present: str, password: str) -> None:
        self.talk.pass_(minutes=6)
        person = self.later(number)
        if person.is_in(self.now) and person.session and person.session.lasts == SIGNED_IN:
            status = self.talk.change_password(person.email, present, password)
            assert status == (303 if person.password == present else 422)
            if status == 303:
                person.password, person.elsewhere = password, None

    @rule(number=who, held=st.booleans())
    def restrict(self, number: int, *, held: bool) -> None:
        if person := self.known_one(number):
            self.talk.restrict(person.email, held=held)
            person.is_restricted = held

    @rule(number=who, really=st.booleans())
    def erase(self, number: int, *, really: bool) -> None:
        if really and (person := self.known_one(number)):
            self.talk.erase(person.email)
            lives.erase(self.world, person)
            self.counted["erasures"] += 1

    @rule(number=who, house=some, channel=channels, reason=reasons, telephone=st.none() | numbers)
    def suppress(self, number: int, house: str | None, channel: str | None, reason: str, telephone: str | None) -> None:
        person = self.later(number)
        lapses = self.now + acts.BOUNCE_LASTS if reason == "hard_bounce" else None
        stop = Stop(house, channel, reason, self.now, lapses)
        if telephone:
            self.talk.suppress_number(telephone, stop)
            lives.note(self.world.numbers[telephone], stop, self.now)
        else:
            self.talk.suppress(person.email, stop)
            acts.suppress(person, stop, self.now)

    @rule(span=spans)
    def time_passes(self, span: dict[str, int]) -> None:
        self.talk.pass_(**span)

    def judge(self, person: Person, item: Item) -> decision_table.Case:
        """Put what holds of an item into the words of the decision table."""
        return case(LIVES, person, item, self.now)

    @invariant()
    def all_is_alike(self) -> None:
        people = self.world.people
        found = compare.differences(self.talk, people, self.judge)
        found += lives_compare.differences(self.talk, self.world, self.judge, self.known)
        assert not found, "\n".join(found)
        self.counted["steps"] += 1
        self.counted.update(compare.reasons(people, THINGS, self.judge))
        self.counted["consents"] += sum(len(person.consents) for person in people)
