"""The form in a frame, which works without JavaScript; and words that changed while a form was open."""

from __future__ import annotations

import html
import re

import pytest
from sqlalchemy import func, select

from app.factory import create_app
from app.models import AddressRow, Notice, OptInItem
from app.services import offers
from tests import embedding, journeys
from tests.embedding import SITE

ANA = "ana@example.com"
FRAME = "/embed/camille/frame?lang=en"


@pytest.fixture(autouse=True)
def easy(monkeypatch):
    embedding.make_easy(monkeypatch)


def filled_in(client, path=FRAME, **changes):
    """Fill in the form of the frame with Ana's wish for the newsletter, as a browser sends it."""
    page = html.unescape(client.get(path).text)
    hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page))
    return {**hidden, "email": ANA, "items": ["newsletter:email"], **changes}


def known(session):
    return session.scalar(select(func.count()).select_from(AddressRow))


def reworded(env):
    """Give the same Parley after Camille's consent was worded anew."""
    camille = env.group.brands["camille"]
    words = {**camille.words, "consent": dict.fromkeys(camille.locales, "Oh yes, {topic} {how}!")}
    brands = {**env.group.brands, "camille": camille.model_copy(update={"words": words})}
    new = env.__class__(**{**vars(env), "group": env.group.model_copy(update={"brands": brands})})
    return new.afresh(env.database._sessions.kw["info"])


def test_no_box_is_ticked_and_only_the_brand_may_frame_it(client):
    answer = client.get(FRAME)
    assert "checked" not in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert policy.endswith("frame-ancestors https://camille.example.com http://localhost:9000")
    assert answer.headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize(
    ("topics", "boxes"), [("private-sales", 1), ("private-sales,horoscope", 1), ("horoscope", None), ("", None)]
)
def test_where_none_of_the_topics_is_offered_all_are(client, env, topics, boxes):
    page = client.get(f"{FRAME}&topics={topics}").text
    everything = len(list(offers.on_sign_up(env.group.brands["camille"])))
    assert everything > 1
    assert page.count('type="checkbox"') == (boxes or everything)


def test_a_brand_without_origins_is_framed_by_the_sample_site_in_development_only(env, tmp_path):
    camille = env.group.brands["camille"].model_copy(update={"origins": ()})
    group = env.group.model_copy(update={"brands": {**env.group.brands, "camille": camille}})
    bare = env.__class__(**{**vars(env), "group": group})
    live = embedding.with_settings(
        bare, tmp_path, environment="production", public_url="https://x.example", database_url="postgresql://"
    )
    policies = [
        create_app(each.settings, each).test_client().get(FRAME).headers["Content-Security-Policy"]
        for each in (bare, live)
    ]
    assert policies[0].endswith("frame-ancestors http://localhost:9000")
    assert policies[1].endswith("frame-ancestors 'none'")


def test_what_starts_at_once_is_not_said_to_need_a_button(client, env):
    path = FRAME.replace("camille", "folie-douze")
    sent = client.post(path, data=filled_in(client, path, items=["restock:email"]))
    assert "it starts at once" in client.get(sent.location).text


def test_it_signs_up_with_the_words_that_stood_there(client, env, session):
    answer = client.post(FRAME, data=filled_in(client))
    assert (answer.status_code, answer.location) == (303, "/embed/camille/frame/sent?lang=en")
    assert "Check your inbox" in client.get(answer.location).text
    assert journeys.mails(env, ANA) == ["confirm"]
    assert session.scalars(select(OptInItem)).one().provenance["page"] == "/embed/camille/frame"
    kept = session.scalars(select(Notice.text).join(OptInItem, OptInItem.notice_digest == Notice.digest)).one()
    page = html.unescape(re.sub(r"<[^>]*>", "", client.get(FRAME).text))
    assert [line for line in kept.splitlines() if line not in page] == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"email": "ana"}, "name@example.com"),
        ({"items": []}, "Choose at least one"),
        ({"email": "", "items": []}, "Choose at least one"),
        ({"csrf_token": "forged"}, "send it once more"),
        ({"csrf_token": ""}, "send it once more"),
        ({"seen:newsletter:email": "forged"}, "words have changed"),
    ],
)
def test_mistakes_are_told_kindly_and_nothing_is_stored(client, session, changes, words):
    answer = client.post(FRAME, data=filled_in(client, **changes))
    assert answer.status_code == 422
    assert words in answer.text
    assert known(session) == 0


def test_what_was_ticked_and_typed_comes_back_with_the_mistake(client):
    page = client.post(FRAME, data=filled_in(client, email="ana")).text
    assert 'value="ana"' in page
    assert re.findall(r'value="([^"]+)" checked', page) == ["newsletter:email"]


def test_the_trap_answers_as_always_and_keeps_nothing(client, session):
    assert client.post(FRAME, data=filled_in(client, website="spam")).status_code == 303
    assert known(session) == 0


def test_another_site_cannot_post_it(client, session):
    answer = client.post(FRAME, data=filled_in(client), headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert known(session) == 0


def test_a_form_that_was_open_while_the_words_changed_is_asked_to_be_read_again(client, env, session):
    framed, sent = filled_in(client), embedding.body(client, ANA)
    new = reworded(env)
    later = create_app(new.settings, new).test_client()
    answer = later.post(FRAME, data=framed)
    assert answer.status_code == 422
    assert "words have changed" in answer.text
    assert "checked" not in answer.text, "new words, a new tick"
    refused = embedding.send(later, sent)
    assert (refused.status_code, refused.json["code"], refused.json["field"]) == (409, "wording_changed", "items")
    assert known(session) == 0


def test_the_definition_says_the_new_words_and_they_are_taken(client, env, session):
    new = reworded(env)
    later = create_app(new.settings, new).test_client()
    old, fresh = embedding.definition(client), embedding.definition(later)
    assert old["choices"][0]["notice"] != fresh["choices"][0]["notice"]
    assert embedding.send(later, embedding.body(later, ANA), origin=SITE).status_code == 202
    kept = session.scalars(select(Notice.text).join(OptInItem, OptInItem.notice_digest == Notice.digest)).one()
    assert kept.startswith("Oh yes, ")
