"""A change of address: both mailboxes must say so, and what was agreed to moves along unchanged."""

from __future__ import annotations

import re

import pytest
import time_machine
from sqlalchemy import delete, func, select, update

from app.courier.delivery import deliver
from app.models import AddressChange, AddressRow, Consent, ConsentEvent, ContactPoint, Message, OptInRequest, SessionRow
from app.services import address_changes, opt_in
from app.services.suppressions import Reason
from tests import journeys
from tests.letters import suppress
from tests.post import mails_to

ANA, NEW = "ana@example.com", "ana.new@example.org"
PATH = "/camille/preferences/address"


@pytest.fixture
def ana(client, env):
    journeys.subscribe(client, env, ANA)
    return client


def ask(client, email=NEW, site="camille", **form):
    path = f"/{site}/preferences/address"
    token = journeys.form_token(client.get(path).text)
    return client.post(path, data={"email": email, "sure": "1", "csrf_token": token, **form})


def ask_for_link(client):
    """Ask for a link to the centre of all houses; Camille has written often enough today."""
    token = journeys.form_token(client.get("/luxe/preferences/link").text)
    client.post("/luxe/preferences/link", data={"email": ANA, "csrf_token": token})


def post(env, outbox, email):
    """Deliver all that waits for an address, and give the text of all its mails."""
    for message in mails_to(env, email):
        deliver(env, outbox, message.id)
    return "\n".join(mail.text for mail in outbox.mails if mail.to == email)


def link(text, action):
    found = re.search(rf"http://localhost:8000(/\w+/{action}/[\w.-]+)", text)
    assert found, f"no link to {action}"
    return found.group(1)


@pytest.fixture
def links(ana, env, outbox):
    """Give the links of a change that Ana asked for, by what they do."""
    assert ask(ana).status_code == 303
    old, new = post(env, outbox, ANA), post(env, outbox, NEW)
    return {"agree": link(old, "address-agree"), "stop": link(old, "address-stop"), "prove": link(new, "address-prove")}


def owner(env, email):
    with env.database.transaction() as session:
        return session.scalar(
            select(ContactPoint.account_id).where(ContactPoint.address_digest == journeys.digest(env, email))
        )


@pytest.mark.parametrize("order", [("agree", "prove"), ("prove", "agree")])
def test_it_moves_when_both_are_pressed_in_any_order(ana, env, session, links, app, order):
    account, before = owner(env, ANA), session.execute(select(Consent.granted_at, Consent.source)).all()
    first, second = (links[each] for each in order)
    assert "One more press" in app.test_client().post(first).text
    assert owner(env, NEW) is None
    assert "It has moved" in app.test_client().post(second).text
    assert (owner(env, ANA), owner(env, NEW)) == (None, account)
    assert (journeys.decision(env, NEW), journeys.decision(env, ANA)) == ("granted", "unknown_subject")
    assert session.execute(select(Consent.granted_at, Consent.source)).all() == before
    assert session.scalar(select(func.count()).select_from(ConsentEvent)) == 1, "no consent changed"
    point = session.scalars(select(ContactPoint)).one()
    assert point.is_primary
    assert point.verified_at


@pytest.mark.parametrize("one", ["agree", "prove"])
def test_one_press_alone_moves_nothing_however_often(env, links, app, one):
    for _ in range(3):
        assert app.test_client().post(links[one]).status_code == 200
    assert owner(env, NEW) is None
    assert owner(env, ANA)


def test_looking_at_the_links_moves_nothing(env, links, app):
    for path in links.values():
        assert app.test_client().get(path).status_code == 200
        assert app.test_client().head(path).status_code == 200
    with env.database.transaction() as session:
        change = session.scalars(select(AddressChange)).one()
        assert (change.agreed_at, change.proved_at, change.outcome) == (None, None, "pending")


def test_a_link_does_only_what_it_was_made_for(env, links, app):
    for made_for, path in links.items():
        for other in {"agree", "prove", "stop"} - {made_for}:
            swapped = path.replace(f"address-{made_for}", f"address-{other}")
            assert app.test_client().get(swapped).status_code == 404
            assert app.test_client().post(swapped).status_code == 404


def test_the_new_address_is_shown_large_before_anything_is_mailed(ana, env):
    page = ask(ana, sure="")
    assert NEW in page.text
    assert journeys.mails(env, NEW) == []
    assert ANA not in ana.get(PATH).text
    assert "a•••@example.com" in ana.get(PATH).text


def test_both_are_told_afterwards_and_old_mailbox_learns_only_a_shortened_address(env, links, outbox, app):
    app.test_client().post(links["agree"])
    app.test_client().post(links["prove"])
    told = post(env, outbox, ANA)
    assert "Your choices have moved." in told
    assert "a•••@example.org" in told
    assert NEW not in told
    assert "Your choices are here now." in post(env, outbox, NEW)


def test_not_me_stops_it_and_ends_every_session(ana, env, links, app):
    app.test_client().post(links["prove"])
    assert "Nothing moves" in app.test_client().post(links["stop"]).text
    assert app.test_client().post(links["agree"]).status_code == 410
    assert app.test_client().post(links["stop"]).status_code == 410
    assert app.test_client().get(links["stop"]).status_code == 410
    assert owner(env, NEW) is None
    assert ana.get("/camille/preferences").status_code == 303


def test_all_sessions_end_but_the_one_that_asked(ana, env, session, links, app):
    other = app.test_client()
    ask_for_link(other)
    other.post(journeys.access_path(env, ANA, "luxe"))
    assert other.get("/camille/preferences").status_code == 200
    app.test_client().post(links["agree"])
    app.test_client().post(links["prove"])
    assert other.get("/camille/preferences").status_code == 303
    assert ana.get("/camille/preferences").status_code == 200
    assert session.scalar(select(func.count()).select_from(SessionRow)) == 1


def test_asking_again_replaces_the_earlier_change(ana, env, links, app, outbox):
    assert ask(ana, "third@example.org", site="luxe").status_code == 303
    assert app.test_client().post(links["agree"]).status_code == 410
    assert app.test_client().post(links["prove"]).status_code == 410
    assert owner(env, NEW) is None


def test_a_link_runs_out_after_a_day(client, env, outbox, app):
    with time_machine.travel("2026-03-03T10:00:00Z", tick=False) as clock:
        journeys.subscribe(client, env, ANA)
        ask(client)
        agree, prove = link(post(env, outbox, ANA), "address-agree"), link(post(env, outbox, NEW), "address-prove")
        assert app.test_client().post(agree).status_code == 200
        clock.shift(24 * 3600 + 1)
        assert app.test_client().get(prove).status_code == 410
        assert app.test_client().post(prove).status_code == 410
        assert owner(env, NEW) is None


def test_the_same_address_is_told_kindly(ana, env):
    answer = ask(ana, "ANA@example.com")
    assert answer.status_code == 422
    assert "at this address already" in answer.text
    assert "address_agree" not in journeys.mails(env, ANA)


@pytest.mark.parametrize(("form", "words"), [
    ({"email": "ana at example"}, "name@example.com"), ({"email": ""}, "name@example.com"),
    ({"csrf_token": "forged"}, "open for too long"),
])  # fmt: skip
def test_what_is_no_address_or_no_form_of_ours_mails_nothing(ana, env, form, words):
    answer = ask(ana, **form)
    assert answer.status_code == 422
    assert words in answer.text
    assert "address_agree" not in journeys.mails(env, ANA)


def test_a_session_is_needed(app):
    assert app.test_client().get(PATH).location == "/camille/preferences/link"
    assert app.test_client().post(PATH, data={"email": NEW}).location == "/camille/preferences/link"


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


def test_what_a_person_said_about_being_contacted_goes_along_but_a_bounce_stays(ana, env, links, app):
    suppress(env, ANA, Reason.DO_NOT_CONTACT)
    suppress(env, ANA, Reason.HARD_BOUNCE)
    app.test_client().post(links["agree"])
    app.test_client().post(links["prove"])
    assert journeys.decision(env, NEW) == "suppressed"
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


def test_requests_count_towards_the_limits_and_the_person_is_told(ana, env):
    assert ask(ana).status_code == 303, "after a confirmation and a welcome it is the third mail of the day"
    answer = ask(ana, "third@example.org")
    assert answer.status_code == 422
    assert "try again tomorrow" in answer.text
    assert journeys.mails(env, "third@example.org") == []


def test_a_mail_about_a_change_that_is_over_is_not_sent(ana, env, session, outbox):
    ask(ana)
    session.execute(update(AddressChange).values(outcome="stopped"))
    assert post(env, outbox, NEW) == ""
    assert [mail.state_reason for mail in mails_to(env, NEW)] == ["superseded"]
    assert mails_to(env, ANA)[-1].kind == "address_agree"
    post(env, outbox, ANA)
    assert mails_to(env, ANA)[-1].state_reason == "superseded"


def test_the_row_tells_who_asked_and_who_pressed_and_goes_after_ninety_days(client, env, session, outbox, app):
    with time_machine.travel("2026-03-01T10:00:00Z", tick=False) as clock:
        journeys.subscribe(client, env, ANA)
        ask(client)
        app.test_client().post(link(post(env, outbox, ANA), "address-agree"))
        app.test_client().post(link(post(env, outbox, NEW), "address-prove"))
        change = session.scalars(select(AddressChange).execution_options(populate_existing=True)).one()
        told = (change.provenance, change.agreed_provenance, change.proved_provenance, change.outcome_provenance)
        assert [each["source"] for each in told] == ["centre", "address_page", "address_page", "address_page"]
        clock.shift(89 * 24 * 3600)
        assert address_changes.purge(session) == 0
        clock.shift(2 * 24 * 3600)
        assert address_changes.purge(session) == 1


def test_an_address_that_a_live_change_waits_for_is_not_purged(ana, env, session):
    ask(ana)
    session.execute(delete(Message))
    session.execute(update(AddressRow).values(created_at=func.now() - text_days(40)))
    assert opt_in.purge_strangers(session) == 0
    session.execute(update(AddressChange).values(outcome="replaced"))
    assert opt_in.purge_strangers(session) == 1


def text_days(days):
    return func.make_interval(0, 0, 0, days)


@pytest.mark.parametrize("kind", ["agree", "prove", "stop"])
def test_another_site_can_not_press(env, links, app, kind):
    assert app.test_client().post(links[kind], headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert owner(env, ANA)
