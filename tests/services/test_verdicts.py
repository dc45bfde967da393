"""Many decisions at once are what each would be alone; states there are more of in `test_decision_rows.py`."""

from __future__ import annotations

import pytest

from app.kit import clock
from app.kit.addresses import parse_email
from app.services import decisions, standing
from app.services.folding import Action
from app.services.items import items
from app.services.verdicts import verdicts
from tests import centres, journeys
from tests.post import new_address

NOW = {"document_version": "2999-01-01"}
STATES = {
    "camille:newsletter:email": [],
    "camille:new-collection:email": [Action.WITHDRAWN],
    "camille:new-collection:post": [Action.GRANTED],
    "camille:private-sales:sms": [Action.GRANTED],
    "vantour:newsletter:email": [Action.REFUSED],
    "vantour:care-and-repair:email": [Action.GRANTED, Action.EXPIRED],
    "folie-douze:drops:push": [Action.GRANTED],
}


@pytest.fixture
def email(client, env):
    """Give the address of somebody with an item in each state, one asked for, and many never spoken of."""
    email = new_address()
    journeys.subscribe(client, env, email)
    for item, actions in STATES.items():
        centres.record(env, email, item, *actions, **NOW)
    paused = {"attributes": {"paused_until": "2999-03-03T10:00:00+00:00"}}
    centres.record(env, email, "ostra:newsletter:email", Action.GRANTED, **NOW)
    centres.record(env, email, "maison-brume:newsletter:email", Action.GRANTED, document_version="2001-01-01")
    centres.record(env, email, "ostra:newsletter:email", Action.PAUSED, **paused)
    ended = {"attributes": {"expires_at": "2020-03-03T10:00:00+00:00"}}
    centres.record(env, email, "sol-y-lino:newsletter:email", Action.GRANTED, **ended, **NOW)
    journeys.sign_up(client, email, ["newsletter:email"], "kestrel-row")
    return email


def compare(session, env, email):
    """Decide about every item both ways; give the reasons where they agree, and fail where they don't."""
    account = owner(session, env, email)
    now, found = clock.now(), set()
    many = verdicts(session, account.id, list(items(session)), "camille")
    for item in items(session):
        brand = env.group.brands[item.brand or "camille"]
        rules = decisions.rules_for(env.group, brand, item, now.date())
        alone = decisions.decide(rules, decisions.ask(env, item, brand.slug, account.id, now), now)
        assert many[item.id] == alone, item
        found.add(alone.reason.value)
    return found


def owner(session, env, email):
    person = standing.find(session, parse_email(email))
    assert person.account
    return person.account


def test_all_at_once_is_one_by_one(session, env, email):
    assert compare(session, env, email) == {
        "granted", "withdrawn", "refused", "expired", "paused", "pending", "never_asked", "unverified_contact",
        "reconsent_required", "legitimate_interest",
    }  # fmt: skip


def test_of_a_house_that_is_gone_everything_is_retired(session, env, email, monkeypatch):
    account = owner(session, env, email)
    gone = [item for item in items(session) if item.brand == "ostra"]
    monkeypatch.delitem(env.group.brands, "ostra")
    found = verdicts(session, account.id, gone, "camille")
    assert {each.reason.value for each in found.values()} == {"retired"}


def test_nothing_wanted_asks_nothing(session, env, email):
    assert verdicts(session, owner(session, env, email).id, [], "camille") == {}
