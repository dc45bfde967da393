"""After years without a word somebody is asked whether all is still right; any answer counts, silence ends it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select, update

from app.branding.models import CheckIn as Settings
from app.courier import check_ins as courier
from app.kit import clock
from app.kit.provenance import Actor, ActorKind, Provenance, Source
from app.models import Account, CheckIn, Consent, ConsentEvent, ContactPoint, Message
from app.services import consents, tokens
from app.services.folding import Action
from app.services.items import items
from app.services.locks import lock_account
from app.services.suppressions import Reason, Scope
from tests import journeys
from tests.letters import outcome, suppress
from tests.post import mails_to

ANA = "ana@example.com"
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


def rounds(env, outbox=None):
    """Do a round, and deliver its mails; give what it counted."""
    counted = dict(courier.run(env))
    for message in mails_to(env, ANA) if outbox is not None else []:
        if message.kind.startswith("check_in") and message.state == "queued":
            outcome(env, outbox, message)
    return counted


def row(session):
    return session.scalars(select(CheckIn).execution_options(populate_existing=True)).one()


def actions(session):
    rows = session.execute(select(ConsentEvent.action, ConsentEvent.source).order_by(ConsentEvent.sequence))
    return [tuple(row) for row in rows]


def link(env, session):
    asked = row(session)
    return journeys.path(env, tokens.check_in_link(session, asked.brand, asked.account_id, asked.id))


def keep(browser, path):
    shown = browser.get(path).text
    words = re.search(r'name="words" value="([^"]+)"', shown)[1]
    return browser.post(path, data={"keep": "all", "words": words})


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


def test_keeping_is_one_press_and_twice_is_as_good_as_once(ana, stranger, env, session, travel, outbox):
    rounds(env, outbox)
    travel.shift(timedelta(days=20))
    before = {each.item_id: (each.granted_at, each.confirmed_at) for each in session.scalars(select(Consent))}
    path = link(env, session)
    answer = keep(stranger, path)
    assert "You kept this on 24 March 2028" in answer.text
    assert "Set-Cookie" not in answer.headers
    assert stranger.post(path, data={"keep": "all", "words": "anything"}).status_code == 200
    assert actions(session)[2:] == [("renewed", "check_in")] * 2
    session.expire_all()
    assert before == {each.item_id: (each.granted_at, each.confirmed_at) for each in session.scalars(select(Consent))}
    travel.shift(timedelta(days=60))
    assert rounds(env, outbox) == {}
    travel.move_to(datetime(2030, 3, 25, tzinfo=UTC))
    assert rounds(env, outbox) == {"asked": 1}


def test_the_words_of_the_page_are_kept_and_told_in_the_history(ana, stranger, env, session, outbox):
    rounds(env, outbox)
    shown = stranger.get(link(env, session)).text
    keep(stranger, link(env, session))
    centre = open_centre(stranger, env, session)
    history = centre.get("/camille/preferences/history").text
    assert "You kept" in history
    words = re.findall(r"<details class=\"seen\">.*?<div[^>]*>(.*?)</div>", history, re.DOTALL)[0]
    kept = re.findall("<p>(.*?)</p>", words)
    assert kept[0] == "Keep all of this"
    assert all(line in shown for line in kept)


def open_centre(client, env, session):
    """Come to the centre by a link from a mail."""
    journeys_link = client.get("/camille/preferences/link").text
    client.post("/camille/preferences/link", data={"email": ANA, "csrf_token": journeys.form_token(journeys_link)})
    client.post(journeys.access_path(env, ANA))
    return client


def test_an_expiry_of_its_own_stays(ana, stranger, env, session, outbox):
    until = clock.now() + timedelta(days=100)
    account = session.scalars(select(Account)).one()
    item = items(session).subscription("camille", "newsletter", "email")
    session.execute(update(Consent).where(Consent.item_id == item.id).values(expires_at=until))
    rounds(env, outbox)
    keep(stranger, link(env, session))
    session.expire_all()
    assert session.get(Consent, (account.id, item.id)).expires_at == until


def test_what_the_page_shows_must_be_what_is_kept(ana, stranger, env, session, outbox):
    rounds(env, outbox)
    path = link(env, session)
    answer = stranger.post(path, data={"keep": "all", "words": "spoilt"})
    assert "This has changed meanwhile" in answer.text
    assert row(session).outcome == "open"


@pytest.mark.parametrize("method", ["get", "head"])
def test_opening_the_link_is_no_answer(ana, stranger, env, session, travel, outbox, method):
    rounds(env, outbox)
    assert getattr(stranger, method)(link(env, session)).status_code == 200
    travel.shift(timedelta(days=14))
    assert rounds(env, outbox) == {"remind": 1}


def test_less_of_one_thing_answers_for_all(ana, stranger, env, session, travel, outbox):
    rounds(env, outbox)
    path = link(env, session)
    item = items(session).subscription("camille", "newsletter", "email")
    assert f'value="{item.id}=monthly"' in stranger.get(path).text
    for _ in range(2):
        stranger.post(path, data={"often": f"{item.id}=monthly"})
    told = stranger.post(path, data={"pause": f"{item.id}=3"}).text
    assert "paused until" in told
    assert actions(session)[2:] == [("changed", "check_in"), ("paused", "check_in")]
    travel.shift(timedelta(days=14))
    assert rounds(env, outbox) == {"answered": 1}
    assert row(session).outcome == "changed"
    assert journeys.decision(env, ANA, "private-sales") == "granted"


def test_leaving_one_thing_or_all_is_as_easy_as_keeping(ana, stranger, env, session, travel, outbox):
    rounds(env, outbox)
    path = link(env, session)
    item = items(session).subscription("camille", "newsletter", "email")
    told = stranger.post(path, data={"leave": str(item.id)}).text
    assert "You will not get" in told
    assert f'name="leave" value="{item.id}"' not in told
    assert "You have left" in stranger.post(path, data={"leave": "all"}).text
    assert {action for action, _ in actions(session)[2:]} == {"withdrawn"}
    travel.shift(timedelta(days=14))
    rounds(env, outbox)
    assert row(session).outcome == "left"


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


def test_after_the_end_the_link_says_so_kindly_and_leads_on(ana, stranger, env, session, travel, outbox):
    rounds(env, outbox)
    path = link(env, session)
    for days in (14, 30):
        travel.shift(timedelta(days=days))
        rounds(env, outbox)
    answer = stranger.post(path, data={"keep": "all", "words": ""})
    assert (answer.status_code, "We asked you on 4 March 2028" in answer.text) == (410, True)
    assert 'href="/camille/"' in answer.text
    assert journeys.decision(env, ANA) == "expired"
    centre = open_centre(stranger, env, session).get("/camille/preferences").text
    assert "It ended on 17 April 2028, as we asked on 4 March 2028 and heard nothing." in centre
    assert "since we asked you on 4 March 2028 and heard nothing" in stranger.get("/camille/preferences/history").text
    travel.shift(timedelta(days=400))
    assert stranger.get(path).status_code == 410


def test_what_was_kept_is_told_in_the_centre(ana, stranger, env, session, outbox):
    rounds(env, outbox)
    keep(stranger, link(env, session))
    assert "You kept this on 4 March 2028." in open_centre(stranger, env, session).get("/camille/preferences").text


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
