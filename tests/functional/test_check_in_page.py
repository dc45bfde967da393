"""Behind the link of a check-in: opening it does nothing, one press keeps, lessens or leaves."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select, update

from app.kit import clock
from app.models import Account, Consent
from app.services.items import items
from tests import journeys
from tests.check_ins import ANA, actions, keep, link, open_centre, rounds, row

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


def test_leaving_ends_what_was_asked_for_once_more_too(ana, stranger, env, session, outbox):
    rounds(env, outbox)
    journeys.sign_up(stranger, ANA)
    again = journeys.confirmation_path(env, ANA)
    stranger.post(link(env, session), data={"leave": "all"})
    assert stranger.post(again).status_code == 410
    assert journeys.decision(env, ANA) == "withdrawn"


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


def test_a_use_of_data_is_asked_about_and_kept_as_well(ana, stranger, env, session, travel, outbox):
    travel.move_to(START)
    journeys.press(ana, "luxe", set="luxe:personalisation:purpose=on")
    travel.move_to(datetime(2028, 3, 4, tzinfo=UTC))
    rounds(env, outbox)
    assert row(session).brand == "camille", "one house alone is asked in its name"
    assert "LÜXE: Suggestions that fit you" in outbox.mails[-1].text
    shown = stranger.get(link(env, session)).text
    assert "show you your size" in shown
    keep(stranger, link(env, session))
    item = items(session).purpose("camille", "personalisation")
    assert [each for each in actions(session) if each[1] == "check_in"] == [("renewed", "check_in")] * 3
    assert session.get(Consent, (session.scalar(select(Account.id)), item.id)).status == "granted"
