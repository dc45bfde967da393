"""One mail for the changes of all houses, when they were made in the centre of all of them."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from app.courier.delivery import deliver
from app.models import Message
from tests import journeys

ANA = "ana@example.com"
LETTERS, DROPS = "camille:newsletter:email", "folie-douze:drops:email"


@pytest.fixture
def ana(client, env):
    journeys.subscribe(client, env, ANA)
    return client


def summaries(env):
    """Give the summaries queued and not dropped, by who writes them."""
    with env.database.transaction() as session:
        query = select(Message).where(Message.kind == "summary", Message.state != "dropped")
        return {each.brand: each for each in session.scalars(query)}


def told(env, outbox):
    """Deliver the only summary there is, and give it as it arrives."""
    ((_brand, message),) = summaries(env).items()
    assert deliver(env, outbox, message.id) == "sent"
    return outbox.parsed()


def test_changes_in_the_centre_of_all_houses_are_told_in_one_mail(ana, env, outbox, group):
    journeys.press(ana, site="luxe", set=f"{LETTERS}=off")
    journeys.press(ana, site="luxe", set=f"{DROPS}=on")
    assert list(summaries(env)) == ["luxe"]
    mail = told(env, outbox)
    text = mail.get_body(("plain",)).get_content()
    assert mail["From"].addresses[0].addr_spec == group.sender.address
    assert [line[:9] for line in text.splitlines() if line.startswith("* ")] == ["* Camille", "* Folie D"]
    assert re.search(r"/luxe/manage/", text), "it leads to the centre of all houses"


def test_changes_on_a_houses_own_page_are_told_by_that_house(ana, env):
    journeys.press(ana, set=f"{LETTERS}=off")
    assert list(summaries(env)) == ["camille"]


def test_the_mail_of_the_group_gathers_what_a_house_was_about_to_tell(ana, env, outbox):
    journeys.press(ana, set=f"{LETTERS}=off")
    journeys.press(ana, site="luxe", set=f"{DROPS}=on")
    assert list(summaries(env)) == ["luxe"]
    journeys.press(ana, set="camille:new-collection:email=on")
    assert list(summaries(env)) == ["luxe"], "and what a house would tell later"
    text = told(env, outbox).get_body(("plain",)).get_content()
    assert text.count("* Camille") == 2
    assert text.count("* Folie Douze") == 1


def test_what_is_undone_across_houses_is_not_told(ana, env, outbox):
    for on, off in ((f"{DROPS}=on", f"{DROPS}=off"), (f"{LETTERS}=off", f"{LETTERS}=on")):
        journeys.press(ana, site="luxe", set=on)
        journeys.press(ana, site="luxe", set=off)
    ((_brand, message),) = summaries(env).items()
    assert deliver(env, outbox, message.id) == "dropped"
    assert outbox.mails == []


def test_undo_in_the_centre_of_all_houses_takes_the_telling_back(ana, env, outbox):
    journeys.press(ana, site="luxe", leave="all")
    journeys.press(ana, site="luxe", undo=journeys.undo_id(ana.get("/luxe/preferences").text))
    ((_brand, message),) = summaries(env).items()
    assert deliver(env, outbox, message.id) == "dropped"


def test_one_click_in_the_mail_of_the_group_leaves_all_houses_also_those_that_are_gone(
    ana, env, outbox, app, monkeypatch
):
    journeys.press(ana, site="luxe", set=f"{DROPS}=on")
    mail = told(env, outbox)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = journeys.path(env, mail["List-Unsubscribe"].strip("<>"))
    assert path.startswith("/luxe/unsubscribe/")
    page = app.test_client().get(path).text
    assert "from all houses of LÜXE" in page
    assert "Leave all houses of" in mail.get_body(("plain",)).get_content()
    assert journeys.decision(env, ANA, "drops", brand="folie-douze") == "granted"
    folie = env.group.brands["folie-douze"]
    monkeypatch.delitem(env.group.brands, "folie-douze")
    app.test_client().post(path, data={"List-Unsubscribe": "One-Click"})
    monkeypatch.setitem(env.group.brands, "folie-douze", folie)
    assert journeys.decision(env, ANA) == "withdrawn"
    assert journeys.decision(env, ANA, "drops", brand="folie-douze") == "withdrawn"


def test_the_page_after_leaving_all_houses_and_the_manage_page_say_so(ana, env, outbox, app):
    journeys.press(ana, site="luxe", set=f"{DROPS}=on")
    mail = told(env, outbox)
    done = app.test_client().post(journeys.path(env, mail["List-Unsubscribe"].strip("<>")))
    assert "from all houses of LÜXE" in done.text
    assert "all houses of" in app.test_client().get(journeys.manage_path(env, ANA, "luxe")).text


def test_a_confirmation_names_who_is_answerable_once(client, env, outbox, group):
    journeys.sign_up(client, ANA)
    with env.database.transaction() as session:
        message_id = session.scalars(select(Message.id)).one()
    deliver(env, outbox, message_id)
    controller = group.brands["camille"].controller
    for part in ("plain", "html"):
        content = outbox.parsed().get_body((part,)).get_content()
        assert content.count(controller.name) == 1
        assert content.count(controller.postal_address[0]) == 1
    page = client.get(journeys.confirmation_path(env, ANA)).text
    main = page[page.index("<main") : page.index("</main>")]
    assert controller.name in main, "what was seen is quoted whole on the page"
