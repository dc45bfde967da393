"""One centre for all houses: what it shows of each, in which order and language, and what a press tells."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from itertools import pairwise

import pytest
from sqlalchemy import select, update

from app.branding.models import Frequency
from app.kit import clock
from app.kit.provenance import SYSTEM, Actor, ActorKind, Provenance, Source
from app.models import ConsentEvent, Notice, SessionRow
from app.services.folding import Action
from tests import centres, journeys
from tests.post import new_address

THREE = {"camille": ["newsletter:email"], "vantour": ["newsletter:email"], "sol-y-lino": ["newsletter:email"]}
SHOP = Provenance(Actor(ActorKind.CLIENT, "camille-shop"), Source.API)


@pytest.fixture
def email():
    return new_address()


@pytest.fixture
def ana(client, env, email):
    """Give a browser with a session of somebody who is with three houses."""
    centres.join(client, env, email, THREE)
    return client


def show(client, site="luxe", **query):
    answer = client.get(f"/{site}/preferences", query_string=query)
    assert answer.status_code == 200
    return centres.plain(answer.text)


def shown_houses(page):
    """List houses in the order of the page, with whether each is open."""
    found = re.findall(r'<(section|details) class="house-section[^"]*theme-([a-z-]+) ', page)
    return [(slug, tag == "section") for tag, slug in found]


def in_order(group):
    return [slug for slug in group.brands if slug in THREE]


def test_all_houses_are_shown_those_one_is_with_first_and_open(ana, group):
    houses = shown_houses(show(ana))
    others = [(slug, False) for slug in group.brands if slug not in THREE]
    assert houses == [(slug, True) for slug in in_order(group)] + others


def test_every_topic_says_how_often_and_how_it_comes(ana, group):
    page = show(ana)
    assert re.search(r'how-often">Weekly<.*?>By e-mail<', centres.topic(page, "camille-newsletter"), re.DOTALL)
    collection = centres.topic(page, "camille-new-collection")
    assert re.search(r'how-often">Four times a year<.*?>By e-mail<', collection, re.DOTALL)


def test_what_needs_a_number_or_an_address_first_says_so_instead_of_offering_a_dead_switch(ana, env, email, group):
    contact = group.brands["camille"].controller.contact
    collection = centres.topic(show(ana), "camille-new-collection")
    assert f"Also by post, once we have your postal address: write to {contact}." in collection
    assert collection.count('role="switch"') == 1
    assert "once we have your phone number" in centres.topic(show(ana), "camille-private-sales")
    centres.record(env, email, "camille:new-collection:post", Action.GRANTED, Action.WITHDRAWN)
    kept = centres.topic(show(ana), "camille-new-collection")
    assert ("You left on" in kept, "Needs a postal address" in kept, "Also by" in kept) == (True, True, False)


def test_a_push_message_is_not_promised_to_somebody_whose_device_nobody_knows(ana, env):
    journeys.press(ana, "luxe", set="folie-douze:drops:push=on")
    shown = centres.row(show(ana), "folie-douze-drops-push")
    assert "Switched on: Drop alerts by push message." in shown
    assert "Needs our app on your phone." in shown
    assert "From now on" not in shown


def test_each_house_carries_its_promise_and_logo(ana, group):
    page = show(ana)
    for brand in group.brands.values():
        shown = centres.part(page, brand.slug)
        assert brand.say("promise", "en") in unescape(shown)
        assert "<svg" in shown


def test_nothing_is_on_that_was_not_asked_for(ana):
    on = re.findall(r'name="set" value="([^"]+)=off"', show(ana))
    without_asking = ["luxe:analytics:purpose"]
    mails = ["camille:newsletter:email", "sol-y-lino:newsletter:email", "vantour:newsletter:email"]
    assert sorted(on) == sorted(without_asking + mails)


def test_what_is_asked_for_but_not_confirmed_is_open_and_off(ana, email):
    journeys.sign_up(ana, email, ["newsletter:email"], "ostra")
    page = show(ana)
    assert ("ostra", True) in shown_houses(page)
    line = centres.row(page, "ostra-newsletter-email")
    assert "the mail to confirm it is in your inbox" in line
    assert 'aria-checked="false"' in line
    assert "Leave everything from Ostra" in page


@pytest.mark.parametrize(("actions", "more", "line", "is_on"), [
    ([Action.WITHDRAWN], {}, "You left on", False),
    ([Action.REFUSED], {}, "You said no on", False),
    ([Action.OBJECTED], {}, "You left on", False),
    ([Action.EXPIRED], {}, "has run out", False),
    ([Action.WITHDRAWN, Action.GRANTED], {"legal_basis": "soft_opt_in"}, "because you are a customer", True),
    ([Action.PAUSED], {"attributes": {"paused_until": "2999-03-03T10:00:00+00:00"}}, "Paused until 3 March 2999", True),
    ([Action.RENEWED], {"attributes": {"expires_at": "2020-03-03T10:00:00+00:00"}}, "has run out", False),
])  # fmt: skip
def test_the_quiet_line_tells_each_state(ana, env, email, actions, more, line, is_on):
    centres.record(env, email, "camille:newsletter:email", *actions, **more)
    shown = centres.row(show(ana), "camille-newsletter-email")
    assert line in shown
    assert f'aria-checked="{str(is_on).lower()}"' in shown


@pytest.mark.parametrize(("provenance", "line"), [
    (SHOP, "as Camille noted it"),
    (Provenance(Actor(ActorKind.IMPORT), Source.FILE), "from the records of Camille"),
    (Provenance(SYSTEM, Source.SYSTEM), "by e-mail. <a "),
])  # fmt: skip
def test_the_quiet_line_tells_the_way_it_was_agreed(ana, env, email, provenance, line):
    centres.record(env, email, "camille:new-collection:email", Action.GRANTED, provenance=provenance)
    shown = centres.row(show(ana), "camille-new-collection-email")
    assert re.search(r"Yes since \d+ \w+ 20\d\d, by e-mail", shown)
    assert line in shown


def test_a_pause_does_not_hide_how_it_was_agreed(ana, env, email):
    centres.record(env, email, "camille:newsletter:email", Action.PAUSED, Action.RESUMED)
    assert "confirmed from your inbox" in centres.row(show(ana), "camille-newsletter-email")


def test_what_was_chosen_to_come_less_often_says_so(ana, env, email):
    centres.record(env, email, "camille:newsletter:email", Action.CHANGED, attributes={"frequency": "monthly"})
    assert 'how-often">Monthly<' in centres.topic(show(ana), "camille-newsletter")


def test_channels_that_come_at_different_paces_say_so_each(ana, env, email, monkeypatch):
    camille = env.group.brands["camille"]
    paces = {"frequencies": (Frequency.WEEKLY, Frequency.MONTHLY)}
    topics = tuple(t.model_copy(update=paces) if t.key == "new-collection" else t for t in camille.topics)
    monkeypatch.setitem(env.group.brands, "camille", camille.model_copy(update={"topics": topics}))
    centres.record(env, email, "camille:new-collection:email", Action.GRANTED, attributes={"frequency": "monthly"})
    centres.record(env, email, "camille:new-collection:post", Action.GRANTED)
    page = show(ana)
    assert "Monthly, by e-mail" in centres.row(page, "camille-new-collection-email")
    assert "Weekly, by post" in centres.row(page, "camille-new-collection-post")


def test_what_has_run_out_can_be_said_yes_to_again(ana, env, email):
    centres.record(env, email, "camille:newsletter:email", Action.RENEWED,
                   attributes={"expires_at": "2020-03-03T10:00:00+00:00"})  # fmt: skip
    assert journeys.decision(env, email) == "expired"
    journeys.press(ana, "luxe", set="camille:newsletter:email=on")
    assert journeys.decision(env, email) == "granted"


def test_a_suppressed_address_is_told_why_nothing_comes(ana, env, email):
    ana.post(journeys.never_path(env, email))
    page = show(ana)
    assert "Nothing is sent to you" in page
    assert "for the reason at the top of this page" in centres.row(page, "vantour-newsletter-email")
    journeys.press(ana, "luxe", lift="1")
    assert "never contact" not in show(ana)


def test_the_page_shows_what_is_kept_as_notice(ana, env, session):
    page = show(ana)
    journeys.press(ana, "luxe", set="vantour:care-and-repair:email=on")
    kept = newest_notice(session)
    shown = unescape(centres.part(page, "vantour"))
    assert [line for line in kept.text.splitlines() if line not in shown] == []
    assert "button in the mail" not in kept.text, "nothing has to be confirmed here"


def newest_notice(session):
    query = select(Notice).join(ConsentEvent, ConsentEvent.notice_digest == Notice.digest)
    return session.scalars(query.order_by(ConsentEvent.sequence.desc())).first()


def test_a_house_that_does_not_speak_the_readers_language_speaks_its_own(ana, group):
    page = show(ana, lang="fr")
    assert '<html lang="fr"' in page
    kestrel, camille = centres.part(page, "kestrel-row"), centres.part(page, "camille")
    newsletter = group.brands["kestrel-row"].topic("newsletter")
    assert f'lang="en">{newsletter.name["en"]}</h3>' in kestrel
    assert 'class="promise"><span lang="en"' in kestrel
    assert "écrit en anglais" in kestrel
    assert "écrit en" not in camille
    assert 'class="small print" lang="en"' in kestrel
    assert ' lang="' not in camille
    assert group.brands["camille"].topic("newsletter").name["fr"] in unescape(camille)


def test_the_notice_kept_is_in_the_language_seen(ana, session):
    for house, language in (("kestrel-row", "en"), ("camille", "fr")):
        fields = journeys.centre_fields(show(ana, lang="fr"))
        button = f"{house}:private-sales:email=on"
        ana.post("/luxe/preferences", data={**fields, "set": button, "lang": "fr"})
        notice = newest_notice(session)
        assert notice.locale == language
        event = session.scalars(select(ConsentEvent).order_by(ConsentEvent.sequence.desc())).first()
        assert event.locale == "fr", "the page itself was in French"


def test_a_folded_house_is_open_after_a_press_in_it(ana):
    answer = journeys.press(ana, "luxe", set="ostra:newsletter:email=on")
    assert answer.location.endswith("/luxe/preferences#ostra-newsletter-email")
    page = show(ana)
    assert ("ostra", True) in shown_houses(page)
    changed = centres.row(page, "ostra-newsletter-email")
    assert "From now on you will get" in changed
    assert "Undo" in changed
    journeys.press(ana, "luxe", undo=journeys.undo_id(page))
    page = show(ana)
    assert ("ostra", True) in shown_houses(page), "what was just changed stays in sight"
    assert "You will not get" in centres.row(page, "ostra-newsletter-email")


def test_leaving_a_house_is_told_in_its_section(ana, env, email):
    journeys.press(ana, "luxe", set="camille:new-collection:email=on")
    answer = journeys.press(ana, "luxe", leave="camille")
    assert answer.location.endswith("#changed-camille")
    page = show(ana)
    assert 'id="changed-camille" tabindex="-1"><span>2 things changed with Camille.' in centres.part(page, "camille")
    assert page.count('name="undo"') == 1
    journeys.press(ana, "luxe", undo=journeys.undo_id(page))
    assert journeys.decision(env, email) == "granted"
    assert journeys.decision(env, email, "new-collection") == "granted"


def test_leaving_everything_is_told_above_all_houses_and_undone_at_once(ana, env, email, group):
    answer = journeys.press(ana, "luxe", leave="all")
    assert answer.location.endswith("/luxe/preferences#changed")
    page = show(ana)
    first, second, third = (group.brands[slug].name for slug in in_order(group))
    assert f"3 things changed, with {first}, {second} and {third}." in page
    assert [slug for slug, is_open in shown_houses(page) if is_open] == in_order(group)
    journeys.press(ana, "luxe", undo=journeys.undo_id(page))
    assert all(journeys.decision(env, email, brand=brand) == "granted" for brand in THREE)


def test_a_change_of_another_house_is_told_on_a_houses_page_too(ana):
    journeys.press(ana, "luxe", leave="vantour")
    assert "1 thing changed, with Vantour." in show(ana, "camille")


def test_leaving_what_was_only_asked_for_says_that_it_is_cancelled(ana, email):
    journeys.sign_up(ana, email, ["newsletter:email"], "ostra")
    answer = journeys.press(ana, "luxe", leave="ostra")
    assert answer.location.endswith("/luxe/preferences?cancelled=1#changed")
    page = ana.get(answer.location).text
    assert "What you had only asked for is cancelled." in page
    assert 'name="undo"' not in page


def test_one_can_leave_each_house_one_is_with_and_everything(ana, group):
    leaving = re.findall(r'name="leave" value="([^"]+)"', show(ana))
    assert leaving == [*in_order(group), "all"]
    classes = re.findall(r'<button class="([^"]+)" type="submit" name="leave"', show(ana))
    assert set(classes) == {"button plain"}, "equal in weight"


def test_who_is_with_nobody_is_offered_all_and_has_nothing_to_leave(ana, session):
    journeys.press(ana, "luxe", leave="all")
    session.execute(update(SessionRow).values(undo=None))  # as in a session that began later
    page = show(ana)
    assert [is_open for _, is_open in shown_houses(page)] == [False] * 7
    assert 'name="leave"' not in page


def test_the_ways_between_a_house_and_all_houses(ana):
    assert 'href="/luxe/preferences"' in show(ana, "camille")
    assert 'href="/camille/preferences"' in centres.part(show(ana), "camille")
    for site in ("camille", "luxe"):
        page = show(ana, site)
        assert f'href="/{site}/preferences/history"' in page
        assert f'href="/{site}/what-we-send"' in page


def test_headings_go_down_one_step_at_a_time(ana):
    for site in ("luxe", "camille"):
        levels = [int(level) for level in re.findall(r"<h([1-6])", show(ana, site))]
        assert levels[0] == 1
        assert all(later <= earlier + 1 for earlier, later in pairwise(levels))


def test_every_description_that_is_named_is_there(ana):
    page = show(ana)
    named = {name for names in re.findall(r'aria-(?:describedby|labelledby)="([^"]+)"', page) for name in names.split()}
    present = re.findall(r'\bid="([^"]+)"', page)
    assert named - set(present) == set()
    assert len(present) == len(set(present))


def test_a_later_expiry_is_no_obstacle_today(ana, env, email):
    later = (clock.now() + timedelta(days=30)).isoformat()
    centres.record(env, email, "camille:newsletter:email", Action.RENEWED, attributes={"expires_at": later})
    assert 'aria-checked="true"' in centres.row(show(ana), "camille-newsletter-email")
