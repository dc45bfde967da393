"""A state machine that lets people, staff, providers, the courier and time act on the application and on the model."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, MultipleResults, RuleBasedStateMachine, initialize, invariant, multiple, rule

from tests import decision_table
from tests.talk import acts, compare
from tests.talk.acts import Link
from tests.talk.house import Item
from tests.talk.houses import ALL, HOUSES, ITEMS, ONE, OTHER, covered
from tests.talk.model import Person, Request, Stop, case
from tests.talk.real import Talk

PEOPLE = ("ana", "ben", "cleo")

who = st.sampled_from([0, 0, 0, 1, 1, 2])
places = st.integers(0, 9)
houses = st.sampled_from(list(HOUSES))
items = st.sampled_from(ITEMS)
months = st.sampled_from([1, 3, 6, 12])
rarely = st.sampled_from([False, False, False, True])
reasons = st.sampled_from(["do_not_contact", "legal", "complaint", "hard_bounce", "hard_bounce"])
wishes = st.sampled_from([
    [item for item in ITEMS if item.house == house and item.channel == "email" and item.topic in topics]
    for house, topics in ((ONE, {"newsletter"}), (ONE, {"private-sales"}), (ONE, {"newsletter", "private-sales"}),
                          (OTHER, {"newsletter"}), (OTHER, {"restock"}), (OTHER, {"newsletter", "restock"}))
])  # fmt: skip
spans = st.sampled_from([
    {"minutes": 3}, {"minutes": 61}, {"hours": 7}, {"days": 1}, {"days": 6}, {"days": 8}, {"days": 15}, {"days": 32},
    {"days": 91}, {"days": 200}, {"days": 366}, {"days": 800},
])  # fmt: skip


class TalkMachine(RuleBasedStateMachine):
    """Three people and two houses; `begin` gives each run an application on an empty database."""

    begin: ClassVar[Callable[[ExitStack], Talk]]
    counted: ClassVar[dict[str, int]]

    links = Bundle("links")

    def __init__(self) -> None:
        super().__init__()
        with ExitStack() as closing:
            self.talk = type(self).begin(closing)
            self.open = closing.pop_all()
        self.people = [Person(f"{name}@example.com") for name in PEOPLE]
        self.waiting: list[tuple[Person, Request]] = []
        self.steps = 0
        self.counted["runs"] += 1

    def teardown(self) -> None:
        self.open.close()

    @property
    def now(self) -> Any:
        return self.talk.now

    def later(self, number: int) -> Person:
        """Give a person, who acts some seconds after what was before."""
        self.talk.pass_(seconds=7)
        return self.people[number]

    def concerned(self, number: int, place: int) -> Item:
        """Give something that somebody said anything about or asked for, if there is such."""
        person = self.people[number]
        asked = [item for request in person.requests for item in request.open()]
        mine = list(dict.fromkeys([*asked, *person.consents])) or ITEMS
        return mine[place % len(mine)]

    def agreed(self, number: int, place: int) -> Item:
        """Give something that somebody agreed to, if there is such."""
        running = [item for item, held in self.people[number].consents.items() if held.is_running(self.now)]
        return running[place % len(running)] if running else self.concerned(number, place)

    def target(self, number: int, place: int) -> Item | str:
        """Give what a link to leave is about: such a thing, all mail of a house, or of all."""
        return (ONE, OTHER, ALL)[place] if place < 3 else self.concerned(number, place)

    # What people do with mails

    @initialize(target=links, wanted=wishes, also=wishes, paused=st.booleans())
    def are_there(self, wanted: list[Item], also: list[Item], *, paused: bool) -> MultipleResults[Link]:
        """Two have asked for something when it begins; one has confirmed it, may have paused it, and asked for more."""
        link = self.sign_up(0, wanted)
        self.look(link)
        self.press(link)
        if paused:
            self.pause(0, 0, 3)
        return multiple(self.sign_up(0, also), self.sign_up(1, wanted))

    @rule(target=links, number=who, wanted=wishes)
    def sign_up(self, number: int, wanted: list[Item]) -> Link:
        person, house = self.later(number), wanted[0].house
        self.talk.sign_up(person.email, house, wanted)
        request = acts.sign_up(HOUSES, person, wanted, self.now)
        if any(item.topic in HOUSES[house].single for item in wanted):
            self.waiting.append((person, request))
        return self.talk.link(number, person.email, house, request)

    @rule(link=links)
    def look(self, link: Link) -> None:
        self.talk.look(link, self.later(link.person).email)

    @rule(link=links)
    def press(self, link: Link) -> None:
        person = self.later(link.person)
        status = self.talk.press(link, person.email)
        assert (status == 303) == acts.confirm(HOUSES, person, link, self.now), status

    @rule(link=links)
    def again(self, link: Link) -> None:
        person = self.later(link.person)
        is_sent = self.talk.again(link, person.email)
        request = acts.again(HOUSES, person, link, self.now)
        assert is_sent == (request is not None)
        if request:
            fresh = self.talk.link(link.person, person.email, link.house, request)
            link.request, link.path, link.sent_at = fresh.request, fresh.path, fresh.sent_at

    @rule(number=who, house=houses)
    def enter(self, number: int, house: str) -> None:
        person = self.later(number)
        if not self.talk.enter(person.email, house):
            self.talk.pass_(days=1)
            assert self.talk.enter(person.email, house)
        acts.enter(person, self.now)

    @rule(number=who, place=places, one_click=st.booleans())
    def leave_by_link(self, number: int, place: int, *, one_click: bool) -> None:
        if not (person := self.later(number)).has_account:
            return
        what, form = self.target(number, place), {"List-Unsubscribe": "One-Click"} if one_click else {}
        assert self.talk.post(self.talk.leave_path(person.email, what), **form) == 200
        acts.leave(HOUSES, person, covered(what), self.now)

    @rule(number=who, place=places, span=months)
    def pause_by_link(self, number: int, place: int, span: int) -> None:
        if not (person := self.later(number)).has_account:
            return
        what = self.target(number, place)
        assert self.talk.post(f"{self.talk.leave_path(person.email, what)}/instead", pause=str(span)) == 200
        for item in covered(what):
            acts.pause(person, item, acts.months_later(self.now, span), self.now, by_link=True)

    @rule(number=who, place=places)
    def less_by_link(self, number: int, place: int) -> None:
        item = self.agreed(number, place)
        if not (person := self.later(number)).has_account:
            return
        wanted = HOUSES[item.house].frequencies[item.topic][-1]
        self.talk.post(f"{self.talk.leave_path(person.email, item)}/instead", often=wanted)
        acts.often(HOUSES, person, item, wanted, self.now, by_link=True)

    @rule(number=who, really=rarely)
    def never(self, number: int, *, really: bool) -> None:
        person = self.later(number)
        if really:
            assert self.talk.never(person.email) == 200
            acts.never(person, self.now)

    # What they do in the centre

    def centre(self, number: int, *, enters: bool) -> Person | None:
        """Give somebody at the centre; None where no session is open, so that nothing must come of a press."""
        person = self.later(number)
        if enters and person.has_account and not person.is_in(self.now):
            self.enter(number, ONE)
            self.talk.pass_(seconds=7)
        return person if person.is_in(self.now) else None

    @rule(number=who, place=places, on=st.booleans(), site=st.sampled_from([ALL, None]), stale=rarely)
    def switch(self, number: int, place: int, site: str | None, *, on: bool, stale: bool) -> None:
        item = ITEMS[place % len(ITEMS)] if on else self.concerned(number, place)
        person = self.centre(number, enters=not stale)
        self.talk.push(self.people[number].email, site or item.house, set=f"{item}={'on' if on else 'off'}")
        if person:
            acts.turn(HOUSES, person, [item] if on else [], [] if on else [item], self.now)

    @rule(number=who, house=st.sampled_from([ONE, OTHER, "all"]))
    def leave_in_centre(self, number: int, house: str) -> None:
        if person := self.centre(number, enters=True):
            self.talk.push(person.email, ALL, leave=house)
            unwanted = [item for item in ITEMS if house in {"all", item.house}]
            acts.turn(HOUSES, person, [], unwanted, self.now)

    @rule(number=who, place=places, span=months)
    def pause(self, number: int, place: int, span: int) -> None:
        if person := self.centre(number, enters=True):
            item = self.agreed(number, place)
            self.talk.push(person.email, item.house, pause=f"{item}={span}")
            acts.pause(person, item, acts.months_later(self.now, span), self.now)

    @rule(number=who, place=places)
    def resume(self, number: int, place: int) -> None:
        if person := self.centre(number, enters=True):
            item = self.agreed(number, place)
            self.talk.push(person.email, item.house, resume=str(item))
            acts.resume(person, item, self.now)

    @rule(number=who, place=places, how=st.integers(0, 1))
    def choose_frequency(self, number: int, place: int, how: int) -> None:
        if person := self.centre(number, enters=True):
            item = self.agreed(number, place)
            wanted = (*HOUSES[item.house].frequencies[item.topic], "daily")[how]
            self.talk.push(person.email, item.house, often=f"{item}={wanted}")
            acts.often(HOUSES, person, item, wanted, self.now)

    @rule(number=who)
    def undo(self, number: int) -> None:
        if person := self.centre(number, enters=False):
            self.talk.undo(person.email)
            acts.undo(HOUSES, person, self.now)

    @rule(number=who, site=st.sampled_from([ONE, OTHER, ALL]))
    def lift_own(self, number: int, site: str) -> None:
        if person := self.centre(number, enters=True):
            self.talk.push(person.email, site, lift="1")
            acts.lift(person, None if site == ALL else site, self.now)

    # What staff, providers, other systems and the courier do, and time

    @rule(number=who, house=st.sampled_from([None, ONE, OTHER]), channel=st.sampled_from([None, "email", "push"]),
          reason=reasons)  # fmt: skip
    def suppress(self, number: int, house: str | None, channel: str | None, reason: str) -> None:
        person = self.later(number)
        lapses = self.now + acts.BOUNCE_LASTS if reason == "hard_bounce" else None
        stop = Stop(house, channel, reason, self.now, lapses)
        self.talk.suppress(person.email, stop)
        acts.suppress(person, stop, self.now)

    @rule(number=who, reason=st.sampled_from(["complaint", "hard_bounce"]), days_ago=st.sampled_from([0, 0, 2, 89, 95]))
    def report(self, number: int, reason: str, days_ago: int) -> None:
        person = self.later(number)
        stop = acts.reported(reason, self.now - timedelta(days=days_ago))
        self.talk.report(person.email, stop)
        person.stop(stop, self.now)

    @rule(number=who, reason=reasons)
    def lift_by_staff(self, number: int, reason: str) -> None:
        person = self.later(number)
        self.talk.lift(person.email, reason)
        for stop in person.stops:
            if stop.reason == reason and stop.stands(self.now):
                stop.lifted_at = self.now

    @rule(number=who, item=items, days=st.sampled_from([1, 30, 400]))
    def grant_until(self, number: int, item: Item, days: int) -> None:
        if not (person := self.later(number)).has_account:
            return
        until, version = self.now + timedelta(days=days), HOUSES[item.house].version(self.now.date())
        self.talk.grant_until(person.email, item, until, version)
        acts.grant_until(person, item, until, version, self.now)

    @rule(number=who, held=rarely)
    def restrict(self, number: int, *, held: bool) -> None:
        if (person := self.later(number)).has_account:
            self.talk.restrict(person.email, held=held)
            person.is_restricted = held

    @rule(number=who, really=rarely)
    def erase(self, number: int, *, really: bool) -> None:
        if (person := self.later(number)).has_account and really:
            self.talk.erase(person.email)
            person.forget()

    @rule()
    def admit(self) -> None:
        self.talk.pass_(seconds=7)
        assert len(self.talk.admit_all()) == len(self.waiting)
        for person, request in self.waiting:
            acts.admit(HOUSES, person, request, self.now)
        self.waiting.clear()

    @rule()
    def work(self) -> None:
        self.talk.pass_(seconds=7)
        self.talk.work()
        acts.end_by_date(self.people, self.now)
        acts.purge(self.people, self.now)

    @rule(span=spans)
    def time_passes(self, span: dict[str, int]) -> None:
        self.talk.pass_(**span)

    def judge(self, person: Person, item: Item) -> decision_table.Case:
        """Put what holds of an item into the words of the decision table."""
        return case(HOUSES, person, item, self.now)

    def differences(self) -> list[str]:
        """Tell where the application is not what the model is."""
        return compare.differences(self.talk, self.people, self.judge)

    @invariant()
    def all_is_alike(self) -> None:
        """Hold everything against the model, and every few steps one question over HTTP."""
        found = self.differences()
        self.steps += 1
        if self.steps % 5 == 0:
            person, item = self.people[self.steps % len(PEOPLE)], ITEMS[self.steps // 5 % len(ITEMS)]
            found += compare.over_http(self.talk, person, item, self.judge)
            self.counted["over_http"] += 1
        assert not found, "\n".join(found)
        self.counted["steps"] += 1
        self.counted["decisions"] += sum(2 if person.has_account else 1 for person in self.people) * len(ITEMS) + len(
            self.people
        )
        self.counted.update(compare.reasons(self.people, ITEMS, self.judge))
        self.counted["consents"] += sum(len(person.consents) for person in self.people)
