"""What is from a certain age: asked about where it is ticked or switched on, refused kindly, and kept nowhere."""

from __future__ import annotations

from datetime import date

import pytest
import time_machine
from sqlalchemy import func, select

from app.factory import create_app
from app.kit.ages import age_on, read_day
from app.models import AddressRow, EventDetail, OptInItem, OptInRequest
from tests import centres, embedding, journeys
from tests.environments import rolled_back

ANA = "ana@example.com"
EVENINGS = "atelier-events:email"
TODAY = date(2026, 12, 1)
GROWN, CHILD, ALMOST, JUST = "1984-05-06", "2015-05-06", "2008-12-02", "2008-12-01"


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel("2026-12-01T10:00:00Z", tick=True):
        yield


def ask(client, born=None, items=(EVENINGS,), **more):
    token = journeys.form_token(client.get("/camille/").text)
    sent = {"email": ANA, "items": list(items), "csrf_token": token, **({"born": born} if born else {}), **more}
    return client.post("/camille/", data=sent)


def known(session):
    return session.scalar(select(func.count()).select_from(AddressRow))


@pytest.mark.parametrize(("day", "born", "years"), [
    (TODAY, date(2008, 12, 1), 18), (TODAY, date(2008, 12, 2), 17), (date(2026, 2, 28), date(2008, 2, 29), 17),
    (date(2026, 3, 1), date(2008, 2, 29), 18), (date(2028, 2, 29), date(2008, 2, 29), 20),
])  # fmt: skip
def test_a_year_is_over_on_the_birthday(day, born, years):
    assert age_on(day, born) == years


@pytest.mark.parametrize("text", ["", "yesterday", "2008-13-01", "2008-02-30", "20080301", "2008-W01-1", "١٩٨٤-٠٥-٠٦"])
def test_what_is_no_day_is_none(text):
    assert read_day(text) is None


@pytest.mark.parametrize("born", [None, "", "x", "2030-01-01", "1800-01-01"])
def test_the_form_asks_for_a_date_that_can_be_true(client, session, born):
    answer = ask(client, born)
    assert answer.status_code == 422
    assert "Please tell us your date of birth" in answer.text
    assert known(session) == 0


@pytest.mark.parametrize("born", [CHILD, ALMOST])
def test_who_is_too_young_is_told_so_kindly_and_nothing_is_kept(client, session, born):
    answer = ask(client, born, ["newsletter:email", EVENINGS])
    assert answer.status_code == 422
    assert "for people who are older than you are today" in answer.text
    assert known(session) == 0
    assert ask(client, born, ["newsletter:email"]).status_code == 303, "the rest is theirs"


@pytest.mark.parametrize("born", [JUST, GROWN])
def test_who_is_old_enough_signs_up_and_the_date_is_nowhere(client, env, session, born):
    assert ask(client, born).status_code == 303
    client.post(journeys.confirmation_path(env, ANA))
    assert journeys.decision(env, ANA, "atelier-events") == "granted"
    kept = [
        str(vars(row)) for table in (OptInRequest, OptInItem, EventDetail) for row in session.scalars(select(table))
    ]
    assert kept
    assert not any(born in row for row in kept)


def test_what_is_for_everyone_needs_no_date(client):
    assert ask(client, items=["newsletter:email"]).status_code == 303


def test_in_the_centre_the_switch_leads_to_the_question(client, env, session):
    journeys.subscribe(client, env, ANA)
    answer = journeys.press(client, set=f"camille:{EVENINGS}=on")
    assert answer.location == f"/camille/preferences/age?item=camille:{EVENINGS}"
    page = centres.plain(client.get(answer.location).text)
    assert "Yes, send me “Evenings at the atelier” by e-mail" in page
    assert journeys.decision(env, ANA, "atelier-events") == "never_asked"
    for born, words in ((CHILD, "We have kept nothing of what you wrote"), ("", "Please tell us your date of birth")):
        answer = journeys.tell_age(client, f"camille:{EVENINGS}", born)
        assert (answer.status_code, words in answer.text) == (422, True)
    assert journeys.decision(env, ANA, "atelier-events") == "never_asked"
    answer = journeys.tell_age(client, f"camille:{EVENINGS}", GROWN)
    assert answer.location.endswith("#camille-atelier-events-email")
    assert journeys.decision(env, ANA, "atelier-events") == "granted"


def test_leaving_it_can_be_undone_without_being_asked_again(client, env):
    journeys.subscribe(client, env, ANA)
    journeys.tell_age(client, f"camille:{EVENINGS}")
    journeys.press(client, set=f"camille:{EVENINGS}=off")
    journeys.press(client, undo=journeys.undo_id(client.get("/camille/preferences").text))
    assert journeys.decision(env, ANA, "atelier-events") == "granted"


@pytest.mark.parametrize("item", ["x", "ostra:newsletter:email", "luxe:analytics:purpose", "camille:nothing:email"])
def test_the_question_about_what_is_not_there(client, env, item):
    journeys.subscribe(client, env, ANA)
    assert client.get("/camille/preferences/age", query_string={"item": item}).status_code == 422
    assert client.get("/camille/preferences/age").status_code == 422


def test_the_question_agrees_to_the_words_of_today_only(client, env):
    journeys.subscribe(client, env, ANA)
    answer = journeys.tell_age(client, f"camille:{EVENINGS}", words="others")
    assert "reworded=1" in answer.location
    assert journeys.tell_age(client, f"camille:{EVENINGS}", csrf_token="forged").status_code == 422
    assert journeys.decision(env, ANA, "atelier-events") == "never_asked"


@pytest.fixture
def by_country(env, database_urls):
    """Give Parley where the evenings are from 16, in France from 15, in Austria from 14."""
    camille = env.group.brands["camille"]
    ages = {"minimum_age": 16, "minimum_age_in": {"FR": 15, "AT": 14}}
    topics = tuple(t.model_copy(update=ages) if t.key == "atelier-events" else t for t in camille.topics)
    brands = {**env.group.brands, "camille": camille.model_copy(update={"topics": topics})}
    with rolled_back(env.settings, database_urls.application, env.group.model_copy(update={"brands": brands})) as other:
        yield other


@pytest.mark.parametrize(("country", "years", "status"), [
    ("FR", 15, 303), ("FR", 14, 422), ("AT", 14, 303), ("DE", 15, 422), ("-", 16, 303), ("-", 15, 422), ("", 15, 422),
])  # fmt: skip
def test_each_country_has_its_age(by_country, country, years, status):
    client = create_app(by_country.settings, by_country).test_client()
    page = client.get("/camille/").text
    assert "From the age of 16." in page
    assert "From 15 in this country: France." in page
    assert '<option value="AT">Austria</option>' in page
    assert ask(client, f"{TODAY.year - years}-11-30", country=country).status_code == status


def test_the_element_and_the_frame_ask_as_well(client, session, monkeypatch):
    embedding.make_easy(monkeypatch)
    choice = next(each for each in embedding.definition(client)["choices"] if each["item"] == EVENINGS)
    assert choice["asks_age"] is True
    for born, code, field in (("", "birth_date_needed", "born"), (CHILD, "too_young", "items")):
        sent = {**embedding.body(client, ANA, [EVENINGS]), "born": born}
        answer = embedding.send(client, sent)
        assert (answer.status_code, answer.json["code"], answer.json["field"]) == (422, code, field)
    assert known(session) == 0
    assert embedding.send(client, {**embedding.body(client, ANA, [EVENINGS]), "born": GROWN}).status_code == 202
