"""What people read about their own data is in their language: pages, mails, and the page of the copy."""

from __future__ import annotations

import io
import re
import zipfile

import pytest
from sqlalchemy import select, update

from app.courier import exports
from app.models import Account, PrivacyRequest
from tests import customers, journeys
from tests.functional.test_every_word import ANA, LOCALES, Reader, complaints, read_mail
from tests.functional.test_profile import GOOD

DATA, CHECK = "/luxe/account/data", "/luxe/account/data/check"


class Speaker:
    """A browser that asks for a language, and keeps what it was shown."""

    def __init__(self, client, locale):
        self.client, self.lang, self.pages = client, {"lang": locale.replace("_", "-")}, []

    def get(self, path):
        self.pages.append(self.client.get(path, query_string=self.lang))
        return self.pages[-1]

    def post(self, path, page=DATA, **form):
        form["csrf_token"] = journeys.form_token(self.client.get(page).text)
        answer = self.client.post(path, query_string=self.lang, data=form, follow_redirects=True)
        self.pages.append(answer)
        return answer


WORDS_OF_FILES = {"consents", "csv", "data", "json", "records", "jsonld"}


@pytest.fixture
def speaker(client, env, session, locale):
    """Give the browser of a full customer."""
    journeys.subscribe(client, env, ANA)
    customers.register(client, env, ANA, site="luxe")
    session.execute(update(Account).values(locale=locale))
    return Speaker(client, locale)


@pytest.mark.parametrize("locale", LOCALES)
def test_no_page_about_ones_data_speaks_english_to_those_who_read_otherwise(speaker, env, group, outbox, locale):
    speaker.get(DATA)
    speaker.get(CHECK)
    speaker.post(CHECK, CHECK, password="wrong")
    speaker.post(CHECK, CHECK, password=customers.PASSWORD)
    speaker.post(f"{DATA}/restriction", restrict="on")
    for _ in range(4):
        speaker.post(f"{DATA}/export")
    speaker.get(f"{DATA}/delete")
    speaker.post(f"{DATA}/delete")
    speaker.get("/luxe/account")
    assert read_mail(env, outbox, ANA, "erasure_asked", locale, group) == []
    speaker.post(f"{DATA}/keep")
    speaker.post(f"{DATA}/delete")
    assert read_mail(env, outbox, ANA, "erasure_asked", locale, group) == []
    link = re.search(r"http://localhost:8000(/\S+/erasure-stop/[^\s?]+)", outbox.mails[-1].text)[1]
    speaker.get(link)
    speaker.pages += [speaker.client.post(link, query_string=speaker.lang) for _ in range(2)]
    assert [Reader(page.text).language for page in speaker.pages] == [speaker.lang["lang"]] * len(speaker.pages)
    assert [complaints(page.text, locale, group) for page in speaker.pages] == [[]] * len(speaker.pages)


@pytest.mark.parametrize("locale", LOCALES)
def test_no_page_of_the_profile_speaks_english_to_those_who_read_otherwise(speaker, group, locale):
    path, own = "/luxe/account/profile", {"name": "Żżż", "language": locale}
    speaker.get(path)
    for field, typed in GOOD.items():
        speaker.get(f"{path}/{field}")
        for wrong in ({}, dict.fromkeys(typed, "9" * 300), dict.fromkeys(typed, "\x00")):
            speaker.post(f"{path}/{field}", **wrong)
        speaker.post(f"{path}/{field}", **(own if field in own else typed))
    for year in ("1899", "9999"):
        speaker.post(f"{path}/birthday", day="1", month="1", year=year)
    speaker.post(f"{path}/postal-address", **{**GOOD["postal-address"], "street": "1\n2\n3\n4"})
    speaker.post("/luxe/preferences", "/luxe/preferences", set="camille:new-collection:post=on")
    speaker.get("/luxe/account")
    speaker.get(DATA)
    for field in reversed(GOOD):
        speaker.post(f"{path}/{field}/remove", path)
    assert [page.status_code for page in speaker.pages if page.status_code not in {200, 422}] == []
    assert [Reader(page.text).language for page in speaker.pages] == [speaker.lang["lang"]] * len(speaker.pages)
    typed = {"rue", "Port", "rd", "floor", "du", "Brest"}
    assert [set(complaints(page.text, locale, group)) - typed for page in speaker.pages] == [set()] * len(speaker.pages)


@pytest.mark.parametrize("locale", LOCALES)
def test_no_digits_are_asked_for_in_english(client, env, session, group, outbox, locale):
    journeys.subscribe(client, env, ANA)
    session.execute(update(Account).values(locale=locale))
    speaker = Speaker(client, locale)
    speaker.get(DATA)
    speaker.get(CHECK)
    speaker.post(f"{CHECK}/code", CHECK)
    speaker.post(CHECK, CHECK, code="1")
    for _ in range(5):
        speaker.post(f"{CHECK}/code", CHECK)
    assert [complaints(page.text, locale, group) for page in speaker.pages] == [[]] * len(speaker.pages)
    assert read_mail(env, outbox, ANA, "step_up", locale, group) == []


@pytest.mark.parametrize("locale", LOCALES)
def test_the_copy_and_the_mail_about_it_speak_the_language_of_who_asked(speaker, env, session, group, outbox, locale):
    speaker.post(CHECK, CHECK, password=customers.PASSWORD)
    speaker.post(f"{DATA}/export")
    request_id = session.scalar(select(PrivacyRequest.id))
    assert exports.build(env, request_id)
    assert read_mail(env, outbox, ANA, "export_ready", locale, group) == []
    answer = speaker.client.get(f"{DATA}/download/{request_id}")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        page = archive.read("index.html").decode()
    read = Reader(page)
    assert read.language == speaker.lang["lang"]
    assert "Yes" not in read.text, "but for the words then seen, which are marked as what they are"
    assert set(complaints(page, locale, group)) <= WORDS_OF_FILES, "the files are called so"
