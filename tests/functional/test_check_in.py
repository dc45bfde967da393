"""After years without a word somebody is asked whether all is still right; any answer counts, silence ends it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select, update

from app.branding.models import CheckIn as Settings
from app.courier import check_ins as courier
from app.kit import clock
from app.kit.provenance import Actor, ActorKind, Provenance, Source
from app.models import Account, Consent, ConsentEvent, ContactPoint, Message
from app.services import check_in_rulings, consents
from app.services.folding import Action
from app.services.items import items
from app.services.locks import lock_account
from app.services.suppressions import Reason, Scope
from tests import journeys
from tests.check_ins import ANA, actions, keep, link, open_centre, rounds, row
from tests.letters import outcome, suppress
from tests.post import mails_to

START = datetime(2026, 3, 3, 10, tzinfo=UTC)


@pytest.fixture
def travel():
    with time_machine.travel(START, tick=False) as moved:
        yield moved


@pytest.fixture
def ana(travel, client, env):
    """Let Ana confirm two things of Camille, and 24 months and a day pass."""
    journeys.subscribe(client, env, ANA, ["newsletter:email", "private-sales:email"])
    travel.move_to(datetime(2028, 3, 4, 3, tzinfo=UTC))
    return client


@pytest.fixture
def stranger(app):
    """Give a browser without any session."""
    return app.test_client()


def test_who_did_nothing_for_so_many_calendar_months_is_asked_once(ana, env, session, travel, outbox):
    travel.move_to(datetime(2028, 3, 3, 9, 59, tzinfo=UTC))
    assert rounds(env) == {}
    travel.move_to(datetime(2028, 3, 3, 10, 1, tzinfo=UTC))
    assert rounds(env, outbox) == {"asked": 1}
    assert rounds(env, outbox) == {}
    travel.shift(timedelta(days=13))
    assert rounds(env, outbox) == {}
    assert [each.kind for each in mails_to(env, ANA)][-1] == "check_in"
    assert len(outbox.mails) == 1
    assert (row(session).brand, len(row(session).item_ids)) == ("camille", 2)


def test_silence_is_reminded_once_and_then_ends_what_was_asked_about(ana, env, session, travel, outbox):
    rounds(env, outbox)
    travel.shift(timedelta(days=14))
    assert rounds(env, outbox) == {"remind": 1}
    travel.shift(timedelta(days=29))
    assert rounds(env, outbox) == {}
    assert journeys.decision(env, ANA) == "granted"
    travel.shift(timedelta(days=1))
    assert rounds(env, outbox) == {"expire": 1}
    assert journeys.decision(env, ANA) == "expired"
    assert actions(session)[2:] == [("expired", "system")] * 2
    why = session.scalars(select(ConsentEvent.attributes).where(ConsentEvent.action == "expired")).first()
    assert why == {"cause": "check_in", "asked_at": row(session).asked_at.isoformat()}
    assert rounds(env, outbox) == {}
    assert [mail.subject for mail in outbox.mails] == [
        "Is this still right? What you get from Camille", "Shall this go on? It ends on 17 April 2028"
    ]  # fmt: skip
    travel.shift(timedelta(days=1000))
    assert rounds(env, outbox) == {}


def test_the_mail_tells_what_one_gets_until_when_and_four_ways(ana, env, outbox):
    rounds(env, outbox)
    mail = outbox.parsed()
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "/camille/unsubscribe/" in mail["List-Unsubscribe"]
    for part in (mail.get_body(("plain",)).get_content(), mail.get_body(("html",)).get_content()):
        text = " ".join(part.split())
        assert "Weekly, by e-mail: yes, since 3 March 2026." in text
        assert "17 April 2028" in text
        for way in ("/camille/check-in/", "?lang=en#less", "/camille/manage/", "/camille/unsubscribe/"):
            assert way in text


@pytest.mark.parametrize("act", ["leave", "confirm", "sign_in"])
def test_any_act_since_is_an_answer(ana, stranger, env, session, travel, outbox, act):
    rounds(env, outbox)
    travel.shift(timedelta(days=3))
    if act == "leave":
        stranger.post(journeys.unsubscribe_path(env, ANA, item="private-sales:email"))
    elif act == "confirm":
        journeys.subscribe(stranger, env, ANA, ["newsletter:email"], "sol-y-lino")
    else:
        open_centre(stranger, env, session)
    travel.shift(timedelta(days=11))
    assert rounds(env, outbox) == {"answered": 1}
    assert journeys.decision(env, ANA) == "granted"


@pytest.mark.parametrize("act", ["change", "sign_in", "noted"])
def test_an_act_in_between_begins_the_months_anew(ana, stranger, env, session, travel, act):
    travel.move_to(datetime(2027, 1, 1, tzinfo=UTC))
    if act == "change":
        stranger.post(journeys.unsubscribe_path(env, ANA, item="private-sales:email"))
    elif act == "sign_in":
        open_centre(stranger, env, session)
    else:
        note_by_a_client(env, session)
    travel.move_to(datetime(2028, 3, 4, tzinfo=UTC))
    assert rounds(env) == {}
    travel.move_to(datetime(2029, 1, 2, tzinfo=UTC))
    assert rounds(env) == {"asked": 1}


def note_by_a_client(env, session):
    """Let a system of the house note once more that Ana said yes, as it would with evidence."""
    locked = lock_account(session, session.scalar(select(Account.id)))
    account = locked.account(session)
    item = items(session).subscription("camille", "newsletter", "email")
    state = consents.running(session, account.id, item)
    came = Provenance(Actor(ActorKind.CLIENT, "till"), Source.API)
    consents.adjust(session, account, item, state, Action.RENEWED, {}, came)


@pytest.mark.parametrize("why", ["suppressed", "suppressed by the house", "unverified", "paused", "restricted", "left"])
def test_who_cannot_be_asked_is_not_and_nothing_of_theirs_runs_out(ana, stranger, env, session, travel, outbox, why):
    hinder(env, session, stranger, why)
    for _ in range(4):
        assert "asked" not in rounds(env, outbox)
        travel.shift(timedelta(days=31))
    assert "expired" not in {action for action, _ in actions(session)}


def hinder(env, session, stranger, why):
    if why.startswith("suppressed"):
        suppress(env, ANA, Reason.COMPLAINT, Scope("camille") if "house" in why else Scope())
    elif why == "unverified":
        session.execute(update(ContactPoint).values(verified_at=None))
    elif why == "paused":
        session.execute(update(Consent).values(paused_until=clock.now() + timedelta(days=365)))
    elif why == "restricted":
        session.execute(update(Account).values(status="restricted"))
    else:
        stranger.post(journeys.unsubscribe_path(env, ANA))


def test_what_a_mail_may_not_have_reached_does_not_run_out(ana, env, session, travel, outbox):
    rounds(env)
    message = mails_to(env, ANA)[-1]
    travel.shift(timedelta(days=14))
    assert rounds(env) == {"wait": 1}, "it has not left yet"
    session.execute(update(Message).where(Message.id == message.id).values(state="dead"))
    travel.shift(timedelta(days=1))
    assert rounds(env) == {"call_off": 1}
    assert rounds(env) == {}
    travel.shift(timedelta(days=91))
    assert rounds(env) == {"asked": 1}, "after a rest it is tried once more"


def test_who_is_mailed_late_has_as_long_to_answer(ana, env, session, travel, outbox):
    rounds(env, outbox)
    travel.shift(timedelta(days=14))
    assert rounds(env) == {"remind": 1}
    for _ in range(40):  # no mail leaves for so many days
        travel.shift(timedelta(days=1))
        assert rounds(env) in ({}, {"wait": 1})
    late = mails_to(env, ANA)[-1]
    outcome(env, outbox, late)
    assert outbox.mails[-1].subject == "Shall this go on? It ends on 27 May 2028"
    travel.shift(timedelta(days=1))
    assert rounds(env) == {"wait": 1}
    travel.shift(timedelta(days=28))
    assert rounds(env) == {}
    assert journeys.decision(env, ANA) == "granted"
    travel.shift(timedelta(days=1))
    assert rounds(env) == {"expire": 1}
    assert clock.now().date().isoformat() == "2028-05-27"


def test_who_was_asked_late_is_reminded_late(ana, env, session, travel, outbox):
    rounds(env)
    travel.shift(timedelta(days=13))
    outcome(env, outbox, mails_to(env, ANA)[-1])
    travel.shift(timedelta(days=1))
    assert rounds(env) == {"wait": 1}
    travel.shift(timedelta(days=13))
    assert rounds(env, outbox) == {"remind": 1}


def test_what_is_long_over_is_purged_once_nothing_asks_for_it(ana, env, session, travel, outbox):
    rounds(env, outbox)
    travel.shift(timedelta(days=3_000))
    assert check_in_rulings.purge(session) == 0, "it is open"
    rounds(env, outbox)
    travel.shift(timedelta(days=30))
    assert rounds(env) == {"expire": 1}
    travel.move_to(clock.shifted(clock.now(), 24))
    assert check_in_rulings.purge(session) == 0, "the next one may depend on it"
    travel.shift(timedelta(seconds=1))
    assert [check_in_rulings.purge(session) for _ in range(2)] == [1, 0]
    assert actions(session)[-1] == ("expired", "system")


def test_a_bounce_after_the_reminder_calls_it_off(ana, env, session, travel, outbox):
    rounds(env, outbox)
    travel.shift(timedelta(days=14))
    rounds(env, outbox)
    travel.shift(timedelta(days=29))
    suppress(env, ANA, Reason.HARD_BOUNCE)
    travel.shift(timedelta(days=1))
    assert rounds(env, outbox) == {"call_off": 1}
    session.expire_all()
    assert set(session.scalars(select(Consent.status))) == {"granted"}


def test_a_mail_that_waits_says_nothing_to_who_has_answered(ana, stranger, env, session, outbox, travel):
    rounds(env)
    travel.shift(timedelta(minutes=1))
    keep(stranger, link(env, session))
    assert outcome(env, outbox, mails_to(env, ANA)[-1]) == ("dropped", "answered")


def test_who_is_with_several_houses_is_asked_by_the_group(ana, env, session, travel, outbox, client):
    travel.move_to(START)
    journeys.subscribe(client, env, ANA, ["newsletter:email"], "sol-y-lino")
    travel.move_to(datetime(2028, 3, 4, tzinfo=UTC))
    rounds(env, outbox)
    assert row(session).brand == "luxe"
    assert outbox.mails[-1].sender_name == "LÜXE"
    assert "Sol y Lino: " in outbox.mails[-1].text


def test_a_group_that_does_not_want_it_asks_nobody(ana, env, monkeypatch):
    monkeypatch.setattr(type(env.group), "check_in", None, raising=False)
    object.__setattr__(env, "group", env.group.model_copy(update={"check_in": None}))
    assert rounds(env) == {}
    assert courier.rehearse(env) == ({}, {})


def test_a_day_has_its_share(travel, client, env, app):
    for number in range(3):
        journeys.subscribe(app.test_client(), env, f"ana{number}@example.com")
    travel.move_to(datetime(2028, 3, 4, tzinfo=UTC))
    few = Settings(after_months=24, mails_a_day=2)
    object.__setattr__(env, "group", env.group.model_copy(update={"check_in": few}))
    assert [dict(courier.run(env)), dict(courier.run(env))] == [{"asked": 2}, {}]
    assert dict(courier.run(env, at_most=5)) == {"asked": 1}
