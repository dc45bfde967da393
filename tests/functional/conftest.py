"""Fixtures of the tests of mails, of accounts that ask for a code, and of documents that change."""

from datetime import timedelta

import pytest
import time_machine

from app.kit import clock
from tests import customers, documents, journeys
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


@pytest.fixture
def coming(group):
    """Give the group as it is once its privacy notice was announced to change in 20 days."""
    new = documents.version(documents.today() + timedelta(days=20), fr="D’autres mots.\n")
    return documents.with_version(group, new)


@pytest.fixture
def member_browser(client, env):
    """Give the browser of `customers.ANA`, who is with Camille for two things."""
    journeys.subscribe(client, env, customers.ANA, ["newsletter:email", "private-sales:email"])
    return client


@pytest.fixture
def news(env, member_browser, app, coming):
    """Let the change be published after she agreed; give the environment from then on."""
    with documents.published(env, coming, app) as changed:
        yield changed
