"""The preference centre, and the ways into it and out of it."""

from __future__ import annotations

import re

import pytest
import time_machine
from sqlalchemy import func, select, update

from app.models import ConsentEvent, Message, SessionRow
from app.services import messages, notices
from tests import centres, journeys

ANA = "ana@example.com"
NEWSLETTER = "camille:newsletter:email"


@pytest.fixture
def ana(client, env):
    journeys.subscribe(client, env, ANA)
    return client


def switches(page):
    return dict(value.split("=") for value in re.findall(r'name="set" value="([^"]+)"', page))


def test_the_centre_says_since_when_and_how(ana):
    page = centres.plain(ana.get("/camille/preferences").text)
    assert re.search(r"Yes since \d+ \w+ 20\d\d, by e-mail, confirmed from your inbox", page)
    assert switches(page)[NEWSLETTER] == "off", "what is on can be turned off"


def test_every_topic_of_the_house_has_a_switch_for_each_channel_in_reach(ana, group):
    shown = switches(ana.get("/camille/preferences").text)
    topics = {f"camille:{topic.key}:email" for topic in group.brands["camille"].topics}
    assert set(shown) == topics | {f"luxe:{purpose.key}:purpose" for purpose in group.purposes}


def test_one_press_changes_and_undo_takes_it_back(ana, env, session):
    answer = journeys.press(ana, set=f"{NEWSLETTER}=off")
    assert answer.location.endswith("#camille-newsletter-email")
    assert journeys.decision(env, ANA) == "withdrawn"
    assert "Undo" in ana.get("/camille/preferences").text
    journeys.press(ana, undo=journeys.undo_id(ana.get("/camille/preferences").text))
    assert journeys.decision(env, ANA) == "granted"
    actions = session.scalars(select(ConsentEvent.action).order_by(ConsentEvent.sequence)).all()
    assert actions == ["granted", "withdrawn", "granted"]


def test_the_same_press_twice_writes_one_line(ana, env, session):
    journeys.press(ana, set=f"{NEWSLETTER}=off")
    journeys.press(ana, set=f"{NEWSLETTER}=off")
    assert session.scalar(select(func.count()).select_from(ConsentEvent)) == 2


def test_a_topic_can_be_joined_from_the_centre(ana, env):
    journeys.press(ana, set="camille:new-collection:email=on")
    assert journeys.decision(env, ANA, "new-collection") == "granted"
    assert "switched on here" in ana.get("/camille/preferences").text


def test_leaving_a_house_leaves_the_others(ana, env):
    journeys.press(ana, site="luxe", set="folie-douze:newsletter:email=on")
    journeys.press(ana, leave="camille")
    assert journeys.decision(env, ANA) == "withdrawn"
    assert journeys.decision(env, ANA, brand="folie-douze") == "granted"
    journeys.press(ana, leave="all")
    assert journeys.decision(env, ANA, brand="folie-douze") == "withdrawn"


def test_leaving_everything_cancels_what_is_only_asked_for(ana, env):
    journeys.sign_up(ana, ANA, ["private-sales:email"])
    path = journeys.confirmation_path(env, ANA)
    journeys.press(ana, leave="all")
    assert ana.post(path).status_code == 410
    assert journeys.decision(env, ANA, "private-sales") == "never_asked"


@pytest.mark.parametrize("button", [
    {"set": "camille:nothing:email=on"}, {"set": "folie-douze:newsletter:email=on"}, {"set": "x"}, {"set": ""},
    {"set": "camille:newsletter:email=maybe"}, {"set": "camille:private-sales:sms=on"}, {"leave": "nobody"}, {},
])  # fmt: skip
def test_a_press_that_makes_no_sense_changes_nothing(ana, env, session, button):
    assert journeys.press(ana, **button).status_code == 422
    assert session.scalar(select(func.count()).select_from(ConsentEvent)) == 1


def test_a_press_that_changes_nothing_leaves_the_undo_of_the_one_before(ana, env):
    journeys.press(ana, set="camille:newsletter:email=off")
    undo = journeys.undo_id(ana.get("/camille/preferences").text)
    journeys.press(ana, set="camille:newsletter:email=off")
    journeys.press(ana, undo="an old one")
    assert journeys.undo_id(ana.get("/camille/preferences").text) == undo
    journeys.press(ana, undo=undo)
    assert journeys.decision(env, ANA) == "granted"


def test_a_press_needs_the_token_of_its_session(ana, env):
    answer = ana.post("/camille/preferences", data={"csrf_token": "forged", "leave": "all"})
    assert answer.status_code == 422
    assert journeys.decision(env, ANA) == "granted"


@pytest.mark.parametrize("words", ["", "those of another day"])
def test_nothing_is_agreed_to_on_words_that_are_not_those_of_now(ana, env, words):
    answer = journeys.press(ana, set="camille:private-sales:email=on", words=words)
    assert (answer.status_code, answer.location) == (303, "/camille/preferences?reworded=1#changed")
    assert "Our words have changed meanwhile." in ana.get("/camille/preferences?reworded=1").text
    assert journeys.decision(env, ANA, "private-sales") == "never_asked"


@pytest.mark.parametrize("button", [{"set": "camille:newsletter:email=off"}, {"leave": "camille"}])
def test_leaving_needs_no_words(ana, env, button):
    journeys.press(ana, words="", **button)
    assert journeys.decision(env, ANA) == "withdrawn"


def test_the_words_of_a_centre_are_those_of_its_language_and_houses(env, group):
    sites = (group, *group.brands.values())
    digests = {notices.digest_of_centre(env, site, locale) for site in sites for locale in site.locales}
    assert len(digests) == sum(len(site.locales) for site in sites)


def test_without_a_session_the_centre_asks_for_an_address(app):
    answer = app.test_client().get("/camille/preferences")
    assert (answer.status_code, answer.location) == (303, "/camille/preferences/link")


def test_an_access_link_opens_once_by_its_button(ana, env, app):
    token = journeys.form_token(ana.get("/camille/preferences/link").text)
    answer = ana.post("/camille/preferences/link", data={"email": ANA, "csrf_token": token})
    assert answer.location == "/camille/preferences/link/sent"
    path = journeys.access_path(env, ANA)
    browser = app.test_client()
    assert browser.get(path).status_code == 200
    assert browser.get("/camille/preferences").status_code == 303, "looking opens nothing"
    assert browser.post(path).location == "/camille/preferences"
    assert browser.get("/camille/preferences").status_code == 200
    assert app.test_client().post(path).status_code == 410


def test_an_access_link_runs_out_after_fifteen_minutes(ana, env, app):
    with time_machine.travel("2026-03-03T10:00:00Z", tick=False) as clock:
        token = journeys.form_token(ana.get("/camille/preferences/link").text)
        ana.post("/camille/preferences/link", data={"email": ANA, "csrf_token": token})
        path = journeys.access_path(env, ANA)
        clock.shift(15 * 60 + 1)
        assert app.test_client().get(path).status_code == 410
        assert app.test_client().post(path).status_code == 410


def test_asking_for_a_link_answers_alike_for_everyone(client, env, ana):
    def ask(email):
        token = journeys.form_token(client.get("/camille/preferences/link").text)
        answer = client.post("/camille/preferences/link", data={"email": email, "csrf_token": token})
        return answer.status, answer.data, tuple(h for h in answer.headers if h[0] != "X-Request-Id")

    assert ask(ANA) == ask("nobody@example.com")


def test_a_session_ends_when_closed_and_after_an_hour(ana, session):
    assert session.scalar(select(func.count()).select_from(SessionRow)) == 1
    token = journeys.form_token(ana.get("/camille/preferences").text)
    left = ana.post("/camille/preferences/close", data={"csrf_token": token}, follow_redirects=True)
    assert "Your preferences are closed on this device." in left.text
    assert session.scalar(select(func.count()).select_from(SessionRow)) == 0
    assert ana.get("/camille/preferences").status_code == 303


def test_a_session_lasts_an_hour(client, env):
    with time_machine.travel("2026-03-03T10:00:00Z", tick=False) as clock:
        journeys.subscribe(client, env, ANA)
        cookie = client.get_cookie("parley").value
        clock.shift(3601)
        client.set_cookie("parley", cookie)
        assert client.get("/camille/preferences").status_code == 303


def test_the_cookie_is_out_of_reach_of_scripts(client, env):
    journeys.sign_up(client, ANA)
    header = client.post(journeys.confirmation_path(env, ANA)).headers["Set-Cookie"]
    assert "HttpOnly" in header
    assert "SameSite=Lax" in header


def test_a_forged_host_changes_no_link_and_no_redirect(client, env):
    token = journeys.form_token(client.get("/camille/").text)
    form = {"email": ANA, "items": ["newsletter:email"], "csrf_token": token}
    answer = client.post("/camille/", data=form, headers={"Host": "evil.example.com"})
    assert answer.location == "/camille/check-mail"
    assert journeys.confirmation_path(env, ANA).startswith("/camille/confirm/")


@pytest.mark.parametrize("page", ["/camille/", "/luxe/", "/camille/preferences/link", "/nothing/", "/"])
def test_every_page_is_locked_down(client, page):
    headers = client.get(page).headers
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert all(part in policy for part in ("object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"))
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"


def test_settled_mails_are_purged_after_ninety_days(client, env, session):
    with time_machine.travel("2026-03-01T10:00:00Z", tick=False) as clock:
        journeys.sign_up(client, ANA)
        session.execute(update(Message).values(state="sent"))
        clock.shift(89 * 24 * 3600)
        assert messages.purge(session) == 0
        clock.shift(2 * 24 * 3600)
        assert messages.purge(session) == 1


def test_an_undo_of_another_tab_does_not_undo_what_came_later(ana, env):
    journeys.press(ana, set="camille:new-collection:email=on")
    first = journeys.undo_id(ana.get("/camille/preferences").text)
    journeys.press(ana, set=f"{NEWSLETTER}=off")
    journeys.press(ana, undo=first)
    assert journeys.decision(env, ANA) == "withdrawn"
    assert journeys.decision(env, ANA, "new-collection") == "granted"
