"""The language that somebody chose in the centre is kept, for pages and mails."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from app.courier.delivery import deliver
from app.models import Account
from tests import journeys, post
from tests.functional.test_languages import ANA, FRENCH, language_of, offered


class TestTheCentre:
    """A choice in the centre is kept, by a button; looking changes nothing."""

    @pytest.fixture
    def ana(self, client, env):
        journeys.subscribe(client, env, ANA)
        return client

    def choose(self, client, language, site="luxe", **form):
        token = journeys.form_token(client.get(f"/{site}/preferences").text)
        data = {"csrf_token": token, "language": language, "page": "preferences", **form}
        return client.post(f"/{site}/preferences/language", data=data)

    def test_a_language_chosen_is_that_of_pages_and_mails(self, ana, env, session, outbox):
        answer = self.choose(ana, "zh-Hans")
        assert (answer.status_code, answer.location) == (303, "/luxe/preferences")
        assert session.scalars(select(Account.locale)).one() == "zh_Hans"
        assert language_of(ana.get("/luxe/preferences", headers=FRENCH)) == "zh-Hans"
        journeys.press(ana, set="camille:newsletter:email=off")
        summary = [each for each in post.mails_to(env, ANA) if each.kind == "summary"][-1]
        deliver(env, outbox, summary.id)
        assert outbox.parsed()["Content-Language"] == "zh-Hans"

    @pytest.mark.parametrize(("site", "spoken"), [("luxe", "fr"), ("ostra", "de")])
    def test_a_language_chosen_wins_over_the_one_a_mail_was_asked_in(self, ana, app, env, outbox, site, spoken):
        self.choose(ana, "fr")
        stranger = app.test_client()
        path = f"/{site}/preferences/link?lang=de"
        token = journeys.form_token(stranger.get(path).text)
        stranger.post(path, data={"email": ANA, "csrf_token": token})
        assert self.spoken(env, outbox, "access") == spoken, "Ostra speaks no French"

    def test_a_language_guessed_at_sign_up_wins_over_nothing(self, ana, app, env, outbox):
        stranger = app.test_client()
        token = journeys.form_token(stranger.get("/luxe/preferences/link?lang=fr").text)
        stranger.post("/luxe/preferences/link?lang=fr", data={"email": ANA, "csrf_token": token})
        assert self.spoken(env, outbox, "access") == "fr"

    def test_a_confirmation_speaks_as_its_form_did(self, ana, app, env, outbox):
        self.choose(ana, "fr")
        journeys.sign_up(app.test_client(), ANA, site="sol-y-lino")
        assert self.spoken(env, outbox, "confirm") == "en"
        app.test_client().post(journeys.confirmation_path(env, ANA, "sol-y-lino"))
        assert self.spoken(env, outbox, "welcome") == "fr"

    def spoken(self, env, outbox, kind):
        """Deliver the last mail of a kind and give its language."""
        deliver(env, outbox, [each for each in post.mails_to(env, ANA) if each.kind == kind][-1].id)
        return outbox.parsed()["Content-Language"]

    def test_it_is_a_button_with_a_token_and_no_link(self, ana):
        page = ana.get("/luxe/preferences").text
        assert offered(page) == {}
        assert re.findall(r'name="language" value="([^"]+)" lang="[^"]+"', page) == ["en", "fr", "de", "zh-Hans"]

    def test_looking_in_another_language_keeps_nothing(self, ana, session):
        assert language_of(ana.get("/luxe/preferences?lang=fr")) == "fr"
        assert language_of(ana.get("/luxe/preferences")) == "en"
        assert session.scalars(select(Account.locale)).one() == "en"

    def test_the_choice_wins_over_the_link_that_led_here(self, ana):
        page = ana.get("/luxe/preferences?lang=fr").text
        action = re.search(r'action="([^"]+/preferences/language)"', page).group(1)
        data = {"csrf_token": journeys.form_token(page), "language": "de", "page": "preferences", "lang": "fr"}
        answer = ana.post(f"{action}?lang=fr", data=data)
        assert language_of(ana.get(answer.location)) == "de"

    @pytest.mark.parametrize(
        ("form", "status"),
        [({"csrf_token": "forged"}, 422), ({"language": "it"}, 422), ({"language": ""}, 422), ({}, 303)],
    )
    def test_without_token_or_sense_nothing_is_kept(self, ana, session, form, status):
        assert self.choose(ana, **{"language": "de", **form}).status_code == status
        assert session.scalars(select(Account.locale)).one() == ("de" if status == 303 else "en")

    def test_a_house_keeps_only_what_it_speaks(self, ana, session):
        assert self.choose(ana, "fr", site="ostra").status_code == 422
        assert session.scalars(select(Account.locale)).one() == "en"

    @pytest.mark.parametrize(
        ("page", "shown"),
        [("preferences", "/luxe/preferences"), ("nothing", "/luxe/preferences"), ("", "/luxe/preferences"),
         ("access", "/luxe/preferences"), ("language", "/luxe/preferences"), ("history", "/luxe/preferences/history")],
    )  # fmt: skip
    def test_it_comes_back_to_the_page_it_was_pressed_on(self, ana, page, shown):
        assert self.choose(ana, "de", page=page).location == shown

    def test_another_site_cannot_choose(self, ana, session):
        token = journeys.form_token(ana.get("/luxe/preferences").text)
        data, headers = {"csrf_token": token, "language": "de"}, {"Sec-Fetch-Site": "cross-site"}
        assert ana.post("/luxe/preferences/language", data=data, headers=headers).status_code == 403
        assert session.scalars(select(Account.locale)).one() == "en"

    def test_without_session_it_leads_to_the_page_that_mails_a_link(self, client):
        assert client.post("/luxe/preferences/language").location == "/luxe/preferences/link"
