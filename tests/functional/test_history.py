"""The history of one's own acts: what it says of each, in which order, and to whom."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape

import pytest
import time_machine
from sqlalchemy import delete, select

from app.kit.provenance import PERSON, SYSTEM, Actor, ActorKind, Provenance, Source
from app.models import ConsentEvent, EventDetail
from app.services.folding import Action
from app.services.history import PER_PAGE, Cursor
from tests import centres, journeys
from tests.post import new_address

LETTERS = "camille:newsletter:email"
SHOP = Provenance(Actor(ActorKind.CLIENT, "camille-shop"), Source.API)
FILE = Provenance(Actor(ActorKind.IMPORT), Source.FILE, "fr")
ITSELF = Provenance(SYSTEM, Source.SYSTEM)


@pytest.fixture
def email():
    return new_address()


@pytest.fixture
def ana(client, env, email):
    journeys.subscribe(client, env, email)
    return client


def read(client, site="luxe", **query):
    answer = client.get(f"/{site}/preferences/history", query_string=query)
    assert answer.status_code == 200
    return answer.text


def told(page):
    """List the sentences of a page, without markup."""
    found = re.findall(r'<p id="act-[0-9a]+">(.*?)</p>', page)
    return [unescape(re.sub(r"<[^>]+>", "", sentence)) for sentence in found]


def quiet(page):
    """List what stands under the sentences: time, house, way and language."""
    return [unescape(re.sub(r"<[^>]+>", "", line)) for line in re.findall(r'<p class="line">(.*?)</p>', page)]


def test_asking_and_confirming_are_two_acts_each_at_its_own_time(client, env, email):
    with time_machine.travel("2026-03-02T23:58:00Z", tick=False) as clock:
        journeys.sign_up(client, email)
        clock.move_to(datetime(2026, 3, 3, 0, 4, tzinfo=UTC))
        client.post(journeys.confirmation_path(env, email))
        page = read(client)
    assert told(page) == [
        "You confirmed Letters from the atelier by e-mail from your inbox.",
        "You asked for Letters from the atelier by e-mail on the page of Camille.",
    ]
    assert re.findall(r'<h2 id="day-\d">(.*?)</h2>', page) == ["3 March 2026", "2 March 2026"]
    assert quiet(page) == [
        "00:04 · Camille · Confirmation page · English · Proof", "23:58 · Camille · Sign-up form · English · Proof",
    ]  # fmt: skip
    assert 'datetime="2026-03-02T23:58:00+00:00"' in page


def test_asking_on_the_groups_page_says_so(client, env, email):
    token = journeys.form_token(client.get("/luxe/").text)
    client.post("/luxe/", data={"email": email, "items": ["vantour:newsletter:email"], "csrf_token": token})
    client.post(journeys.confirmation_path(env, email, "vantour"))
    assert told(read(client))[-1].endswith("on the page of LÜXE.")


def test_what_was_done_in_the_centre_and_undone(ana):
    journeys.press(ana, set=f"{LETTERS}=off")
    journeys.press(ana, undo=journeys.undo_id(ana.get("/camille/preferences").text))
    page = read(ana)
    assert told(page)[:2] == [
        "You switched on Letters from the atelier by e-mail in your preferences.",
        "You switched off Letters from the atelier by e-mail in your preferences.",
    ]
    assert "Preference centre" in quiet(page)[0]


@pytest.mark.parametrize(("body", "sentence", "way"), [
    ({"List-Unsubscribe": "One-Click"}, "by the unsubscribe button of your mail program.", "Unsubscribe button"),
    ({}, "by the link in a mail.", "Link in a mail"),
])  # fmt: skip
def test_leaving_by_a_mail_says_how(ana, env, app, email, body, sentence, way):
    app.test_client().post(journeys.unsubscribe_path(env, email), data=body)
    page = read(ana)
    assert told(page)[0] == f"You left Letters from the atelier by e-mail {sentence}"
    assert way in quiet(page)[0]


def test_what_ran_out_for_want_of_an_answer_was_not_asked_for_by_the_person(ana, env, email):
    asked = {"cause": "check_in", "asked_at": "2026-10-01T00:00:00+00:00"}
    centres.record(env, email, LETTERS, Action.EXPIRED, attributes=asked, provenance=ITSELF)
    assert [sentence.split(" ")[1] for sentence in told(read(ana))] == ["from", "confirmed", "asked"]


def test_single_opt_in_started_at_once(client, env, email, app):
    journeys.sign_up(client, email, ["restock:email"], "folie-douze")
    journeys.admit(env, email, "folie-douze")
    journeys.subscribe(client, env, email)
    assert told(read(client))[-1] == "You asked for Restock alerts by e-mail, and it started at once."


@pytest.mark.parametrize(("action", "provenance", "more", "sentence"), [
    (Action.GRANTED, SHOP, {}, "Camille noted that you said yes to %s."),
    (Action.GRANTED, FILE, {}, "Camille noted that you said yes to %s."),
    (Action.RENEWED, SHOP, {}, "Camille noted that you said yes to %s once more."),
    (Action.WITHDRAWN, SHOP, {}, "Camille noted that you left %s."),
    (Action.OBJECTED, FILE, {}, "Camille noted that you object to %s."),
    (Action.REFUSED, SHOP, {}, "Camille noted that you said no to %s."),
    (Action.GRANTED, ITSELF, {}, "You said yes to %s."),
    (Action.RENEWED, centres.CENTRE, {}, "You said yes to %s once more."),
    (Action.REFUSED, centres.CENTRE, {}, "You said no to %s."),
    (Action.OBJECTED, centres.CENTRE, {}, "You objected to %s."),
    (Action.WITHDRAWN, ITSELF, {}, "You left %s."),
    (Action.EXPIRED, ITSELF, {}, "Your yes to %s ran out."),
    (Action.PAUSED, centres.CENTRE, {}, "You paused %s."),
    (Action.PAUSED, centres.CENTRE, {"paused_until": "2027-03-03T10:00:00+00:00"}, "You paused %s until 3 March 2027."),
    (Action.RESUMED, centres.CENTRE, {}, "You went on with %s."),
    (Action.CHANGED, centres.CENTRE, {"frequency": "monthly"}, "You chose how often you get %s: Monthly."),
    (Action.CHANGED, centres.CENTRE, {"frequency": "hourly"}, "You changed how you get %s."),
    (Action.MERGED, ITSELF, {}, "%s came over from another account of yours."),
    (Action.INVALIDATED, ITSELF, {}, "Your yes to %s was struck out, since it could not be proved."),
    (Action.ERASED, ITSELF, {}, "All about %s was erased."),
])  # fmt: skip
def test_every_kind_of_line_is_told_in_plain_words(ana, env, email, action, provenance, more, sentence):
    centres.record(env, email, LETTERS, action, provenance=provenance, attributes=more)
    assert told(read(ana))[0] == sentence % "Letters from the atelier by e-mail"


def test_the_exact_words_then_seen_are_kept_there_in_their_language(client, env, email):
    token = journeys.form_token(client.get("/camille/?lang=fr").text)
    form = {"email": email, "items": ["newsletter:email"], "csrf_token": token}
    client.post("/camille/?lang=fr", data=form)
    client.post(journeys.confirmation_path(env, email))
    page = read(client, lang="en")
    seen = re.findall(r'<div lang="([^"]+)">(.*?)</div>', page)
    assert [language for language, _ in seen] == ["fr", "fr"]
    shown = [unescape(line) for line in re.findall(r"<p>(.*?)</p>", seen[0][1])]
    assert shown[0].startswith("Oui")
    assert any("privacy@camille.example.com" in line for line in shown)
    assert "French" in quiet(page)[-1]


def test_the_readers_language_does_not_change_the_words_seen(ana):
    page = read(ana, lang="fr")
    assert '<html lang="fr"' in page
    assert '<div lang="en"><p>Yes, ' in page


def test_a_name_in_a_foreign_language_is_marked(client, env, email):
    journeys.subscribe(client, env, email, brand="kestrel-row")
    name = env.group.brands["kestrel-row"].topic("newsletter").name["en"]
    assert f'<b lang="en">{name}</b>' in read(client, lang="fr")


def test_a_house_shows_its_own_acts_and_the_group_all(ana, env, email):
    journeys.press(ana, "luxe", set="vantour:newsletter:email=on")
    assert len(told(read(ana))) == 3
    assert len(told(read(ana, "camille"))) == 2
    assert len(told(read(ana, "vantour"))) == 1
    assert told(read(ana, "ostra")) == []
    assert "Nothing yet." in read(ana, "ostra")


def test_acts_that_were_recorded_late_stand_where_they_happened(ana, env, email):
    centres.record(env, email, "camille:new-collection:email", Action.GRANTED, provenance=SHOP,
                   occurred_at=datetime(2020, 3, 3, 10, tzinfo=UTC))  # fmt: skip
    page = read(ana)
    assert told(page)[-1].startswith("Camille noted that you said yes to The collection book")
    assert "3 March 2020" in page


def test_hundreds_of_acts_come_page_by_page_each_once(ana, env, email):
    centres.record(env, email, LETTERS, *[Action.WITHDRAWN, Action.GRANTED] * 119, Action.WITHDRAWN)
    page, anchors, pages = read(ana), [], 1
    while older := re.search(r'href="([^"]+)">Older<', page):
        anchors += re.findall(r'id="act-([0-9a]+)"', page)
        assert len(told(page)) == PER_PAGE
        page, pages = ana.get(unescape(older.group(1))).text, pages + 1
        assert "Back to the newest" in page
    anchors += re.findall(r'id="act-([0-9a]+)"', page)
    assert (pages, len(anchors), len(set(anchors))) == (5, 241, 241)
    assert anchors[-2:] == ["1", "1a"]


@pytest.mark.parametrize("cursor", ["9999", "1b", "-1", "x", "١"])
def test_a_cursor_that_is_none_shows_nothing_else(ana, cursor):
    page = read(ana, before=cursor)
    assert told(page) == [] or len(told(page)) == 2
    assert ("Nothing older than that." in page) == (Cursor.read(cursor) is not None)


def test_nobody_elses_acts_can_be_reached(ana, env, app):
    other, bea = app.test_client(), new_address()
    journeys.subscribe(other, env, bea, brand="vantour")
    assert all("Letters" not in sentence for sentence in told(read(other)))
    assert [read(other, before=f"{n}{part}").count("Letters from the atelier") for n in (1, 2) for part in ("", "a")] \
        == [0, 0, 0, 0]  # fmt: skip


def test_a_session_is_required(app):
    answer = app.test_client().get("/luxe/preferences/history")
    assert (answer.status_code, answer.location) == (303, "/luxe/preferences/link")


def test_what_is_gone_from_the_brands_folder_is_still_told(ana, env, email, monkeypatch):
    journeys.press(ana, "luxe", set="vantour:newsletter:email=on")
    camille = env.group.brands["camille"]
    kept = tuple(topic for topic in camille.topics if topic.key != "newsletter")
    monkeypatch.setitem(env.group.brands, "camille", camille.model_copy(update={"topics": kept}))
    monkeypatch.delitem(env.group.brands, "vantour")
    assert told(read(ana))[:2] == [
        "You switched on newsletter by e-mail in your preferences.",
        "You confirmed newsletter by e-mail from your inbox.",
    ]


def test_once_the_detail_is_erased_the_line_alone_is_told(ana, session):
    session.execute(delete(EventDetail))
    page = read(ana)
    assert told(page)[-1] == "You asked for Letters from the atelier by e-mail."
    assert re.fullmatch(r"\d\d:\d\d · Camille · English · Proof", quiet(page)[-1])


def test_the_page_changes_nothing(ana, session):
    before = session.scalars(select(ConsentEvent.sequence)).all()
    read(ana)
    assert session.scalars(select(ConsentEvent.sequence)).all() == before


def test_the_page_takes_a_handful_of_statements(ana, env, email, monkeypatch):
    read(ana)
    with centres.counted(monkeypatch) as few:
        read(ana)
    centres.record(env, email, LETTERS, *[Action.WITHDRAWN, Action.GRANTED] * 40)
    with centres.counted(monkeypatch) as many:
        read(ana)
    assert len(many.asked) == len(few.asked) <= 5


def test_an_act_on_a_purpose_or_document_has_its_name(ana, env, email, session):
    about = {each.key: each for each in centres.group_items(session)}
    centres.record(env, email, about["personalisation"], Action.OBJECTED, provenance=Provenance(PERSON, Source.CENTRE))
    centres.record(env, email, about["privacy"], Action.GRANTED, provenance=Provenance(PERSON, Source.CENTRE))
    assert told(read(ana))[1] == "You objected to Suggestions that fit you."
    assert told(read(ana))[0].startswith("You switched on Privacy")
