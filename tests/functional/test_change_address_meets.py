"""What a change of address meets: other accounts, suppressions, requests and mails of either address."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, func, select, update

from app.models import AddressChange, AddressRow, Message, OptInRequest
from app.services import opt_in, sessions
from app.services.suppressions import Reason
from tests import journeys
from tests.functional.moving import ANA, NEW, ask, ask_for_link, link, owner, post
from tests.letters import suppress
from tests.post import mails_to


@pytest.fixture
def ana(client, env):
    journeys.subscribe(client, env, ANA)
    return client


@pytest.fixture
def links(ana, env, outbox):
    """Give the links of a change that Ana asked for, by what they do."""
    assert ask(ana).status_code == 303
    old, new = post(env, outbox, ANA), post(env, outbox, NEW)
    return {"agree": link(old, "address-agree"), "stop": link(old, "address-stop"), "prove": link(new, "address-prove")}


def test_an_address_of_somebody_else_stays_theirs_and_only_they_are_told(ana, env, app, outbox):
    journeys.subscribe(app.test_client(), env, NEW)
    theirs = owner(env, NEW)
    ask(ana)
    text = post(env, outbox, NEW)
    assert "choices of its own" in text
    assert "address-prove" not in text
    browser = app.test_client()
    assert browser.post(link(text, "access")).location == "/camille/preferences"
    assert "One more press" in app.test_client().post(link(post(env, outbox, ANA), "address-agree")).text
    assert owner(env, NEW) == theirs
    assert owner(env, ANA)


def test_an_address_that_was_taken_meanwhile_does_not_move(ana, env, links, app):
    app.test_client().post(links["prove"])
    journeys.subscribe(app.test_client(), env, NEW)
    theirs = owner(env, NEW)
    assert app.test_client().post(links["agree"]).status_code == 410
    assert (owner(env, NEW) == theirs) is True
    assert owner(env, ANA) not in {None, theirs}


def test_the_answer_is_the_same_for_known_unknown_and_suppressed_addresses(ana, env, app):
    journeys.subscribe(app.test_client(), env, "known@example.org")
    journeys.sign_up(app.test_client(), "nevere@example.org")
    app.test_client().post(journeys.never_path(env, "nevere@example.org"))

    def answer(email):
        with env.database.transaction() as session:
            session.execute(delete(Message).where(Message.kind == "address_agree"))
        said = ask(ana, email)
        return said.status, said.data, tuple(h for h in said.headers if h[0] != "X-Request-Id")

    assert answer("known@example.org") == answer("nevere@example.org") == answer("nobody@example.org")


def test_a_suppressed_new_address_is_asked_once_a_day_and_stays_suppressed(ana, env, app, outbox):
    suppress(env, NEW, Reason.DO_NOT_CONTACT)
    ask(ana)
    prove = link(post(env, outbox, NEW), "address-prove")
    agree = link(post(env, outbox, ANA), "address-agree")
    app.test_client().post(prove)
    app.test_client().post(agree)
    assert owner(env, NEW)
    assert journeys.decision(env, NEW) == "suppressed"


def test_a_suppressed_address_gets_no_second_request_that_day(ana, env, app, outbox):
    suppress(env, NEW, Reason.DO_NOT_CONTACT)
    ask(ana)
    post(env, outbox, NEW)
    ask(ana, site="luxe")
    post(env, outbox, NEW)
    assert [mail.state for mail in mails_to(env, NEW)] == ["sent", "dropped"]


def test_what_a_person_said_about_being_contacted_goes_along_but_a_bounce_stays(ana, env, links, app, session):
    suppress(env, ANA, Reason.DO_NOT_CONTACT)
    suppress(env, ANA, Reason.HARD_BOUNCE)
    app.test_client().post(links["agree"])
    app.test_client().post(links["prove"])
    assert journeys.decision(env, NEW) == "suppressed"
    ana.set_cookie("parley", sessions.open_preference(session, owner(env, NEW), "ana"))
    journeys.press(ana, lift="1")
    assert journeys.decision(env, NEW) == "granted"


def test_what_was_asked_for_with_the_old_address_is_not_revived_when_it_comes_back(ana, env, links, app, session):
    journeys.sign_up(ana, ANA, ["private-sales:email"])
    stale = journeys.confirmation_path(env, ANA)
    app.test_client().post(links["agree"])
    app.test_client().post(links["prove"])
    assert app.test_client().post(stale).status_code == 410
    assert owner(env, ANA) is None
    assert journeys.decision(env, ANA, "private-sales") == "unknown_subject"
    assert session.scalars(select(OptInRequest.account_id).distinct()).all() == [owner(env, NEW)]
    journeys.subscribe(app.test_client(), env, ANA)
    assert owner(env, ANA) not in {None, owner(env, NEW)}


def test_what_is_pending_with_the_new_address_is_confirmed_there_only(ana, env, app, outbox):
    journeys.sign_up(app.test_client(), NEW, ["private-sales:email"])
    ask(ana)
    app.test_client().post(link(post(env, outbox, ANA), "address-agree"))
    app.test_client().post(link(post(env, outbox, NEW), "address-prove"))
    assert journeys.decision(env, NEW, "private-sales") == "pending"
    app.test_client().post(journeys.confirmation_path(env, NEW))
    assert journeys.decision(env, NEW, "private-sales") == "granted"


def test_access_links_and_links_to_the_old_mailbox_open_nothing_afterwards(ana, env, links, app):
    ask_for_link(ana)
    stale, leave = journeys.access_path(env, ANA, "luxe"), journeys.unsubscribe_path(env, ANA)
    app.test_client().post(links["agree"])
    app.test_client().post(links["prove"])
    assert app.test_client().post(stale).status_code == 410
    app.test_client().post(leave, data={"List-Unsubscribe": "One-Click"})
    assert journeys.decision(env, NEW) == "withdrawn", "a link to leave works for ever"


def test_a_summary_that_waits_follows_to_the_new_address(ana, env, links, app):
    journeys.press(ana, set="camille:newsletter:email=off")
    app.test_client().post(links["agree"])
    app.test_client().post(links["prove"])
    assert "summary" in journeys.mails(env, NEW)
    assert "summary" not in journeys.mails(env, ANA)


def test_an_address_that_a_live_change_waits_for_is_not_purged(ana, env, session):
    ask(ana)
    session.execute(delete(Message))
    session.execute(update(AddressRow).values(created_at=func.now() - text_days(40)))
    assert opt_in.purge_strangers(session) == 0
    session.execute(update(AddressChange).values(outcome="replaced"))
    assert opt_in.purge_strangers(session) == 1


def text_days(days):
    return func.make_interval(0, 0, 0, days)
