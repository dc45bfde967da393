"""What people read is in their language, on every page and in every mail: no English sentence is left over."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from sqlalchemy import update

from app.branding.catalogue import translations
from app.courier.delivery import deliver
from app.http.languages import FOR_DEVELOPERS
from app.models import Account, Message
from app.services.messages import MessageKind
from tests import catalogues, customers, journeys, post
from tests.letters import cause

ANA, NEW = "ana@example.com", "ana.new@example.org"
LOCALES = catalogues.locales()
LATIN_WORD = re.compile(r"[A-Za-zÀ-ÿ]{2,}")
SHORTEST = 12
"""Letters of the shortest piece of a sentence that is looked for; shorter ones may stand in any language."""

LATIN = {"API", "CSV", "HTML", "JSON", "SMS", "UTC", "WhatsApp", "name", "example", "com", "org", "nom", "ana"}
"""Words in Latin letters that Chinese pages may hold besides what the houses themselves say."""


class Reader(HTMLParser):
    """The words of a page in its own language, without what is marked as another one, and what a head holds."""

    VOID = frozenset({"br", "input", "link", "meta", "hr", "img"})

    def __init__(self, page):
        super().__init__()
        self._words, self._open, self.language = [], [], ""
        self.feed(page)
        self.text = " ".join(" ".join(self._words).split())

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "html":
            self.language = attributes["lang"]
        is_foreign = attributes.get("lang", self.language) != self.language
        if tag not in self.VOID:
            self._open.append((tag, is_foreign or tag in {"style", "script", "svg"}))
        if not self._is_hidden():
            self._words += [attributes[name] or "" for name in ("aria-label", "title", "alt") if name in attributes]

    def handle_endtag(self, tag):
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if not self._is_hidden():
            self._words.append(data)

    def _is_hidden(self):
        return any(hidden for _tag, hidden in self._open)


def pieces(sentence):
    """Give what stands between the placeholders of a sentence, as far as it is long enough to be known again."""
    return [part for part in (each.strip() for each in catalogues.PLACEHOLDER.split(sentence)) if len(part) >= SHORTEST]


def english_left(text, locale, sentences=None):
    """Give the sentences of the sources that `text` holds in English although `locale` has other words for them."""
    gettext = translations(locale).gettext
    found = []
    for said in catalogues.said() if sentences is None else sentences:
        for sentence in (said,) if isinstance(said, str) else said:
            parts = pieces(sentence)
            if parts and all(part in text and part not in gettext(sentence) for part in parts):
                found.append(sentence)
    return found


def names_and(locale, told):
    """Give what brand data says in a language, and what it says in none: names, addresses."""
    if isinstance(told, dict):
        if "en" in told:
            return [str(told.get(locale, ""))]
        return [
            each for key, value in told.items() if key not in {"logo", "theme"} for each in names_and(locale, value)
        ]
    if isinstance(told, list | tuple):
        return [each for value in told for each in names_and(locale, value)]
    return [str(told)]


def strangers(text, group):
    """Give the Latin words of a Chinese text that no house says: an English sentence that nobody translates."""
    known = LATIN | set(LATIN_WORD.findall(" ".join(names_and("zh_Hans", group.model_dump()))))
    return sorted(set(LATIN_WORD.findall(re.sub(r"\S+@\S+|https?://\S+", " ", text))) - known)


def complaints(page, locale, group):
    read = Reader(page)
    found = english_left(read.text, locale)
    return found + (strangers(read.text, group) if locale == "zh_Hans" else [])


def ask(client, lang, site="sol-y-lino"):
    """Sign up for a newsletter in a language that the house speaks."""
    token = journeys.form_token(client.get(f"/{site}/", query_string={"lang": lang}).text)
    form = {"email": ANA, "items": ["newsletter:email"], "csrf_token": token, "lang": lang}
    assert client.post(f"/{site}/", data=form).status_code == 303


@pytest.fixture
def paths(client, env, app, locale):
    """Give every page somebody with a session can look at in the group's centre, and those behind links."""
    journeys.subscribe(client, env, ANA)
    post.queue(env, ANA, "access", "luxe")
    ask(client, locale)
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.partition(".")[0] not in FOR_DEVELOPERS]
    plain = {rule.rule.replace("<site>", "luxe") for rule in rules
             if rule.arguments == {"site"} and "GET" in rule.methods and rule.endpoint.startswith("web.")}  # fmt: skip
    assert {"/luxe/", "/luxe/preferences", "/luxe/preferences/history"} <= plain
    return [
        "/", *sorted(plain), "/luxe/documents/privacy", "/camille/", "/camille/documents/terms", "/camille/preferences",
        "/luxe/nothing", "/luxe/access/spoilt", journeys.access_path(env, ANA, "luxe"), "/embed/camille/frame",
        journeys.confirmation_path(env, ANA), journeys.confirmation_path(env, ANA, "sol-y-lino"),
        journeys.unsubscribe_path(env, ANA), journeys.unsubscribe_path(env, ANA, item="newsletter:email"),
        journeys.manage_path(env, ANA), journeys.never_path(env, ANA),
    ]  # fmt: skip


@pytest.mark.parametrize("locale", LOCALES)
def test_no_page_speaks_english_to_those_who_read_otherwise(client, group, paths, locale):
    tag = locale.replace("_", "-")
    found = {}
    for path in paths:
        answer = client.get(path, query_string={"lang": tag})
        if answer.mimetype == "text/html" and "Location" not in answer.headers:
            assert Reader(answer.text).language in {tag, "en"}, path
            assert 'class="languages"' in answer.text or path.startswith("/embed/"), path
            found[path] = complaints(answer.text, locale, group) if Reader(answer.text).language == tag else ["English"]
    assert len(found) > 15
    assert {path: each for path, each in found.items() if each} == {}


@pytest.mark.parametrize("locale", LOCALES)
def test_no_page_of_an_account_speaks_english_to_those_who_read_otherwise(client, app, env, group, session, locale):
    customers.register(client, env, ANA)
    session.execute(update(Account).values(locale=locale))
    lang = {"lang": locale.replace("_", "-")}
    customers.ask(app.test_client(), ANA, "password/reset")
    customers.ask(app.test_client(), NEW)
    reset, register = customers.link(env, ANA, MessageKind.PASSWORD_RESET), customers.link(env, NEW)
    security = "/camille/account/security"
    token = journeys.form_token(client.get(security).text)
    form = {"csrf_token": token, "present": "x", "password": "x"}
    pages = [client.get(path, query_string=lang) for path in ("/camille/account", "/luxe/account", security)]
    pages.append(client.get("/camille/account", query_string={**lang, "welcome": 1}))
    pages += [app.test_client().get(path, query_string=lang) for path in (reset, register)]
    pages += [app.test_client().post(path, query_string=lang, data={"password": "x"}) for path in (reset, register)]
    pages += [client.post(f"{security}/password", query_string=lang, data={**form, "present": present})
              for present in ("x", customers.PASSWORD)]  # fmt: skip
    pages += [app.test_client().post("/camille/sign-in", query_string=lang, data={
        "email": ANA, "password": "x", "csrf_token": journeys.form_token(client.get("/camille/sign-in").text)
    })]  # fmt: skip
    assert [Reader(page.text).language for page in pages] == [lang["lang"]] * len(pages)
    assert [complaints(page.text, locale, group) for page in pages] == [[]] * len(pages)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("kind", ["register", "password_reset", "password_changed", "new_device"])
def test_no_mail_about_an_account_speaks_english_to_those_who_read_otherwise(client, env, group, outbox, kind, locale):
    if kind != "register":
        customers.register(client, env, ANA)
    post.queue(env, ANA, kind)
    assert read_mail(env, outbox, ANA, kind, locale, group) == []


@pytest.mark.parametrize("locale", LOCALES)
def test_no_answer_to_a_press_speaks_english_to_those_who_read_otherwise(client, env, group, session, locale):
    journeys.subscribe(client, env, ANA)
    session.execute(update(Account).values(locale=locale))
    link, lang = journeys.confirmation_path(env, ANA), {"lang": locale.replace("_", "-")}
    never, leave = journeys.never_path(env, ANA), journeys.unsubscribe_path(env, ANA)
    journeys.press(client, set="camille:newsletter:email=off")
    answers = [client.get("/camille/preferences")]
    journeys.press(client, site="luxe", leave="all")
    answers += [client.get("/luxe/preferences"), client.get("/luxe/preferences/history")]
    answers += [
        client.post(path, query_string=lang, data=form, headers=headers)
        for path, form, headers in [
            ("/luxe/", {"email": "x"}, {}), ("/luxe/", {}, {"Origin": "https://evil.example.com"}),
            ("/luxe/preferences/link", {"email": "x"}, {}), ("/luxe/preferences", {}, {}),
            ("/luxe/preferences", {"csrf_token": "x", "set": "x"}, {}), (link, {}, {}), (leave, {}, {}),
            (never, {}, {}),
        ]
    ]  # fmt: skip
    assert [complaints(answer.text, locale, group) for answer in answers] == [[]] * len(answers)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("kind", ["welcome", "access", "summary"])
def test_no_mail_speaks_english_to_those_who_read_otherwise(env, group, outbox, member, kind, locale):
    cause(env, member, kind)
    assert read_mail(env, outbox, member, kind, locale, group) == []


@pytest.mark.parametrize("locale", LOCALES)
def test_no_confirmation_speaks_english_to_those_who_read_otherwise(client, env, group, outbox, locale):
    ask(client, locale)
    assert read_mail(env, outbox, ANA, "confirm", locale, group) == []


@pytest.mark.parametrize("locale", LOCALES)
def test_no_step_of_a_move_to_another_address_speaks_english(client, app, env, group, outbox, locale):
    journeys.subscribe(client, env, ANA)
    with env.database.transaction() as session:
        session.execute(update(Account).values(locale=locale))
    path = "/camille/preferences/address"
    form = {"email": NEW, "csrf_token": journeys.form_token(client.get(path).text)}
    pages = [client.get(path).text, client.post(path, data=form).text]
    pages.append(client.post(path, data={**form, "sure": "1"}, follow_redirects=True).text)
    assert [read_mail(env, outbox, ANA, "address_agree", locale, group),
            read_mail(env, outbox, NEW, "address_prove", locale, group)] == [[], []]  # fmt: skip
    links = [re.search(r"http://localhost:8000(/\S+/address-(?:agree|prove)/\S+)", mail.text)[1]
             for mail in outbox.mails]  # fmt: skip
    assert all(link.endswith(f"?lang={locale.replace('_', '-')}") for link in links)
    for link in links:
        pages += [app.test_client().get(link).text, app.test_client().post(link).text]
    assert [complaints(page, locale, group) for page in pages] == [[]] * 7
    assert [read_mail(env, outbox, ANA, "address_left", locale, group),
            read_mail(env, outbox, NEW, "address_moved", locale, group)] == [[], []]  # fmt: skip


def read_mail(env, outbox, address, kind, locale, group):
    """Deliver the newest mail of a kind in a language, and give what is English in it."""
    message = [each for each in post.mails_to(env, address) if each.kind == kind][-1]
    with env.database.transaction() as session:
        session.execute(update(Message).where(Message.id == message.id).values(locale=locale))
    assert deliver(env, outbox, message.id) == "sent"
    mail = outbox.parsed()
    assert mail["Content-Language"] == locale.replace("_", "-")
    parts = [mail["Subject"], mail.get_body(("plain",)).get_content()]
    parts.append(Reader(mail.get_body(("html",)).get_content()).text)
    left = [each for part in parts for each in english_left(part, locale)]
    return left + (strangers(" ".join(parts), group) if locale == "zh_Hans" else [])


def test_an_english_sentence_is_found(group):
    sentences = [
        "Until both are pressed, everything stays where it is.",
        "Please confirm your sign-up to %(house)s",
        "API",
    ]
    assert english_left("Bonjour. Until both are pressed, everything stays where it is.", "fr", sentences) == [
        sentences[0]
    ]
    assert english_left("Please confirm your sign-up to Camille", "fr", sentences) == [sentences[1]]
    assert english_left("Merci de confirmer votre inscription : API", "fr", sentences) == []
    assert strangers("欢迎来到 Camille，please wait。", group) == ["please", "wait"]


def test_what_is_marked_as_another_language_or_never_shows_is_left_out():
    page = '<html lang="zh-Hans"><style>a</style><p title="b">c<br><i lang="en">d</i> e</p><a lang="fr">f</a></html>'
    assert Reader(page).text == "b c e"
