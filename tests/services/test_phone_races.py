"""Texts are switched on while the number goes: nobody is left with the one and not the other."""

from __future__ import annotations

import itertools

import pytest
from sqlalchemy import delete

from app.errors import NotOffered
from app.flows import phone, preferences
from app.kit.addresses import parse_phone
from app.models import AttemptRow, Message
from app.services import ledger, phones
from app.services.folding import Status
from app.services.items import items
from tests.post import new_address
from tests.services.test_address_races import FORM, at_once, join, look_slowly_and_lock_nothing

ROUNDS = 6
fresh = itertools.count(10)


@pytest.fixture
def env(committing_env):
    return committing_env


def entering(env, account, number):
    """Have a code sent; give the act of typing it."""
    with env.database.transaction() as session:
        session.execute(delete(AttemptRow))
        session.execute(delete(Message).where(Message.kind == "phone_code"))
    env.database.write(lambda session: phone.ask(session, env.group, account, number, FORM))
    with env.database.transaction() as session:
        code = phones.code_of(session, account, phones.waiting(session, account).message_id)
    return lambda session: phone.enter(session, env.group, account, code, FORM)


def removed(env, account, _number):
    """Take the number away oneself."""
    return lambda session: phone.remove(session, env.group.brands["camille"], account, FORM)


def lost(env, _account, number):
    """Lose it to somebody who proves it."""
    return entering(env, join(env, new_address()), number)


def outcomes(env, going):
    """Let both happen at once, some times; tell after which texts are on and whether there is a number."""
    with env.database.transaction() as session:
        texts = items(session).subscription("camille", "private-sales", "sms")
    found = set()
    for _ in range(ROUNDS):
        account, number = join(env, new_address()), parse_phone(f"+336123456{next(fresh)}")
        assert env.database.write(entering(env, account, number)) == "proved"

        def switch_on(session, who=account):
            try:
                preferences.change(session, who, {texts: True}, FORM)
            except NotOffered:
                return False
            return True

        at_once(env, switch_on, going(env, account, number))
        with env.database.transaction() as session:
            state = ledger.present(session, account).get(texts.id)
            is_on = state is not None and state.status is Status.GRANTED
            found.add((is_on, phones.digest_of(session, account) is not None))
    return found


@pytest.mark.parametrize("going", [removed, lost])
def test_no_text_is_agreed_to_without_a_number(env, going):
    assert outcomes(env, going) == {(False, False)}


@pytest.mark.parametrize("going", [removed, lost])
def test_without_the_lock_it_can_be(env, monkeypatch, going):
    look_slowly_and_lock_nothing(monkeypatch)
    assert (True, False) in outcomes(env, going)
