"""Holds the application against the model where people come and go: accounts, numbers, sessions."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from app.db import Session
from app.kit.addresses import parse_phone
from app.services import batches, decisions
from tests import decision_table
from tests.talk.house import Item
from tests.talk.lives import SIGNED_IN, THINGS, Customer, World
from tests.talk.model import Person, is_open
from tests.talk.model import Session as Held
from tests.talk.real_lives import LivesTalk

Judge = Callable[[Person, Item], decision_table.Case]


def differences(talk: LivesTalk, world: World, judge: Judge, known: dict[int, uuid.UUID]) -> list[str]:
    """Tell where accounts, numbers and sessions are not what the model has.

    `known` has which account somebody had when they were looked at last, by their place in memory; it is kept up.
    """
    with talk.env.database.transaction() as session:
        accounts = talk.accounts(session, [person.email for person in world.people])
        if len(accounts) != sum(person.has_account for person in world.people):
            return []  # told already
        return [
            *_of_accounts(talk, session, world, accounts, known),
            *_of_numbers(talk, session, world, judge),
            *_of_sessions(talk, session, world, accounts),
        ]


def _of_accounts(
    talk: LivesTalk, session: Session, world: World, accounts: dict[str, uuid.UUID], known: dict[int, uuid.UUID]
) -> list[str]:  # fmt: skip
    wanted = {
        accounts[person.email]: (
            "full" if person.is_full else "lite",
            "restricted" if person.is_restricted else "active",
            person.has_postal,
            (talk.env.digester.newest(parse_phone(person.number)),) if person.number else (),
        )
        for person in world.people
        if person.has_account
    }
    got = talk.standing(session)
    found = [] if got == wanted else [f"accounts are {got}, not {wanted}"]
    # Whoever is known stays the same account, wherever they move and whatever they become, until they are erased.
    for person in world.people:
        if person.has_account:
            before = known.setdefault(id(person), accounts[person.email])
            found += [] if before == accounts[person.email] else [f"{person.email} is another account than before"]
        else:
            known.pop(id(person), None)
    return found


def _of_numbers(talk: LivesTalk, session: Session, world: World, judge: Judge) -> list[str]:
    """Ask about texts by number, many at once and, of one item after the other, one by one."""
    asked, texts = [parse_phone(number) for number in world.numbers], [i for i in THINGS if i.channel == "sms"]
    found, alone = [], texts[int(talk.now.timestamp()) % len(texts)]
    for item in texts:
        question = talk.question(item)
        batch = batches.facts_of_all(session, question.item, item.house, asked, talk.now)
        for number, address, facts in zip(world.numbers, asked, batch, strict=True):
            stranger = Customer("", number=number, said_of_number=world.numbers[number])
            wanted = decision_table.answer(judge(world.whose(number) or stranger, item))
            told = [facts]
            if item == alone:
                told.append(decisions.ask(talk.env, question.item, item.house, address, talk.now))
            answers = [decisions.decide(question.rules, each, talk.now) for each in told]
            found += [
                f"{number} {item}: a decision is {got.reason}, not {wanted[1]}"
                for got in answers
                if (got.allowed, got.reason) != wanted
            ]
    return found


def _of_sessions(talk: LivesTalk, session: Session, world: World, accounts: dict[str, uuid.UUID]) -> list[str]:
    found = []
    for person in world.people:
        for elsewhere, held in ((False, person.session), (True, person.elsewhere)):
            got = talk.session_kind(session, person.email, elsewhere=elsewhere)
            wanted = (_kind(held), accounts[person.email]) if held and is_open(held, talk.now) else None
            found += [] if got == wanted else [f"{person.email}: a session is {got}, not {wanted}"]
    return found


def _kind(session: Held) -> str:
    return "full" if session.lasts == SIGNED_IN else "preference"
