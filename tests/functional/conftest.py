"""Fixtures of the tests of mails."""

import pytest

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
