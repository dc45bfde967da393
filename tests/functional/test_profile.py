"""The profile: filled in, changed and removed field by field; and nothing of it by whoever may not."""

from __future__ import annotations

import html
import json
import re

import pytest
import time_machine
from sqlalchemy import func, select

from app.models import Account, ProfileChange, ProfileRow
from tests import customers, journeys
from tests.customers import ANA, BEA, tell, untell

PROFILE = "/camille/account/profile"
ADDRESS = {"street": "12 rue du Port\r\n3rd floor", "postal_code": "29200", "city": "Brest", "country": "FR"}
GOOD = {
    "name": {"name": "Ana Ruiz"},
    "birthday": {"day": "3", "month": "11", "year": "1990"},
    "country": {"country": "FR"},
    "postal-address": ADDRESS,
    "interests": {"choices": ["scent", "repair"]},
    "preferred-channel": {"channel": "post"},
    "language": {"language": "fr"},
}
SHOWN = {
    "name": "<p>Ana Ruiz</p>",
    "birthday": "<p>3 November 1990</p>",
    "country": "<p>France</p>",
    "postal-address": "<p>12 rue du Port<br>3rd floor<br>29200 Brest<br>France</p>",
    "interests": "<p>Scent<br>Care and repair</p>",
    "preferred-channel": "<p>By post</p>",
}


@pytest.fixture
def ana(client, env):
    """Give a full customer's browser."""
    customers.register(client, env, ANA)
    return client


def rows(session):
    return {row.key: row for row in session.scalars(select(ProfileRow))}


def told(env, session):
    return {key: json.loads(env.sealer.open(row.sealed)) for key, row in rows(session).items()}


def history(session):
    return [(each.key, each.action, each.brand)
            for each in session.scalars(select(ProfileChange).order_by(ProfileChange.id))]  # fmt: skip


def words(page):
    return html.unescape(page)


def test_the_account_leads_to_the_first_question_and_what_it_is_for(ana):
    assert f'href="{PROFILE}"' in ana.get("/camille/account").text
    page = words(ana.get(PROFILE).text)
    assert "Nothing here is needed" in page
    assert "So that letters begin with your name" in page
    assert page.count('<form method="post" action="/camille/account/profile/') == 1, "one question at a time"
    for label in ("Your birthday", "Where you live", "Your postal address", "What you care for", "Your language"):
        assert label in page
    assert "checked" not in words(ana.get(f"{PROFILE}/interests").text)


@pytest.mark.parametrize("field", GOOD)
def test_each_field_is_kept_shown_with_its_purpose_changed_and_removed(ana, env, session, group, field):
    assert tell(ana, field, **GOOD[field]).location == f"{PROFILE}?kept=1#done"
    page = words(ana.get(f"{PROFILE}?kept=1&lang=en").text)
    assert "Saved." in page
    assert SHOWN.get(field, "<p>French</p>") in page
    assert group.profile_field(field).purpose["en"] in page
    again = words(ana.get(f"{PROFILE}/{field}?lang=en").text)
    for part, typed in GOOD[field].items():
        for each in typed if isinstance(typed, list) else typed.split("\r\n"):
            assert each in again, part
    assert untell(ana, field).location == f"{PROFILE}?removed=1#done"
    assert SHOWN.get(field, "<p>French</p>") not in words(ana.get(f"{PROFILE}?lang=en").text)
    assert history(session) == [(field, "set", "camille"), (field, "removed", "camille")]
    assert rows(session) == {}


def test_what_is_kept_is_sealed_and_what_was_before_is_gone(ana, env, session):
    tell(ana, "name", name="Ana  Ruiz ")
    tell(ana, "name", name="Ana Ruiz")
    tell(ana, "name", site="ostra", name="Ana Sol")
    row = rows(session)["name"]
    assert b"Ana" not in row.sealed
    assert told(env, session) == {"name": {"name": "Ana Sol"}}
    assert history(session) == [("name", "set", "camille"), ("name", "changed", "ostra")], "the same again is no change"
    page = words(ana.get(PROFILE).text)
    assert "You filled in <b>Your name</b>." in page
    assert "You changed <b>Your name</b>." in page
    assert re.search(r"</time> · (Ostra|OSTRA)<", page), "through which house"
    assert "Ruiz" not in page


WRONG = [
    ("name", {"name": ""}, "Write your name."),
    ("name", {"name": "a" * 101}, "100 characters at most"),
    ("name", {"name": "a" * 10_000}, "100 characters at most"),
    ("name", {"name": "An\x00a"}, "character in it that can't be kept"),
    ("name", {"name": "An\x1b[31ma"}, "character in it that can't be kept"),
    ("name", {"name": "\u202eanA"}, "character in it that can't be kept"),
    ("birthday", {"day": "3", "year": "1990"}, "all needed"),
    ("birthday", {"day": "31", "month": "2", "year": "1990"}, "no such day"),
    ("birthday", {"day": "29", "month": "2", "year": "1900"}, "no such day"),
    ("birthday", {"day": "-3", "month": "2", "year": "1990"}, "no such day"),
    ("birthday", {"day": "3", "month": "November", "year": "1990"}, "no such day"),
    ("birthday", {"day": "3", "month": "2", "year": "90"}, "four figures"),
    ("birthday", {"day": "31", "month": "12", "year": "1899"}, "four figures"),
    ("birthday", {"day": "31", "month": "12", "year": "9999"}, "still to come"),
    ("birthday", {"day": "9" * 10_000, "month": "12", "year": "1990"}, "no such day"),
    ("country", {"country": ""}, "Choose a country."),
    ("country", {"country": "XX"}, "Choose something of the list"),
    ("country", {"country": "EU"}, "Choose something of the list"),
    ("country", {"country": "fr"}, "Choose something of the list"),
    ("postal-address", {**ADDRESS, "street": ""}, "Write street and number."),
    ("postal-address", {**ADDRESS, "street": "a\nb\nc\nd"}, "Three lines at most"),
    ("postal-address", {**ADDRESS, "street": "a" * 10_000}, "200 characters at most"),
    ("postal-address", {**ADDRESS, "city": "Br\x07est"}, "character in it that can't be kept"),
    ("postal-address", {**ADDRESS, "postal_code": "2" * 21}, "20 characters at most"),
    ("postal-address", {**ADDRESS, "country": "ZZ"}, "Choose something of the list"),
    ("interests", {}, "Tick at least one"),
    ("interests", {"choices": ["scent", "anvils"]}, "Choose something of the list"),
    ("preferred-channel", {"channel": "pigeon"}, "Choose something of the list"),
    ("preferred-channel", {"channel": "whatsapp"}, "Choose something of the list"),
    ("language", {"language": "tlh"}, "Choose something of the list"),
]


@pytest.mark.parametrize(("field", "typed", "said"), WRONG)
def test_what_can_t_be_kept_comes_back_with_what_is_wrong_beside_it(ana, session, field, typed, said):
    answer = tell(ana, field, **typed)
    page = words(answer.text)
    assert answer.status_code == 422
    assert page.count(said) == 2, "above, and at the field"
    assert 'aria-invalid="true"' in page or field == "interests"
    assert re.search(r'<a href="#(\w+)">', page)[1] in re.findall(r' id="(\w+)"', page)
    assert rows(session) == {}
    assert history(session) == []


def test_nothing_of_what_was_typed_is_lost(ana):
    page = words(tell(ana, "postal-address", **{**ADDRESS, "city": ""}).text)
    assert '<textarea id="street" name="street" rows="2" autocomplete="street-address">\n12 rue du Port' in page
    assert 'value="29200"' in page
    assert '<option value="FR" selected>France</option>' in page
    page = tell(ana, "interests", choices=["scent", "anvils"]).text
    assert re.search(r'value="scent" checked', page)


def test_words_that_are_marked_up_are_words(ana):
    name = '<script>alert(1)</script>"><b>{{ 7 * 7 }}'
    tell(ana, "name", name=name)
    for page in (ana.get(PROFILE).text, ana.get(f"{PROFILE}/name").text, ana.get("/camille/account/data").text):
        assert "<script>alert" not in page
        assert name in words(page)
    street = "</textarea><script>alert(1)</script>\nE-mail lane"
    answer = tell(ana, "postal-address", **{**ADDRESS, "street": street, "city": ""})
    assert "<script>alert" not in answer.text
    assert "\nE-mail lane</textarea>" in answer.text, "no tag is put into what can hold none"


def test_a_day_is_judged_by_the_calendar_of_now(ana, session):
    with time_machine.travel("2028-02-29T12:00:00Z", tick=False):
        customers.sign_in(ana, ANA)
        assert tell(ana, "birthday", day="1", month="3", year="2028").status_code == 422
        assert tell(ana, "birthday", day="29", month="2", year="2028").status_code == 303
    assert session.scalar(select(func.count()).select_from(ProfileRow)) == 1


@pytest.mark.parametrize("field", ["shoe-size", "name/x", "../data", "%00"])
def test_what_is_not_asked_for_is_not_there(ana, session, field):
    assert ana.get(f"{PROFILE}/{field}").status_code in {303, 404}
    token = journeys.form_token(ana.get(PROFILE).text)
    assert ana.post(f"{PROFILE}/{field}", data={"csrf_token": token, "name": "Ana"}).status_code in {404, 405}
    assert rows(session) == {}


def test_a_form_without_the_token_of_this_session_changes_nothing(ana, app, env, session):
    bea = app.test_client()
    customers.register(bea, env, BEA)
    tell(ana, "name", name="Ana")
    hers = journeys.form_token(bea.get(PROFILE).text)
    for token in ("", "forged", hers):
        answer = ana.post(f"{PROFILE}/name", data={"csrf_token": token, "name": "Eve"})
        assert (answer.status_code, 'value="Eve"' in answer.text) == (422, True)
        assert ana.post(f"{PROFILE}/name/remove", data={"csrf_token": token}).status_code == 422
    assert told(env, session) == {"name": {"name": "Ana"}}


def test_everybody_has_a_profile_of_their_own(ana, app, env, session):
    bea = app.test_client()
    customers.register(bea, env, BEA)
    tell(ana, "name", name="Ana")
    tell(bea, "name", name="Bea")
    untell(bea, "name")
    assert told(env, session) == {"name": {"name": "Ana"}}
    assert "Ana" not in bea.get(PROFILE).text


@pytest.mark.parametrize("path", [PROFILE, f"{PROFILE}/name"])
def test_a_session_from_a_mail_sees_nothing_of_it(app, env, ana, path):
    tell(ana, "name", name="Peculiar Ana")
    lite = app.test_client()
    journeys.subscribe(lite, env, ANA)
    assert lite.get(path).location == "/camille/sign-in"
    data = lite.get("/camille/account/data").text
    assert "Peculiar" not in data, "the mail may have been passed on"
    assert "Your name" in data


def test_an_account_that_is_held_still_can_be_put_right(ana, session):
    token = {"csrf_token": journeys.form_token(ana.get("/camille/account/data").text)}
    ana.post("/camille/account/data/restriction", data={**token, "restrict": "on"})
    assert session.scalars(select(Account.status)).one() == "restricted"
    assert tell(ana, "name", name="Ana").status_code == 303


def test_the_language_is_the_one_the_account_reads(ana, session):
    tell(ana, "language", language="de")
    account = session.scalars(select(Account)).one()
    assert (account.locale, rows(session)) == ("de", {})
    assert "Ihr Profil" in ana.get(PROFILE).text
    token = journeys.form_token(ana.get("/camille/preferences").text)
    ana.post("/camille/preferences/language", data={"csrf_token": token, "language": "fr"})
    assert "Français" in words(ana.get(PROFILE).text)
    ana.post("/camille/preferences/language", data={"csrf_token": token, "language": "fr"})
    assert history(session) == [("language", "set", "camille"), ("language", "changed", "camille")]
    untell(ana, "language")
    session.refresh(account)
    assert (account.locale, account.profile.get("language")) == ("fr", None)


def test_the_language_buttons_of_a_field_lead_back_to_the_profile(ana):
    shown = [ana.get(f"{PROFILE}/birthday"), tell(ana, "birthday", day="99"), ana.get(PROFILE)]
    assert ['name="page" value="profile"' in page.text for page in shown] == [True] * 3
    form = {"csrf_token": journeys.form_token(shown[-1].text), "language": "fr", "page": "profile"}
    assert ana.post("/camille/preferences/language", data=form).location == PROFILE


def test_what_is_asked_for_no_more_is_still_shown_and_can_be_removed(ana, env, session):
    tell(ana, "name", name="Ana")
    session.execute(ProfileRow.__table__.update().values(key="shoe-size"))
    session.commit()
    page = ana.get(PROFILE).text
    assert "We do not ask for this any more." in page
    assert f'href="{PROFILE}/shoe-size"' not in page
    assert untell(ana, "shoe-size").location == f"{PROFILE}?removed=1#done"
    assert rows(session) == {}


def test_removing_what_is_not_there_is_no_change(ana, session):
    assert untell(ana, "name").status_code == 303
    assert history(session) == []


@pytest.mark.parametrize(
    ("lang", "first", "last"), [("fr", "Afghanistan", "Zimbabwe"), ("de", "Afghanistan", "Zypern")]
)
def test_countries_are_called_and_sorted_as_the_reader_does(ana, lang, first, last):
    names = re.findall(r'<option value="[A-Z]{2}">(.*?)</option>', ana.get(f"{PROFILE}/country?lang={lang}").text)
    assert (len(names), names[0], names[-1]) == (250, first, last)
    if lang == "de":
        assert names.index("Ägypten") == 1


def test_your_data_and_the_copy_have_it(ana, env):
    for field, typed in GOOD.items():
        tell(ana, field, **typed)
    page = words(ana.get("/camille/account/data?lang=en").text)
    for shown in ("Ana Ruiz", "3 November 1990", "12 rue du Port", "29200 Brest", "Scent", "By post"):
        assert shown in page
    assert f'href="{PROFILE}?lang=en"' in page


@pytest.mark.parametrize(("is_own", "encoding"), [(True, "gzip"), (False, None)])
def test_a_form_that_comes_back_travels_compressed_if_nobody_else_can_have_filled_it_in(ana, is_own, encoding):
    token = journeys.form_token(ana.get(f"{PROFILE}/country").text) if is_own else "forged"
    form = {"csrf_token": token, "country": "guess"}
    answer = ana.post(f"{PROFILE}/country", data=form, headers={"Accept-Encoding": "gzip"})
    assert (answer.status_code, answer.headers.get("Content-Encoding")) == (422, encoding)
