"""Signing in with a password and a code after it: nothing gets around the second step."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, update

from app.kit import one_time_codes
from app.models import Account, AttemptRow, PasswordRow, SessionRow
from app.services.messages import MessageKind
from tests import customers, journeys
from tests.customers import ANA, BEA, wrong_code

CODE = "/camille/sign-in/code"


def test_signing_in_takes_the_code_too(app, ana):
    other = app.test_client()
    answer = customers.sign_in(other, ANA)
    assert answer.location == CODE
    assert not customers.is_signed_in(other), "the password alone opens nothing"
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert "Max-Age=300" in answer.headers["Set-Cookie"]
    answer = customers.second_step(other, customers.code(ana.secret))
    assert (answer.status_code, answer.location) == (303, "/camille/account")
    assert customers.is_signed_in(other)
    assert other.get_cookie("parley-step") is None


def test_the_step_in_between_is_no_session(app, ana, session):
    before = session.scalar(select(func.count()).select_from(SessionRow))
    other = app.test_client()
    customers.sign_in(other, ANA)
    ticket = other.get_cookie("parley-step").value
    assert session.scalar(select(func.count()).select_from(SessionRow)) == before
    other.set_cookie("parley", ticket)
    for path in ("/camille/account", "/camille/account/security", customers.SECOND_FACTOR, "/camille/preferences"):
        assert other.get(path).status_code == 303, path


def test_without_a_password_there_is_no_second_step(client, app, ana):
    other = app.test_client()
    assert other.get(CODE).location == "/camille/sign-in"
    token = journeys.form_token(other.get("/camille/sign-in").text)
    sent = {"csrf_token": token, "code": customers.code(ana.secret)}
    for ticket in ("", "forged"):
        other.set_cookie("parley-step", ticket)
        assert other.post(CODE, data=sent).location == "/camille/sign-in?late=1"
    assert not customers.is_signed_in(other)


def test_a_code_counts_once(app, ana):
    code = customers.code(ana.secret)
    for browser, status in ((app.test_client(), 303), (app.test_client(), 422)):
        customers.sign_in(browser, ANA)
        assert customers.second_step(browser, code).status_code == status
        assert customers.is_signed_in(browser) is (status == 303)


@pytest.mark.parametrize(("steps", "status"), [(-2, 422), (-1, 303), (0, 303), (1, 303), (2, 422)])
def test_a_clock_may_be_one_step_off(app, ana, time, steps, status):
    time.shift(300)
    other = app.test_client()
    customers.sign_in(other, ANA)
    code = one_time_codes.code_at(ana.secret, one_time_codes.present_step() + steps)
    assert customers.second_step(other, f" {code[:3]} {code[3:]}").status_code == status


def test_codes_of_another_account_open_nothing(app, env, ana, time):
    bea = app.test_client()
    customers.register(bea, env, BEA)
    secret, codes = customers.protect(bea)
    time.shift(30)
    other = app.test_client()
    customers.sign_in(other, ANA)
    for code in (customers.code(secret), codes[0]):
        assert customers.second_step(other, code).status_code == 422
    assert not customers.is_signed_in(other)


def test_a_recovery_code_stands_in_once(app, env, ana):
    for browser, status in ((app.test_client(), 303), (app.test_client(), 422)):
        customers.sign_in(browser, ANA)
        assert customers.second_step(browser, ana.codes[3]).status_code == status
    assert "9 recovery codes left" in ana.browser.get(customers.SECOND_FACTOR).text
    assert journeys.mails(env, ANA).count("security_changed") == 2


def test_a_right_password_opens_one_session_and_within_five_minutes(app, ana, time):
    other, thief = app.test_client(), app.test_client()
    customers.sign_in(other, ANA)
    thief.set_cookie("parley-step", other.get_cookie("parley-step").value)
    customers.second_step(other, customers.code(ana.secret))
    time.shift(60)
    token = journeys.form_token(thief.get("/camille/sign-in").text)
    sent = {"csrf_token": token, "code": customers.code(ana.secret)}
    assert thief.post(CODE, data=sent).location == "/camille/sign-in?late=1"
    assert not customers.is_signed_in(thief)
    late = app.test_client()
    customers.sign_in(late, ANA)
    time.shift(301)
    assert late.post(CODE, data={**sent, "code": customers.code(ana.secret)}).location == "/camille/sign-in?late=1"
    assert not customers.is_signed_in(late)


def test_another_password_ends_a_sign_in_that_waits_for_its_code(app, env, ana):
    other = app.test_client()
    customers.sign_in(other, ANA)
    customers.ask(app.test_client(), ANA, "password/reset")
    reset = customers.link(env, ANA, MessageKind.PASSWORD_RESET)
    app.test_client().post(reset, data={"password": customers.OTHER})
    assert other.get(CODE).location == "/camille/sign-in"
    answer = app.test_client()
    assert customers.sign_in(answer, ANA, customers.OTHER).location == CODE, "a reset does not switch it off"


@pytest.mark.parametrize(("status", "leads_to"), [("erased", "sign-in?late=1"), ("restricted", "account")])
def test_an_account_erased_after_the_password_opens_no_door(app, ana, session, status, leads_to):
    other = app.test_client()
    customers.sign_in(other, ANA)
    session.execute(update(Account).values(status=status))
    session.commit()
    assert customers.second_step(other, customers.code(ana.secret)).location == f"/camille/{leads_to}"


def test_the_eleventh_code_in_five_minutes_waits(app, ana, time, session):
    other = app.test_client()
    customers.sign_in(other, ANA)
    for _ in range(10):
        assert customers.second_step(other, wrong_code(ana.secret)).status_code == 422
        time.shift(1)
    answer = customers.second_step(other, customers.code(ana.secret))
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "290")
    elsewhere = {"environ_overrides": {"REMOTE_ADDR": "10.1.2.3"}}
    assert customers.second_step(other, customers.code(ana.secret), **elsewhere).status_code == 429
    failed = select(func.count()).where(AttemptRow.name == "second-step", AttemptRow.has_failed)
    assert session.scalar(failed) == 10
    time.shift(290)
    customers.sign_in(other, ANA)
    assert customers.second_step(other, customers.code(ana.secret)).status_code == 303


def test_a_right_password_alone_forgives_nothing(app, ana, session):
    other = app.test_client()
    customers.sign_in(other, ANA)
    customers.second_step(other, wrong_code(ana.secret))
    customers.sign_in(other, ANA)
    assert session.scalar(select(PasswordRow.failures)) == 1, "else codes could be tried for ever"
    customers.second_step(other, customers.code(ana.secret))
    session.expire_all()
    assert session.scalar(select(PasswordRow.failures)) == 0
