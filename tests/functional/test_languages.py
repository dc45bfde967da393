"""Which language an answer is in, and how long that stays so."""

from __future__ import annotations

import html
import re

import pytest
from sqlalchemy import select

from app.branding.languages import tag
from app.courier.delivery import deliver
from app.models import Account, Message, Notice, OptInItem, OptInRequest
from tests import journeys, post

ANA = "ana@example.com"
FRENCH = {"Accept-Language": "fr"}
HERE = '<html lang="{}"'


def language_of(answer):
    said = re.search(r'<html lang="([^"]+)"', answer.text).group(1)
    assert answer.headers["Content-Language"] == said
    return said


def offered(page):
    """Give the switcher's links by language."""
    found = re.findall(r'<a href="([^"]+)" lang="([^"]+)" hreflang="([^"]+)"', page)
    assert all(lang == hreflang for _, lang, hreflang in found)
    return {lang: html.unescape(url) for url, lang, _ in found}


@pytest.mark.parametrize(
    ("link", "browser", "found"),
    [
        ("", "", "en"),
        ("?lang=fr", "", "fr"),
        ("?lang=fr-CA", "de", "fr"),
        ("?lang=zh-CN", "", "zh-Hans"),
        ("?lang=zh_Hans", "", "zh-Hans"),
        ("?lang=it", "de", "de"),
        ("?lang=", "de", "de"),
        ("", "it;q=0.9, de;q=0.2, fr;q=0.7", "fr"),
        ("", "fr;q=0, de;q=0.1", "de"),
        ("", "zh-CN", "zh-Hans"),
        ("", "zh-Hans-CN, en;q=0.8", "zh-Hans"),
        ("", "zh-TW", "en"),
        ("", "zh-TW, fr;q=0.5", "fr"),
        ("", "*", "en"),
    ],
)
def test_the_link_comes_before_the_browser_and_the_browser_before_the_sites_first(client, link, browser, found):
    assert language_of(client.get(f"/luxe/{link}", headers={"Accept-Language": browser})) == found


@pytest.mark.parametrize(
    ("link", "browser", "found"),
    [("?lang=fr", "", "en"), ("?lang=fr", "de", "de"), ("", "fr, zh-CN;q=0.5", "zh-Hans"), ("", "fr", "en")],
)
def test_a_house_that_does_not_speak_the_wish_minds_the_next_one(client, link, browser, found):
    assert language_of(client.get(f"/ostra/{link}", headers={"Accept-Language": browser})) == found


@pytest.mark.parametrize("link", ["", "?lang=de"])
def test_a_form_that_was_read_in_french_answers_in_french(client, link):
    answer = client.post(f"/sol-y-lino/{link}", data={"email": "x", "lang": "fr"}, headers={"Accept-Language": "zh-CN"})
    assert answer.status_code == 422
    assert language_of(answer) == ("de" if link else "fr")
    assert 'name="lang" value="{}"'.format("de" if link else "fr") in answer.text


def test_an_error_is_told_in_the_language_of_the_form_and_the_address_again(client):
    page = client.get("/camille/", headers=FRENCH).text
    assert 'name="lang" value="fr"' in page
    form = {"email": "x", "lang": "fr", "csrf_token": journeys.form_token(page), "items": ["newsletter:email"]}
    answer = client.post("/camille/", data=form)
    assert "Écrivez une adresse comme nom@example.com." in answer.text
    assert 'value="x"' in answer.text


def test_a_form_too_large_to_be_read_is_told_in_some_language(client):
    answer = client.post("/camille/", data={"email": "x" * 70_000}, headers=FRENCH)
    assert answer.status_code == 413
    assert language_of(answer) == "fr"


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"items": ["newsletter:sms"]}, "que nous ne connaissons pas"),
        ({"items": ["private-sales:sms"]}, "ne peut pas être choisi ici"),
        ({"items": []}, "Choisissez au moins une chose"),
        ({"csrf_token": ""}, "resté ouvert trop longtemps"),
    ],
)
def test_what_is_refused_is_refused_in_the_readers_language(client, form, words):
    token = journeys.form_token(client.get("/camille/").text)
    filled = {"email": ANA, "items": ["newsletter:email"], "csrf_token": token, **form}
    answer = client.post("/camille/?lang=fr", data=filled)
    assert answer.status_code == 422
    assert words in html.unescape(answer.text)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/camille/nothing", 404), ("GET", "/nothing/at/all", 404), ("DELETE", "/camille/", 405)],
)
def test_failures_are_told_in_the_readers_language(client, method, path, status):
    answer = client.open(f"{path}?lang=de", method=method)
    assert answer.status_code == status
    assert language_of(answer) == "de"


def test_the_language_of_a_link_goes_along_with_links_forms_and_redirects(client):
    page = client.get("/camille/?lang=zh-CN").text
    ours = re.findall(r'(?:href|action)="(/(?:camille|luxe)[^"]*)"', page)
    assert ours
    assert all("lang=" in each for each in ours), ours
    form = {"email": ANA, "items": ["newsletter:email"], "csrf_token": journeys.form_token(page)}
    assert client.post("/camille/?lang=zh-CN", data=form).location == "/camille/check-mail?lang=zh-Hans"
    assert client.get("/luxe/preferences?lang=fr-CA").location == "/luxe/preferences/link?lang=fr"


def test_a_link_without_language_stays_without(client):
    page = client.get("/camille/", headers=FRENCH).text
    assert 'action="/camille/"' in page
    assert "/theme.css?lang" not in client.get("/camille/?lang=fr").text
    assert client.get("/camille/preferences?lang=it").location == "/camille/preferences/link"


def test_a_language_that_this_house_does_not_speak_is_kept_for_the_next(client):
    assert "/luxe/documents/privacy?lang=fr" in client.get("/ostra/?lang=fr").text


def test_the_switcher_names_each_language_in_itself_and_keeps_the_page(client):
    page = client.get("/camille/documents/terms?version=2026-01-15&lang=de").text
    links = offered(page)
    assert links == {lang: f"/camille/documents/terms?version=2026-01-15&lang={lang}"
                     for lang in ("en", "fr", "de", "zh-Hans")}  # fmt: skip
    assert ">简体中文</a>" in page
    assert re.findall(r'hreflang="([^"]+)" aria-current="true"', page) == ["de"]
    for lang, url in links.items():
        assert language_of(client.get(url)) == lang


def test_the_switcher_offers_what_the_house_speaks(client, group):
    for brand in group.brands.values():
        assert list(offered(client.get(f"/{brand.slug}/").text)) == [tag(each) for each in brand.locales]


@pytest.mark.parametrize(
    ("method", "path", "shown"),
    [
        ("POST", "/camille/", "/camille/"),
        ("POST", "/camille/preferences/link", "/camille/preferences/link"),
        ("POST", "/camille/confirm/x", "/camille/confirm/x"),
        ("POST", "/camille/confirm/x/again", "/camille/"),
        ("GET", "//evil.example.com/x/y", "/evil.example.com/x/y"),
    ],
)
def test_the_switcher_leads_to_what_can_be_looked_at(client, method, path, shown):
    links = offered(client.open("/", method=method, environ_overrides={"PATH_INFO": path}).text)
    assert links["fr"] == f"{shown}?lang=fr"


def test_pages_for_search_engines_name_their_other_languages(client, env):
    page = client.get("/camille/").text
    found = re.findall(r'<link rel="alternate" hreflang="([^"]+)" href="([^"]+)"', page)
    assert found == [(lang, f"{env.settings.origin}/camille/?lang={lang}") for lang in ("en", "fr", "de", "zh-Hans")]
    assert "alternate" not in client.get("/camille/preferences/link").text


def test_answers_that_depend_on_the_browser_say_so(client):
    assert "Accept-Language" in client.get("/camille/").headers["Vary"]
    assert "Accept-Language" not in client.get("/camille/?lang=fr").headers.get("Vary", "")
    assert "Content-Language" not in client.get("/brand/camille/theme.css").headers


def test_what_is_for_developers_speaks_english_alone(client):
    assert language_of(client.get("/dev/mailbox?lang=fr", headers=FRENCH)) == "en"
    assert language_of(client.get("/api/docs", headers=FRENCH)) == "en"


def test_a_sign_up_in_french_leads_from_mail_to_centre_in_french(client, env, session, outbox):
    page = client.get("/camille/?lang=fr").text
    form = {"email": ANA, "items": ["newsletter:email"], "csrf_token": journeys.form_token(page), "lang": "fr"}
    client.post("/camille/", data=form)
    deliver(env, outbox, post.mails_to(env, ANA)[-1].id)
    mail = outbox.parsed()
    assert mail["Content-Language"] == "fr"
    assert "confirmer votre inscription" in mail["Subject"]
    links = re.findall(r"http://localhost:8000(\S+)", mail.get_body(("plain",)).get_content())
    assert len(links) == 2
    assert all(link.endswith("?lang=fr") for link in links), links
    stranger = {"Accept-Language": "de"}
    confirmation = next(link for link in links if "/confirm/" in link)
    assert language_of(client.get(confirmation, headers=stranger)) == "fr"
    answer = client.post(confirmation, headers=stranger)
    assert answer.location == "/camille/preferences?welcome=1&lang=fr"
    centre = client.get(answer.location, headers=stranger)
    assert language_of(centre) == "fr"
    assert re.search(r"Oui depuis le \d+ \w+ 20\d\d, par e-mail", html.unescape(re.sub("<[^>]+>", "", centre.text)))
    assert session.scalars(select(Account.locale)).one() == "fr"
    # The account speaks French from now on, whatever link leads here and whatever the browser prefers.
    assert language_of(client.get("/camille/preferences", headers=stranger)) == "fr"
    assert language_of(client.get("/ostra/preferences", headers=stranger)) == "de"


def test_one_click_links_need_no_language(env, outbox, member):
    message = post.queue(env, member, "welcome")
    deliver(env, outbox, message)
    mail = outbox.parsed()
    assert "lang=" not in mail["List-Unsubscribe"]
    assert "/unsubscribe/" in mail.get_body(("plain",)).get_content()
    assert mail.get_body(("plain",)).get_content().count("?lang=en") == 2


def test_a_mail_of_a_house_that_does_not_speak_the_language_is_in_its_first(client, env, session, outbox):
    token = journeys.form_token(client.get("/luxe/?lang=fr").text)
    form = {"email": ANA, "items": ["ostra:newsletter:email"], "csrf_token": token, "lang": "fr"}
    client.post("/luxe/", data=form)
    assert session.scalars(select(OptInRequest.locale)).one() == "fr"
    assert session.scalars(select(OptInItem.locale)).one() == "en", "the words beside the box were English"
    deliver(env, outbox, session.scalars(select(Message.id)).one())
    assert outbox.parsed()["Content-Language"] == "en"


@pytest.mark.parametrize("item", ["ostra:newsletter:email", "camille:newsletter:email", "sol-y-lino:newsletter:email"])
def test_the_words_kept_as_evidence_are_those_shown_also_where_a_house_speaks_otherwise(client, session, item):
    page = html.unescape(re.sub(r"</?span[^>]*>", "", client.get("/luxe/?lang=fr").text))
    form = {"email": ANA, "items": [item], "csrf_token": journeys.form_token(page), "lang": "fr"}
    client.post("/luxe/", data=form)
    kept = session.scalars(select(Notice.text).join(OptInItem, OptInItem.notice_digest == Notice.digest)).one()
    assert [line for line in kept.splitlines() if line not in page] == []
