"""Ways to leave through the links of mails, and never to be mailed again."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select

from app.branding.models import LegalBasis
from app.factory import create_app
from app.models import Account, Item
from app.services import ledger, tokens
from app.services.folding import Action
from app.services.items import items
from app.services.tokens import LeaveTarget
from tests import journeys

ANA = "ana@example.com"
NEWSLETTER = "camille:newsletter:email"


@pytest.fixture
def ana(client, env):
    journeys.subscribe(client, env, ANA)
    return client


def test_one_click_unsubscribe_needs_nothing_but_the_link(ana, env, app):
    stranger = app.test_client()
    headers = {"Origin": "https://mail.example.com", "Sec-Fetch-Site": "cross-site"}
    path = journeys.unsubscribe_path(env, ANA)
    assert stranger.get(path).status_code == 200
    assert journeys.decision(env, ANA) == "granted"
    answer = stranger.post(path, data={"List-Unsubscribe": "One-Click"}, headers=headers)
    assert (answer.status_code, "Set-Cookie" in answer.headers) == (200, False)
    assert journeys.decision(env, ANA) == "withdrawn"
    assert stranger.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200


def test_one_click_also_comes_as_multipart(ana, env, app):
    path = journeys.unsubscribe_path(env, ANA, item="newsletter:email")
    answer = app.test_client().post(path, data={"List-Unsubscribe": "One-Click"}, content_type="multipart/form-data")
    assert answer.status_code == 200
    assert journeys.decision(env, ANA) == "withdrawn"


def test_a_link_that_leaves_an_item_leaves_the_others(ana, env, app):
    journeys.press(ana, set="camille:new-collection:email=on")
    page = app.test_client().post(journeys.unsubscribe_path(env, ANA, item="newsletter:email"))
    assert page.status_code == 200
    assert journeys.decision(env, ANA) == "withdrawn"
    assert journeys.decision(env, ANA, "new-collection") == "granted"


def test_never_stops_everything_until_the_owner_lifts_it(ana, env):
    ana.post(journeys.never_path(env, ANA))
    assert journeys.decision(env, ANA) == "suppressed"
    page = ana.get("/camille/preferences").text
    assert "Nothing is sent" in page
    journeys.press(ana, lift="1")
    assert journeys.decision(env, ANA) == "granted"


def test_the_manage_link_shows_nothing_and_mails_a_link(ana, env, app):
    page = app.test_client().get(journeys.manage_path(env, ANA))
    assert page.status_code == 200
    assert ANA not in page.text
    app.test_client().post(journeys.manage_path(env, ANA), data={"do": "link"})
    assert journeys.mails(env, ANA)[-1] == "access"
    app.test_client().post(journeys.manage_path(env, ANA), data={"do": "leave"})
    assert journeys.decision(env, ANA) == "withdrawn"


def test_a_link_in_the_groups_own_mail_leaves_all_its_brands(ana, env, app):
    journeys.press(ana, site="luxe", set="folie-douze:newsletter:email=on")
    app.test_client().post(journeys.unsubscribe_path(env, ANA, "luxe"))
    assert journeys.decision(env, ANA) == "withdrawn"
    assert journeys.decision(env, ANA, brand="folie-douze") == "withdrawn"


def test_a_manage_link_is_good_for_its_own_house(ana, env, app):
    path = journeys.manage_path(env, ANA).replace("/camille/", "/folie-douze/")
    assert app.test_client().get(path).status_code == 404
    assert app.test_client().post(path, data={"do": "leave"}).status_code == 404


@pytest.fixture
def without_camille(env):
    """Give the same Parley after a release in which Camille is gone."""
    brands = {slug: brand for slug, brand in env.group.brands.items() if slug != "camille"}
    new = env.__class__(**{**vars(env), "group": env.group.model_copy(update={"brands": brands})})
    return create_app(new.settings, new).test_client()


def test_the_links_of_a_house_that_is_gone_still_work(ana, env, without_camille):
    path = journeys.manage_path(env, ANA)
    assert without_camille.get(path).status_code == 200
    without_camille.post(path, data={"do": "link"})
    assert journeys.mails(env, ANA)[-1] == "access"
    without_camille.post(path, data={"do": "leave"})
    assert journeys.decision(env, ANA) == "withdrawn"


@pytest.mark.parametrize("way", ["brand", "item", "everywhere", "centre", "centre of all"])
def test_whoever_leaves_also_leaves_what_a_newer_release_offered(ana, env, app, session, way):
    items(session)  # as this process knows them
    key = {"brand": "camille", "kind": "subscription", "key": "newer", "channel": "email"}
    new = session.scalar(insert(Item).values(key).returning(Item.id))
    account = session.scalars(select(Account)).one()
    ledger.append(session, account, [ledger.Entry(new, Action.GRANTED)], journeys.FORM)
    session.commit()
    targets = {"brand": LeaveTarget(account.id, brand="camille"), "item": LeaveTarget(account.id, item_id=new),
               "everywhere": LeaveTarget(account.id, everywhere=True)}  # fmt: skip
    if way in targets:
        link = tokens.unsubscribe_link(session, "camille", targets[way])
        app.test_client().post(journeys.path(env, link))
    else:
        journeys.press(ana, leave="camille" if way == "centre" else "all")
    assert ledger.present(session, account.id)[new].status == "withdrawn"


def test_never_can_be_taken_back_from_the_mailbox_without_an_account(client, env):
    journeys.sign_up(client, ANA)
    client.post(journeys.never_path(env, ANA))
    token = journeys.form_token(client.get("/camille/preferences/link").text)
    client.post("/camille/preferences/link", data={"email": ANA, "csrf_token": token})
    path = journeys.access_path(env, ANA)
    assert "Allow mails again" in client.get(path).text
    assert journeys.decision(env, ANA) == "suppressed"
    answer = client.post(path)
    assert (answer.status_code, "Set-Cookie" in answer.headers) == (200, False)
    assert journeys.decision(env, ANA) == "unknown_subject"
    assert client.post(path).status_code == 410


@pytest.mark.parametrize("way", ["switch", "leave", "one-click", "item"])
def test_what_needs_no_consent_ends_with_an_objection(ana, env, app, monkeypatch, way):
    camille = env.group.brands["camille"]
    topics = [t.model_copy(update={"legal_basis": LegalBasis.LEGITIMATE_INTEREST}) if t.key == "private-sales" else t
              for t in camille.topics]  # fmt: skip
    monkeypatch.setitem(env.group.brands, "camille", camille.model_copy(update={"topics": tuple(topics)}))
    assert journeys.decision(env, ANA, "private-sales") == "legitimate_interest"
    if way == "switch":
        assert "since you are our customer" in ana.get("/camille/preferences").text
        journeys.press(ana, set="camille:private-sales:email=off")
    elif way == "leave":
        journeys.press(ana, leave="all")
    else:
        item = "private-sales:email" if way == "item" else None
        app.test_client().post(journeys.unsubscribe_path(env, ANA, item=item), data={"List-Unsubscribe": "One-Click"})
    assert journeys.decision(env, ANA, "private-sales") == "objected"


def test_people_can_leave_a_house_that_is_gone(ana, env, app, monkeypatch):
    journeys.press(ana, site="luxe", set="folie-douze:newsletter:email=on")
    path = journeys.unsubscribe_path(env, ANA, "folie-douze")
    monkeypatch.delitem(env.group.brands, "folie-douze")
    assert journeys.press(ana, leave="all").status_code == 303
    assert journeys.decision(env, ANA) == "withdrawn"
    assert app.test_client().get(path).status_code == 200
    assert app.test_client().post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
