"""The state machine with what houses ask of people: new documents, check-ins; and what they buy."""

from __future__ import annotations

import inspect
from collections.abc import Collection
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.talk import acts, asked
from tests.talk.house import Item
from tests.talk.houses import HOUSES, ONE
from tests.talk.machine import TalkMachine, places, rarely, who
from tests.talk.real_asked import AskingTalk


class AskedMachine(TalkMachine):
    """The machine with all rules."""

    talk: AskingTalk

    @rule(number=who, says_yes=st.booleans())
    def answer(self, number: int, *, says_yes: bool) -> None:
        """Answer whether things go on under a new notice."""
        if person := self.centre(number, enters=True):
            is_asked = bool(asked.concerned(HOUSES, person, ONE, self.now))
            assert self.talk.answer(person.email, ONE, "yes" if says_yes else "no") == is_asked
            (asked.agree if says_yes else asked.disagree)(HOUSES, person, ONE, self.now)

    @rule(number=who, days_ago=st.sampled_from([0, 30, 200, 400]))
    def buy(self, number: int, days_ago: int) -> None:
        person, item = self.later(number), Item(ONE, "new-collection", "email")
        at = self.now - timedelta(days=days_ago)
        self.talk.buy(person.email, item, at)
        asked.buy(HOUSES, person, item, at, self.now)

    @rule(span=st.sampled_from([0, 15, 31, 400]))
    def ask(self, span: int) -> None:
        """Do the round of a night, perhaps some time later."""
        self.talk.pass_(days=span, seconds=7)
        self.talk.ask()
        asked.check_in(HOUSES, self.people, self.now)

    @precondition(lambda self: any(person.check_ins for person in self.people))
    @rule(number=who, place=places, leaves=rarely)
    def answer_check_in(self, number: int, place: int, *, leaves: bool) -> None:
        person = self.later(number)
        if not person.check_ins:
            return
        place %= len(person.check_ins)
        path, each = self.talk.check_in_path(person.email, place), person.check_ins[place]
        if leaves:
            self.talk.leave_asked(path)
            acts.leave(HOUSES, person, asked.still_held(person, each, self.now), self.now)
        else:
            self.talk.keep(path)
            asked.keep(person, each, self.now)

    def differences(self) -> list[str]:
        """Compare also what came of check-ins."""
        found = super().differences()
        for person in self.people:
            wanted = [each.outcome.replace(" ", "_") for each in person.check_ins]
            got = self.talk.outcomes(person.email) if person.check_ins else []
            found += [f"{person.email}: check-ins are {got}, not {wanted}"] if got != wanted else []
        self.counted["check_ins"] += sum(len(person.check_ins) for person in self.people)
        return found


def keeping_to(machine: type[TalkMachine], names: Collection[str]) -> type[TalkMachine]:
    """Give a machine that has only some of the rules; the others are plain methods of it."""
    marked = {name: getattr(each, "hypothesis_stateful_rule", None) for name, each in inspect.getmembers(machine)}
    plain = {name: mark.function for name, mark in marked.items() if mark and name not in names}
    return type(machine.__name__, (machine,), plain)
