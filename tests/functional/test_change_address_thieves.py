"""A change of address against somebody who holds a session of the owner, and what else a move must not lose."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from app.courier.delivery import deliver
from app.models import AddressChange, Message
from app.services import sessions, tokens
from tests import journeys
from tests.functional.moving import ANA, NEW, ask, link, owner, post

HERS, THIEFS = "vera.dupont@gmail.com", "v.thief.42@gmail.com"
REPLACED = "takes the place of an earlier request"


@pytest.fixture
def ana(client, env):
    journeys.subscribe(client, env, ANA)
    return client


@pytest.fixture
def thief(ana, env, session, app):
    """Give a browser with a session of Ana's."""
    client = app.test_client()
    client.set_cookie("parley", sessions.open_preference(session, owner(env, ANA), "thief"))
    return client


def newest(env, outbox):
    post(env, outbox, ANA)
    return [mail.text for mail in outbox.mails if mail.to == ANA][-1]


def move(env, outbox, app, client):
    assert ask(client, site="luxe").status_code == 303
    press = app.test_client()
    press.post(link(newest(env, outbox), "address-agree"))
    assert "It has moved" in press.post(link(post(env, outbox, NEW), "address-prove")).text


def test_the_present_mailbox_sees_the_whole_address_and_that_an_earlier_wish_is_replaced(
    ana, thief, env, outbox, app
):  # fmt: skip
    ask(ana, HERS, site="luxe")
    first = newest(env, outbox)
    assert HERS in first
    assert REPLACED not in first
    ask(thief, THIEFS, site="luxe")
    second = newest(env, outbox)
    assert THIEFS in second
    assert REPLACED in second
    assert THIEFS in app.test_client().get(link(second, "address-agree")).text


def test_not_me_of_a_replaced_change_stops_the_one_that_took_its_place(ana, thief, env, outbox, app, session):
    ask(ana, HERS, site="luxe")
    stop = link(newest(env, outbox), "address-stop")
    ask(thief, THIEFS, site="luxe")
    assert "It was not me: stop it" in app.test_client().get(stop).text
    assert "It is stopped" in app.test_client().post(stop).text
    outcomes = session.scalars(select(AddressChange.outcome).order_by(AddressChange.id)).all()
    assert outcomes == ["replaced", "stopped"]
    assert [each.get("/luxe/preferences").status_code for each in (ana, thief)] == [303, 303]


def test_not_me_after_the_move_says_so_and_whom_to_write_to(ana, env, outbox, app, group):
    ask(ana, HERS, site="luxe")
    stop = link(newest(env, outbox), "address-stop")
    move(env, outbox, app, ana)
    for answer in (app.test_client().get(stop), app.test_client().post(stop)):
        assert answer.status_code == 410
        assert "too late" in answer.text
        assert f"mailto:{group.controller.contact}" in answer.text
        assert "Nothing has moved" not in answer.text


@pytest.mark.parametrize("kind", ["summary", "welcome"])
def test_mails_about_ones_own_acts_follow_even_when_tried_before(ana, env, outbox, app, session, kind):
    journeys.press(ana, set="camille:newsletter:email=off")
    waiting = session.scalars(select(Message.id).where(Message.kind == kind)).one()
    as_tried = {"state": "queued", "attempts": 1}
    ask(ana, site="luxe")
    agree, prove = link(newest(env, outbox), "address-agree"), link(post(env, outbox, NEW), "address-prove")
    session.execute(update(Message).where(Message.id == waiting).values(**as_tried))
    app.test_client().post(agree)
    app.test_client().post(prove)
    deliver(env, outbox, waiting)
    assert outbox.mails[-1].to == NEW


def test_never_from_an_old_mail_holds_for_the_present_address(ana, env, outbox, app, session):
    never = journeys.path(env, tokens.never_link(session, "camille", journeys.digest(env, ANA)))
    move(env, outbox, app, ana)
    app.test_client().post(never)
    assert journeys.decision(env, NEW) == "suppressed"


def test_never_stays_with_whoever_has_the_old_address_now(ana, env, outbox, app, session):
    never = journeys.path(env, tokens.never_link(session, "camille", journeys.digest(env, ANA)))
    move(env, outbox, app, ana)
    journeys.subscribe(app.test_client(), env, ANA)
    app.test_client().post(never)
    assert (journeys.decision(env, ANA), journeys.decision(env, NEW)) == ("suppressed", "granted")
