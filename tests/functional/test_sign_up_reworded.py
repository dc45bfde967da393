"""Words that changed while the hosted form was open: what is kept as a notice is what stood there, or nothing is."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from app.factory import create_app
from app.kit.signing import Purpose
from app.models import AddressRow, Notice, OptInItem
from tests import journeys

ANA = "ana@example.com"


def reworded(env):
    """Give the same Parley after Camille's consent was worded anew."""
    camille = env.group.brands["camille"]
    words = {**camille.words, "consent": dict.fromkeys(camille.locales, "Oh yes, {topic} {how}!")}
    brands = {**env.group.brands, "camille": camille.model_copy(update={"words": words})}
    new = env.__class__(**{**vars(env), "group": env.group.model_copy(update={"brands": brands})})
    return new.afresh(env.database._sessions.kw["info"])


def filled_in(client, path, item="newsletter:email"):
    return {"email": ANA, "items": [item], "csrf_token": journeys.form_token(client.get(path).text)}


def kept(session):
    """Give the locale and first line of what was kept as seen."""
    query = select(Notice.locale, Notice.text).join(OptInItem, Notice.digest == OptInItem.notice_digest)
    return [(row.locale, row.text.splitlines()[0]) for row in session.execute(query)]


@pytest.mark.parametrize("item", ["newsletter:email", "camille:newsletter:email"])
def test_nobody_agrees_to_words_of_a_new_version(env, client, session, item):
    site = env.group.slug if item.startswith("camille:") else "camille"
    sent = filled_in(client, f"/{site}/", item)
    new = create_app(env.settings, reworded(env)).test_client()
    answer = new.post(f"/{site}/", data=sent)
    assert answer.status_code == 422
    assert "Our words have changed meanwhile." in answer.text
    assert "Oh yes, " in answer.text
    assert f'value="{ANA}"' in answer.text, "what was typed stays"
    assert " checked" not in answer.text, "other words need another consent"
    assert session.scalar(select(func.count()).select_from(AddressRow)) == 0
    again = new.post(f"/{site}/", data={**sent, "csrf_token": journeys.form_token(answer.text)})
    assert again.status_code == 303
    assert kept(session)[0][1].startswith("Oh yes, ")


def test_a_worker_with_the_same_words_takes_the_form_of_another(env, client, session):
    sent = filled_in(client, "/camille/")
    other = env.__class__(**vars(env)).afresh(env.database._sessions.kw["info"])
    assert create_app(env.settings, other).test_client().post("/camille/", data=sent).status_code == 303
    assert len(kept(session)) == 1


def test_words_of_another_house_are_no_matter(env, client):
    sent = filled_in(client, "/folie-douze/")
    assert create_app(env.settings, reworded(env)).test_client().post("/folie-douze/", data=sent).status_code == 303


@pytest.mark.parametrize("path", ["/camille/", "/camille/?lang=de"])
def test_what_was_read_in_french_is_kept_in_french(client, session, path):
    sent = filled_in(client, "/camille/?lang=fr")
    assert client.post(path, data=sent).status_code == 303
    assert [locale for locale, _words in kept(session)] == ["fr"]


def test_a_token_without_words_is_none_of_this_form(client, env, session):
    sent = {**filled_in(client, "/camille/"), "csrf_token": env.signer.sign(Purpose.FORM, "camille")}
    assert client.post("/camille/", data=sent).status_code == 422
    assert not kept(session)
