"""A change of address: both mailboxes must say so, and what was agreed to moves along unchanged."""

from __future__ import annotations

import pytest
import time_machine
from sqlalchemy import func, select, update

from app.models import AddressChange, Consent, ConsentEvent, ContactPoint, SessionRow
from app.services import address_changes
from tests import journeys
from tests.functional.moving import ANA, NEW, ask, ask_for_link, link, owner, post
from tests.post import mails_to

PATH = "/camille/preferences/address"


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


def test_the_new_address_is_shown_large_before_anything_is_mailed(ana, env):
    page = ask(ana, sure="")
    assert NEW in page.text
    assert journeys.mails(env, NEW) == []
    assert ANA not in ana.get(PATH).text
    assert "a•••@example.com" in ana.get(PATH).text


def test_both_are_told_afterwards_and_old_mailbox_learns_only_a_shortened_address(env, links, outbox, app):
    app.test_client().post(links["agree"])
    app.test_client().post(links["prove"])
    post(env, outbox, ANA)
    told = [mail.text for mail in outbox.mails if mail.to == ANA][-1]
    assert "Your choices have moved." in told
    assert "a•••@example.org" in told
    assert NEW not in told
    assert "Your choices are here now." in post(env, outbox, NEW)


def test_not_me_stops_it_and_ends_every_session(ana, env, links, app):
    app.test_client().post(links["prove"])
    assert "Nothing moves" in app.test_client().post(links["stop"]).text
    assert app.test_client().post(links["agree"]).status_code == 410
    assert "It is stopped" in app.test_client().post(links["stop"]).text, "as true as the first time"
    assert owner(env, NEW) is None
    assert ana.get("/camille/preferences").status_code == 303


def test_all_sessions_end_the_one_that_asked_too(ana, env, session, links, app):
    other = app.test_client()
    ask_for_link(other)
    other.post(journeys.access_path(env, ANA, "luxe"))
    assert other.get("/camille/preferences").status_code == 200
    app.test_client().post(links["agree"])
    app.test_client().post(links["prove"])
    assert other.get("/camille/preferences").status_code == 303
    assert ana.get("/camille/preferences").status_code == 303
    assert session.scalar(select(func.count()).select_from(SessionRow)) == 0


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


def test_requests_count_towards_the_limits_and_the_person_is_told(ana, env):
    assert ask(ana).status_code == 303, "after a confirmation and a welcome it is the third mail of the day"
    answer = ask(ana, "third@example.org")
    assert answer.status_code == 429
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


def test_the_row_tells_who_asked_and_who_pressed_and_goes_after_ninety_days_unless_it_moved(
    client, env, session, outbox, app
):
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
        assert address_changes.purge(session) == 0
        session.execute(update(AddressChange).values(outcome="replaced"))
        assert address_changes.purge(session) == 1


@pytest.mark.parametrize("kind", ["agree", "prove", "stop"])
def test_another_site_can_not_press(env, links, app, kind):
    assert app.test_client().post(links[kind], headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert owner(env, ANA)
