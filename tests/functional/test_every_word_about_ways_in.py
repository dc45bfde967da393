"""The same for codes, passkeys and the mails about them: no English for those who read otherwise."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import delete, select, update

from app.kit import clock
from app.models import Account, PasskeyRow, PasswordRow
from app.services import passkeys
from app.services.challenges import Proof
from app.services.passkeys import NewPasskey
from app.services.security_mails import EVENT, Event
from tests import customers, journeys, post
from tests.customers import ANA
from tests.functional.test_every_word import LOCALES, Reader, complaints, read_mail


@pytest.mark.parametrize("locale", LOCALES)
def test_no_page_about_the_code_speaks_english_to_those_who_read_otherwise(app, env, ana, group, session, locale):
    session.execute(update(Account).values(locale=locale))
    lang, security, other = {"lang": locale.replace("_", "-")}, "/camille/account/security", app.test_client()
    token = journeys.form_token(ana.browser.get(security).text)

    def changed(**sent):
        return ana.browser.post(f"{customers.SECOND_FACTOR}/change", data={"csrf_token": token, **sent})

    customers.sign_in(other, ANA)
    step = {"csrf_token": journeys.form_token(other.get("/camille/sign-in/code").text)}
    pages = [other.get("/camille/sign-in/code", query_string=lang), other.get("/camille/sign-in?late=1", headers={
        "Accept-Language": lang["lang"]})]  # fmt: skip
    pages += [other.post("/camille/sign-in/code", data=step, query_string=lang) for _ in range(11)][-2:]
    pages += [ana.browser.get(path) for path in (security, customers.SECOND_FACTOR)]
    pages += [changed(), changed(present=customers.PASSWORD), changed(present=customers.PASSWORD, code=ana.codes[0])]
    with time_machine.travel(clock.now() + timedelta(minutes=5), tick=False):
        changed(present=customers.PASSWORD, code=customers.code(ana.secret), act="off")
    offered = ana.browser.get(customers.SECOND_FACTOR)
    form = customers.offered(offered.text)[1]
    pages += [offered, ana.browser.post(customers.SECOND_FACTOR, data={**form, "code": customers.wrong_code("A" * 32)})]
    pages.append(ana.browser.get(f"{security}?off=1"))
    assert [Reader(page.text).language for page in pages] == [lang["lang"]] * len(pages)
    assert [complaints(page.text, locale, group) for page in pages] == [[]] * len(pages)


@pytest.mark.parametrize("locale", LOCALES)
def test_no_page_about_passkeys_speaks_english_to_those_who_read_otherwise(client, env, group, session, locale):
    customers.register(client, env, ANA)
    session.execute(update(Account).values(locale=locale))
    keys, token = "/camille/account/security/passkeys", journeys.form_token(client.get("/camille/sign-in").text)
    account, made = session.scalars(select(Account.id)).one(), Proof(b"", clock.now())
    pages = [client.get(keys), client.get("/camille/account/security")]
    for number, name in enumerate(("1", "2")):
        passkeys.keep(session, account, NewPasskey(name.encode(), b"", 0, [], made), name)
        session.execute(update(PasskeyRow).where(PasskeyRow.name == "2").values(last_used_at=clock.now()))
        pages.append(client.get("/camille/account/security" if number else keys))
    pages += [client.get(f"{keys}?{done}=1") for done in ("added", "renamed", "removed")]
    own = {"csrf_token": journeys.form_token(pages[0].text), "credential": "{}"}
    pages.append(client.post(keys, data=own))
    session.execute(delete(PasswordRow))
    session.execute(delete(PasskeyRow).where(PasskeyRow.name == "2"))
    handle = hashlib.sha256(b"1").hexdigest()[:32]
    pages.append(client.post(f"{keys}/change", data={**own, "handle": handle, "act": "remove"}))
    lang = {"lang": locale.replace("_", "-")}
    pages.append(client.post("/camille/sign-in/passkey", data={"csrf_token": token}, query_string=lang))
    with time_machine.travel(clock.now() + timedelta(minutes=11)):
        pages += [client.get(keys)]
    assert [page.status_code for page in pages[-4:]] == [422, 422, 422, 200]
    assert [complaints(page.text, locale, group) for page in pages] == [[]] * len(pages)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("event", Event)
def test_no_mail_about_the_ways_in_speaks_english(client, env, group, outbox, event, locale):
    customers.register(client, env, ANA)
    post.queue(env, ANA, "security_changed", context={EVENT: event.value})
    assert read_mail(env, outbox, ANA, "security_changed", locale, group) == []
