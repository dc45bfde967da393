"""Full accounts: nothing before the mailbox is proved, everything kept on the way from lite, and ways in and out."""

from __future__ import annotations

import unicodedata

import pytest
import time_machine
from sqlalchemy import func, select

from app.courier.delivery import deliver
from app.kit import clock
from app.models import Account, Consent, ConsentEvent, Message, Notice, PasswordRow
from app.services.messages import MessageKind
from tests import customers, journeys, post
from tests.customers import OTHER, PASSWORD
from tests.post import mails_to

ANA, BEA = "ana@example.com", "bea@example.com"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 "
    "Mobile/15E148 Safari/604.1"
)


def test_a_new_visitor_registers_and_is_signed_in(client, env, session):
    assert customers.ask(client, ANA).location == "/camille/register/sent"
    assert session.scalar(select(func.count()).select_from(Account)) == 0, "nothing before the mailbox is proved"
    path = customers.link(env, ANA)
    assert "Choose a password" in client.get(path).text
    answer = client.post(path, data={"password": PASSWORD, "terms": "1"})
    assert answer.location == "/camille/account?welcome=1"
    assert ANA in client.get("/camille/account").text
    account = session.scalars(select(Account)).one()
    assert (account.kind, account.registered_at is not None) == ("full", True)
    assert PASSWORD not in session.scalars(select(PasswordRow.hash)).one()


def test_lite_becomes_full_on_the_same_account_with_all_consents_and_dates(client, app, env, session):
    journeys.subscribe(client, env, ANA)
    columns = (Consent.item_id, Consent.granted_at, Consent.confirmed_at, Consent.account_id)
    before = session.execute(select(*columns)).all()
    other = app.test_client()
    customers.register(other, env, ANA)
    after = session.execute(select(*columns).where(Consent.legal_basis == "consent")).all()
    assert after == before
    assert journeys.decision(env, ANA) == "granted"
    assert "Yes since" in other.get("/camille/preferences").text
    assert client.get("/camille/preferences").status_code == 303, "a session from a mail proved less"


def test_whoever_has_their_preferences_open_is_offered_an_account_and_writes_no_address(client, app, env, session):
    journeys.subscribe(client, env, ANA)
    assert client.get("/camille/preferences?welcome=1").text.count('href="/camille/preferences/register"') == 3
    page = client.get("/camille/preferences/register").text
    assert (ANA in page, 'name="email"' in page) == (False, False), "a link may have been passed on"
    token = {"csrf_token": journeys.form_token(page)}
    assert client.post("/camille/preferences/register", data=token).location == "/camille/register/sent?own=1"
    assert "the address you gave" not in client.get("/camille/register/sent?own=1").text
    account_id = session.scalars(select(Account.id)).one()
    path = customers.link(env, ANA)
    client.post(path, data={"password": PASSWORD, "terms": "1"})
    assert session.scalars(select(Account.id)).one() == account_id
    assert 'href="/camille/preferences/register"' not in client.get("/camille/preferences").text


def test_a_full_customer_who_came_by_a_mail_is_led_to_sign_in(client, app, env):
    customers.register(client, env, ANA)
    came = app.test_client()
    post.queue(env, ANA, "access")
    came.post(journeys.access_path(env, ANA))
    page = came.get("/camille/preferences").text
    assert "Sign in to your account" in page
    assert 'href="/camille/preferences/register"' not in page


def test_the_terms_accepted_stand_in_the_ledger_with_their_words(client, env, session):
    customers.register(client, env, ANA)
    event = session.scalars(select(ConsentEvent)).one()
    assert (event.action, event.legal_basis, event.source) == ("granted", "contract", "registration")
    assert event.document_version == "2026-01-15"
    words = session.get(Notice, event.notice_digest).text
    assert "“Terms of your account”" in words
    assert "Terms of your account" in client.get("/luxe/preferences/history").text


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"password": "short", "terms": "1"}, "Take at least 15 characters"),
        ({"password": "x" * 129, "terms": "1"}, "Take at most 128 characters"),
        ({"password": "passwordpassword", "terms": "1"}, "easy to guess"),
        ({"password": "the camille of my heart and hat", "terms": "1"}, "Leave out “camille”"),
        ({"password": "Example and seven anchovies", "terms": "1"}, "Leave out “example”"),
        ({"password": PASSWORD}, "Tick that you accept the terms"),
        ({}, "Take at least 15 characters"),
    ],
)
def test_what_is_not_good_enough_is_told_and_uses_nothing_up(client, env, session, sent, words):
    customers.ask(client, ANA)
    path = customers.link(env, ANA)
    answer = client.post(path, data=sent)
    assert answer.status_code == 422
    assert words in answer.text
    assert ('value="1" checked' in answer.text) is ("terms" in sent), "what was ticked is not asked for twice"
    assert session.scalar(select(func.count()).select_from(Account)) == 0
    assert client.post(path, data={"password": PASSWORD, "terms": "1"}).status_code == 303


def test_a_password_of_any_script_is_taken_however_it_was_typed(client, app, env):
    typed = "fünf große Kürbisse am Zaun"
    composed, decomposed = (unicodedata.normalize(form, typed) for form in ("NFC", "NFD"))
    assert composed != decomposed
    customers.register(client, env, ANA, composed)
    assert customers.sign_in(app.test_client(), ANA, decomposed).status_code == 303


@pytest.mark.parametrize("kind", [MessageKind.REGISTER, MessageKind.PASSWORD_RESET])
def test_links_are_good_once_and_for_their_time(client, app, env, session, kind):
    if kind is MessageKind.PASSWORD_RESET:
        customers.register(client, env, ANA)
    with time_machine.travel(clock.now(), tick=False) as time:
        customers.ask(client, ANA, "register" if kind is MessageKind.REGISTER else "password/reset")
        path, sent = customers.link(env, ANA, kind), {"password": OTHER, "terms": "1"}
        time.shift(25 * 3600)
        assert (client.get(path).status_code, client.post(path, data=sent).status_code) == (410, 410)
        time.shift(-25 * 3600)
        assert client.post(path, data=sent).status_code == 303
        twice = client.post(path, data=sent)  # as by a double click: nobody is told that nothing happened
        assert (client.get(path).status_code, twice.status_code) == (410, 410)
        assert "Have you just" in twice.text
        assert app.test_client().post(path, data={"password": PASSWORD, "terms": "1"}).status_code == 410
    assert customers.sign_in(app.test_client(), ANA, OTHER).status_code == 303


def test_a_second_registration_does_not_replace_the_password(client, app, env):
    customers.ask(client, ANA)
    first = customers.link(env, ANA)
    customers.register(app.test_client(), env, ANA)
    assert client.post(first, data={"password": OTHER, "terms": "1"}).status_code == 410
    assert customers.sign_in(client, ANA, OTHER).status_code == 422
    assert customers.sign_in(client, ANA, PASSWORD).status_code == 303


def test_looking_at_a_link_changes_nothing(client, env, session):
    customers.ask(client, ANA)
    path = customers.link(env, ANA)
    for _ in range(3):
        client.get(path)
        client.head(path)
    assert session.scalar(select(Message.link_used_at)) is None


@pytest.mark.parametrize("path", ["register", "password/reset"])
def test_asking_gets_one_answer_whoever_is_known(client, app, env, path):
    customers.register(app.test_client(), env, ANA)
    journeys.subscribe(app.test_client(), env, BEA)
    answers = [customers.ask(client, who, path) for who in (ANA, BEA, "nobody@example.com")]
    assert len({(a.status, a.data, tuple(h for h in a.headers if h[0] != "X-Request-Id")) for a in answers}) == 1
    assert answers[0].location == f"/camille/{path}/sent"


def test_a_reset_sets_another_password_and_ends_every_session(client, app, env):
    customers.register(client, env, ANA)
    customers.ask(app.test_client(), ANA, "password/reset")
    path = customers.link(env, ANA, MessageKind.PASSWORD_RESET)
    other = app.test_client()
    assert other.post(path, data={"password": OTHER}).location == "/camille/sign-in?set=1"
    assert not customers.is_signed_in(client)
    assert not customers.is_signed_in(other), "a mailbox alone signs nobody in"
    assert customers.sign_in(other, ANA, PASSWORD).status_code == 422
    assert customers.sign_in(other, ANA, OTHER).status_code == 303
    assert journeys.mails(env, ANA)[-1] == "password_changed"


def test_a_lite_account_has_no_password_to_reset(client, env):
    journeys.subscribe(client, env, ANA)
    customers.ask(client, ANA, "password/reset")
    path = customers.link(env, ANA, MessageKind.PASSWORD_RESET)
    assert client.post(path, data={"password": OTHER}).status_code == 410


@pytest.mark.parametrize("path", ["account", "account/security"])
def test_a_session_from_a_mail_does_not_open_the_account(client, app, env, path):
    customers.register(app.test_client(), env, ANA)
    token = journeys.form_token(client.get("/camille/preferences/link").text)
    client.post("/camille/preferences/link", data={"email": ANA, "csrf_token": token})
    client.post(journeys.access_path(env, ANA))
    assert client.get("/camille/preferences").status_code == 200
    assert client.get(f"/camille/{path}").location == "/camille/sign-in"
    assert client.post("/camille/account/security", data={"end": "others"}).location == "/camille/sign-in"


@pytest.mark.parametrize(
    "path", ["account/security", "account/security/password", "sign-in", "register", "password/reset"]
)
def test_posts_that_another_site_makes_a_browser_send_are_refused(client, env, path):
    customers.register(client, env, ANA)
    answer = client.post(f"/camille/{path}", data={"end": "others"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert customers.is_signed_in(client)


@pytest.mark.parametrize(
    ("path", "email", "expected"),
    [
        ("register", "nobody@example.com", "register"),
        ("register", BEA, "register"),
        ("register", ANA, "account_exists"),
        ("password/reset", ANA, "password_reset"),
        ("password/reset", BEA, "access"),
        ("password/reset", "nobody@example.com", None),
    ],
)
def test_only_the_mailbox_learns_what_is_known(client, app, env, outbox, path, email, expected):
    customers.register(app.test_client(), env, ANA)
    journeys.subscribe(app.test_client(), env, BEA)
    customers.ask(client, email, path)
    (message,) = [each for each in mails_to(env, email) if each.kind in {"register", "password_reset"}][-1:]
    deliver(env, outbox, message.id)
    assert [mail.kind for mail in outbox.mails] == ([expected] if expected else [])
