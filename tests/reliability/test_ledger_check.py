"""The judge of the other trials finds what it is there for."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import update

from app.kit import clock
from app.kit.addresses import parse_email
from app.kit.provenance import PERSON, Provenance, Source
from app.models import Account, Consent, OptInItem
from app.services import accounts, consents, ledger, notices, opt_in
from app.services.consents import Grant
from app.services.items import items
from app.services.ledger import FIRST_MAC
from app.services.locks import lock_address
from tests.reliability import ledger_check

ORIGIN = Provenance(PERSON, Source.FORM)


class Story:
    """One person who signs up, leaves, and comes back."""

    def __init__(self, env, session):
        self.env, self.session = env, session
        self.locked = lock_address(session, parse_email("ana@example.com"))
        self.item = items(session).subscription("camille", "newsletter", "email")
        self.seen = notices.keep(session, env.group.brands["camille"], [self.item], "en")
        self.account = accounts.create_lite(session, self.locked.digest, "en", verified_at=clock.now())

    def join(self, asked_at=None):
        grant = Grant(self.item, self.seen[self.item.id], is_confirmed=True, asked_at=asked_at or clock.now())
        consents.grant(self.session, self.account, [grant], ORIGIN)

    def leave(self):
        consents.withdraw(self.session, self.account, [self.item], ORIGIN)

    def breaches(self):
        self.session.commit()
        return [each.partition(": ")[2] or each for each in ledger_check.judge(self.env).breaches]


@pytest.fixture
def story(env, session):
    return Story(env, session)


def test_a_rightful_story_has_no_breach(story):
    story.join()
    story.leave()
    story.join()
    assert story.breaches() == []


def test_a_request_older_than_the_leaving_is_found(story):
    story.join()
    story.leave()
    story.join(asked_at=clock.now() - timedelta(hours=1))
    assert story.breaches() == [f"line 3 revives item {story.item.id} after a later leaving"]


def test_a_consent_that_no_line_tells_of_is_found(story):
    story.join()
    story.session.execute(update(Consent).values(status="withdrawn"))
    assert story.breaches() == [f"consent {story.item.id} is not the fold of its lines"]


def test_a_line_written_without_the_key_is_found(story, monkeypatch):
    story.join()
    monkeypatch.setattr(ledger, "mac", lambda *_: bytes(32))
    story.leave()
    monkeypatch.undo()
    assert story.breaches() == ["line 2 does not fit its mac"]


def test_a_missing_line_is_found(story):
    story.account.last_sequence += 1
    story.join()
    assert story.breaches() == ["line 1 is missing"]


def test_a_head_that_is_not_the_last_line_is_found(story):
    story.join()
    story.session.flush()
    story.session.execute(update(Account).values(last_sequence=7))
    assert story.breaches() == ["its head is not its last line"]


def test_a_second_account_for_an_address_is_found(story):
    now = clock.now()
    story.session.add(Account(
        id=uuid.uuid4(), kind="lite", status="active", locale="en", profile={}, created_at=now, registered_at=None,
        last_seen_at=None, last_sequence=0, last_mac=FIRST_MAC,
    ))  # fmt: skip
    assert story.breaches() == ["2 accounts for 1 addresses"]


def test_an_item_both_cancelled_and_confirmed_is_found(story):
    wanted = {story.item.id: story.seen[story.item.id]}
    opt_in.ask(story.session, story.locked.digest, "camille", wanted, ORIGIN, story.account.id)
    story.session.execute(update(OptInItem).values(cancelled_at=clock.now(), confirmed_at=clock.now()))
    assert story.breaches() == [f"item {story.item.id} is both cancelled and confirmed"]
