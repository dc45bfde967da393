"""Fixtures of the tests of mails, and of accounts that ask for a code."""

import pytest
import time_machine

from app.kit import clock
from tests import customers
from tests.letters import Outbox, make_member
from tests.post import new_address


@pytest.fixture
def outbox():
    return Outbox()


@pytest.fixture
def someone():
    return new_address()


@pytest.fixture
def member(env, someone):
    """Give the address of a person who confirmed Camille's newsletter and private sales."""
    make_member(env, someone)
    return someone


@pytest.fixture
def time():
    """Give a clock that stands still until a test moves it."""
    with time_machine.travel(clock.now(), tick=False) as travel:
        yield travel


@pytest.fixture
def ana(client, env, time):
    """Give somebody whose account asks for a code: `customers.ANA`, signed in, with her app and recovery codes."""
    customers.register(client, env, customers.ANA)
    ana = customers.Protected(client, *customers.protect(client))
    time.shift(30)
    return ana
