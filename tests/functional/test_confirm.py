"""The link of a confirmation mail."""

from __future__ import annotations

import pytest
import time_machine
from sqlalchemy import func, select

from app.courier import tasks
from app.models import AddressRow, ConsentEvent, EventDetail, OptInRequest, Tally
from app.services import items, opt_in
from app.web import confirm as page
from tests import journeys

ANA = "ana@example.com"


def press_button(client, env, email=ANA):
    path = journeys.confirmation_path(env, email)
    return client.post(path, data={"listed": listed_on(client.get(path).text)})


def listed_on(text):
    return text.split('name="listed" value="')[1].split('"')[0]


def test_looking_confirms_nothing_and_the_button_does(client, env):
    journeys.sign_up(client, ANA)
    path = journeys.confirmation_path(env, ANA)
    assert client.get(path).status_code == 200
    assert client.head(path).status_code == 200
    assert journeys.decision(env, ANA) == "pending"
    answer = press_button(client, env)
    assert answer.status_code == 303
    assert "/camille/preferences" in answer.location
    assert journeys.decision(env, ANA) == "granted"


def test_the_check_of_inert_links_goes_red_on_a_page_that_confirms_on_get(client, env, app, monkeypatch):
    monkeypatch.setitem(app.view_functions, "web.confirm", page.confirm_post)
    journeys.sign_up(client, ANA)
    client.get(journeys.confirmation_path(env, ANA))
    assert journeys.decision(env, ANA) == "granted"


def test_the_press_opens_the_centre_and_a_used_link_does_not(client, env, app):
    journeys.sign_up(client, ANA)
    path = journeys.confirmation_path(env, ANA)
    assert "parley=" in client.post(path).headers["Set-Cookie"]
    other = app.test_client()
    again = other.post(path)
    assert (again.status_code, "Set-Cookie" in again.headers) == (200, False)
    assert "already" in again.text.lower()
    assert other.get("/camille/preferences").status_code == 303


def test_the_line_holds_the_evidence_of_both_acts(client, env, session):
    journeys.sign_up(client, ANA)
    press_button(client, env)
    event = session.scalars(select(ConsentEvent)).one()
    detail = session.scalars(select(EventDetail)).one().detail
    assert (event.action, event.source, event.attributes["confirmed"]) == ("granted", "confirmation", True)
    assert detail["opt_in_request"]["source"] == "form"
    assert detail["ip"] == "127.0.0.1"
    assert ANA not in str(vars(event))


def test_only_what_the_page_listed_is_confirmed(client, env):
    journeys.sign_up(client, ANA, ["newsletter:email"])
    path = journeys.confirmation_path(env, ANA)
    listed = listed_on(client.get(path).text)
    journeys.sign_up(client, ANA, ["private-sales:email"])
    client.post(path, data={"listed": listed})
    assert journeys.decision(env, ANA) == "granted"
    assert journeys.decision(env, ANA, "private-sales") == "pending"


def test_other_words_than_those_shown_are_not_confirmed(client, app, env, session):
    journeys.sign_up(client, ANA)
    path = journeys.confirmation_path(env, ANA)
    listed = listed_on(client.get(path).text)
    stranger = app.test_client()
    form = {"email": ANA, "items": ["newsletter:email"], "lang": "fr"}
    form["csrf_token"] = journeys.form_token(stranger.get("/camille/?lang=fr").text)
    stranger.post("/camille/", data=form)
    answer = client.post(path, data={"listed": listed})
    assert (answer.status_code, answer.location) == (303, f"{path}?reworded=1")
    assert journeys.decision(env, ANA) == "pending"
    page = client.get(answer.location).text
    assert "Our words have changed meanwhile." in page
    client.post(path, data={"listed": listed_on(page)})
    assert journeys.decision(env, ANA) == "granted"


@pytest.mark.parametrize("listed", ["", "x", "1", "-", "²-00", "1-00,"])
def test_a_list_that_makes_no_sense_confirms_nothing(client, env, listed):
    journeys.sign_up(client, ANA)
    assert client.post(journeys.confirmation_path(env, ANA), data={"listed": listed}).status_code in {303, 410}
    assert journeys.decision(env, ANA) == "pending"


def test_a_fresh_link_is_not_needed_while_the_old_one_is_good(client, env):
    journeys.sign_up(client, ANA)
    path = journeys.confirmation_path(env, ANA)
    answer = client.post(f"{path}/again")
    assert (answer.status_code, answer.location) == (303, path)
    assert journeys.mails(env, ANA) == ["confirm"]


def test_no_mail_is_promised_where_nobody_knows_any_more_what_a_link_was_about(client, env):
    with time_machine.travel("2026-03-01T10:00:00Z", tick=False) as clock:
        journeys.sign_up(client, ANA)
        path = journeys.confirmation_path(env, ANA)
        clock.shift(31 * 24 * 3600)
        tasks.purge(env)
        assert client.post(f"{path}/again").status_code == 410
        assert journeys.mails(env, ANA) == []


def test_asking_again_adds_to_the_same_request(client, env, session):
    journeys.sign_up(client, ANA, ["newsletter:email"])
    journeys.sign_up(client, ANA, ["private-sales:email"])
    assert session.scalar(select(func.count()).select_from(OptInRequest)) == 1
    press_button(client, env)
    assert journeys.decision(env, ANA, "private-sales") == "granted"


def test_a_stale_link_does_not_revive_a_later_leaving(client, env, app):
    journeys.subscribe(client, env, ANA)
    journeys.sign_up(client, ANA, ["newsletter:email", "private-sales:email"])
    path = journeys.confirmation_path(env, ANA)
    client.post(journeys.unsubscribe_path(env, ANA))
    answer = app.test_client().post(path)
    assert answer.status_code == 410
    assert journeys.decision(env, ANA) == "withdrawn"
    assert journeys.decision(env, ANA, "private-sales") == "never_asked"


def test_never_cancels_what_was_asked(client, env):
    journeys.sign_up(client, ANA)
    path = journeys.confirmation_path(env, ANA)
    client.post(journeys.never_path(env, ANA))
    assert journeys.decision(env, ANA) == "suppressed"
    assert client.post(path).status_code == 410
    assert journeys.decision(env, ANA) == "suppressed"


def test_an_expired_link_offers_a_new_mail_that_works(client, env):
    with time_machine.travel("2026-03-01T10:00:00Z", tick=False) as clock:
        journeys.sign_up(client, ANA)
        path = journeys.confirmation_path(env, ANA)
        clock.shift(8 * 24 * 3600)
        assert client.get(path).status_code == 410
        assert client.post(path).status_code == 410
        assert journeys.decision(env, ANA) == "unknown_subject"
        assert client.post(f"{path}/again").location == "/camille/check-mail"
        assert journeys.mails(env, ANA) == ["confirm", "confirm"]
        assert press_button(client, env).status_code == 303
        assert journeys.decision(env, ANA) == "granted"


@pytest.mark.parametrize(
    "spoil", [lambda p: p[:-3], lambda p: p.replace("/camille/", "/folie-douze/"), lambda p: p + "x"]
)
def test_a_spoilt_link_is_told_so(client, env, spoil):
    journeys.sign_up(client, ANA)
    path = spoil(journeys.confirmation_path(env, ANA))
    assert client.get(path).status_code == 404
    assert client.post(path).status_code == 404


def test_links_are_good_for_one_thing_only(client, env):
    journeys.subscribe(client, env, ANA)
    token = journeys.unsubscribe_path(env, ANA).rpartition("/")[2]
    for action in ("confirm", "access", "never", "manage"):
        assert client.post(f"/camille/{action}/{token}", data={"do": "leave"}).status_code == 404
    assert journeys.decision(env, ANA) == "granted"


def test_unconfirmed_requests_are_purged_with_their_address(client, env, session):
    with time_machine.travel("2026-03-01T10:00:00Z", tick=False) as clock:
        journeys.sign_up(client, ANA)
        clock.shift(31 * 24 * 3600)
        assert opt_in.purge(session) == 1
        assert session.scalar(select(func.count()).select_from(OptInRequest)) == 0
        assert journeys.decision(env, ANA) == "unknown_subject"
        assert session.scalar(select(func.count()).select_from(AddressRow)) == 0
        assert session.scalar(select(Tally.count)) == 1


def test_addresses_that_came_to_nothing_are_forgotten(client, env, session):
    with time_machine.travel("2026-03-01T10:00:00Z", tick=False) as clock:
        journeys.subscribe(client, env, ANA)
        token = journeys.form_token(client.get("/camille/preferences/link").text)
        client.post("/camille/preferences/link", data={"email": "stranger@example.com", "csrf_token": token})
        assert opt_in.purge_strangers(session) == 0
        clock.shift(31 * 24 * 3600)
        assert opt_in.purge_strangers(session) == 1
        assert session.scalars(select(AddressRow.digest)).all() == [journeys.digest(env, ANA)]


def test_the_page_shows_the_words_that_were_seen_not_those_of_today(client, env, monkeypatch):
    journeys.sign_up(client, ANA)
    camille = env.group.brands["camille"]
    changed = {**camille.words, "consent": {"en": "You agree to something else about {topic} {how}."}}
    monkeypatch.setitem(env.group.brands, "camille", camille.model_copy(update={"words": changed}))
    page = client.get(journeys.confirmation_path(env, ANA)).text
    assert "Yes, send me “Letters from the atelier”" in page
    assert "something else" not in page


def test_what_is_no_longer_offered_is_not_confirmed(client, env, session, monkeypatch):
    journeys.sign_up(client, ANA, ["newsletter:email", "private-sales:email"])
    path = journeys.confirmation_path(env, ANA)
    camille = env.group.brands["camille"]
    topics = tuple(topic for topic in camille.topics if topic.key != "private-sales")
    monkeypatch.setitem(env.group.brands, "camille", camille.model_copy(update={"topics": topics}))
    items._loaded.pop(env)
    client.post(path)
    assert journeys.decision(env, ANA) == "granted"
    assert session.scalar(select(func.count()).select_from(ConsentEvent)) == 1
