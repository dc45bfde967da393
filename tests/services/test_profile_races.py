"""Something is switched on by post while the postal address goes: nobody is left with the one and not the other."""

from __future__ import annotations

import pytest

from app.errors import NotOffered
from app.flows import preferences, profile
from app.services import ledger
from app.services import profile as fields
from app.services.folding import Status
from app.services.items import items
from tests.post import new_address
from tests.services.test_address_races import FORM, at_once, join, look_slowly_and_lock_nothing

ROUNDS = 8
ADDRESS = {"street": ["12 rue du Port"], "postal_code": "29200", "city": "Brest", "country": "FR"}


@pytest.fixture
def env(committing_env):
    return committing_env


def outcomes(env):
    """Let both happen at once, some times; tell after which something comes by post and whether there is an address."""
    camille, field = env.group.brands["camille"], env.group.profile_field("postal-address")
    with env.database.transaction() as session:
        book = items(session).subscription("camille", "new-collection", "post")
    found = set()
    for _ in range(ROUNDS):
        account = join(env, new_address())
        env.database.write(lambda session, who=account: profile.keep(session, camille, who, field, ADDRESS, FORM))

        def switch_on(session, who=account):
            try:
                preferences.change(session, who, {book: True}, FORM)
            except NotOffered:
                return False
            return True

        at_once(env, switch_on, lambda session, who=account: profile.remove(session, camille, who, field.key, FORM))
        with env.database.transaction() as session:
            state = ledger.present(session, account).get(book.id)
            is_on = state is not None and state.status is Status.GRANTED
            found.add((is_on, fields.has_address(session, account)))
    return found


def test_nothing_comes_by_post_without_an_address(env):
    assert outcomes(env) == {(False, False)}


def test_without_the_lock_it_can_come(env, monkeypatch):
    look_slowly_and_lock_nothing(monkeypatch)
    assert (True, False) in outcomes(env)
