"""Signing in with a password, where one is signed in, and how often that may be tried."""

from __future__ import annotations

import re

import pytest
import time_machine
from sqlalchemy import select, update

from app.kit import clock
from app.models import Account, PasswordRow, SessionRow
from app.services.messages import MessageKind
from tests import customers, journeys
from tests.customers import OTHER, PASSWORD

ANA, BEA = "ana@example.com", "bea@example.com"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 "
    "Mobile/15E148 Safari/604.1"
)


def test_signing_in_and_out(client, app, env):
    customers.register(app.test_client(), env, ANA)
    answer = customers.sign_in(client, ANA)
    assert (answer.status_code, answer.location) == (303, "/camille/account")
    cookie = client.get_cookie("parley").value
    token = journeys.form_token(client.get("/camille/account").text)
    left = client.post("/camille/sign-out", data={"csrf_token": token}, follow_redirects=True)
    assert (left.request.path, "You are signed out on this device." in left.text) == ("/camille/sign-in", True)
    assert not customers.is_signed_in(client)
    client.set_cookie("parley", cookie)
    assert not customers.is_signed_in(client), "the cookie of a session that ended is worth nothing"


@pytest.mark.parametrize("who", ["nobody@example.com", ANA, BEA])
def test_all_that_does_not_fit_gets_one_answer(client, app, env, who):
    customers.register(app.test_client(), env, ANA)
    journeys.subscribe(app.test_client(), env, BEA)
    answer = customers.sign_in(client, who, "wrong wrong wrong wrong")
    assert answer.status_code == 422
    assert "Address and password do not belong together." in answer.text
    assert who in answer.text
    assert "wrong wrong" not in answer.text


def test_an_empty_password_is_asked_for_and_is_no_try(client, app, env):
    customers.register(client, env, ANA)
    stranger = app.test_client()
    token = {"csrf_token": journeys.form_token(client.get("/camille/account/security").text)}
    for _ in range(11):
        assert "Write your password." in customers.sign_in(stranger, ANA, "").text
        changed = client.post("/camille/account/security/password", data={**token, "present": "", "password": OTHER})
        checked = client.post("/camille/account/data/check", data={**token, "password": ""})
        assert "Write your password." in changed.text
        assert "Write your password." in checked.text
    assert customers.sign_in(stranger, ANA).status_code == 303


def test_another_password_needs_the_present_one(client, app, env):
    customers.register(client, env, ANA)
    elsewhere = app.test_client()
    customers.sign_in(elsewhere, ANA)
    path = "/camille/account/security/password"
    token = journeys.form_token(client.get("/camille/account/security").text)
    refused = client.post(path, data={"csrf_token": token, "present": "wrong", "password": OTHER})
    assert (refused.status_code, "not your present password" in refused.text) == (422, True)
    answer = client.post(path, data={"csrf_token": token, "present": PASSWORD, "password": OTHER})
    assert answer.location == "/camille/account/security?changed=1"
    assert (customers.is_signed_in(client), customers.is_signed_in(elsewhere)) == (True, False)
    assert journeys.mails(env, ANA)[-1] == "password_changed"


def test_sessions_are_listed_by_device_and_can_be_ended_one_by_one_or_all(client, app, env):
    customers.register(client, env, ANA)
    phone, third = app.test_client(), app.test_client()
    customers.sign_in(phone, ANA, headers={"User-Agent": SAFARI})
    customers.sign_in(third, ANA, headers={"User-Agent": FIREFOX})
    page = client.get("/camille/account/security").text
    assert "Mobile Safari on iOS" in page
    assert page.count("this one") == 1
    handles = re.findall(r'name="end" value="([0-9a-f]+)"', page)
    assert len(handles) == 2
    token = journeys.form_token(page)
    newest = handles[0]
    client.post("/camille/account/security", data={"csrf_token": token, "end": newest})
    assert [customers.is_signed_in(each) for each in (client, phone, third)] == [True, True, False]
    client.post("/camille/account/security", data={"csrf_token": token, "end": "others"})
    assert [customers.is_signed_in(each) for each in (client, phone)] == [True, False]


def test_nobody_ends_the_sessions_of_others(client, app, env):
    customers.register(client, env, ANA)
    bea = app.test_client()
    customers.register(bea, env, BEA)
    page = client.get("/camille/account/security").text
    with env.database.transaction() as session:
        rows = session.scalars(select(SessionRow.digest)).all()
    for digest in rows:
        form = {"csrf_token": journeys.form_token(page), "end": digest[:16].hex()}
        client.post("/camille/account/security", data=form)
    assert customers.is_signed_in(bea)


def test_a_device_that_is_new_is_told_by_mail_once(client, app, env):
    customers.register(app.test_client(), env, ANA)
    for agent in (FIREFOX, SAFARI, SAFARI, FIREFOX):
        customers.sign_in(app.test_client(), ANA, headers={"User-Agent": agent})
    assert journeys.mails(env, ANA).count("new_device") == 1


def test_a_forged_token_changes_nothing_in_the_account(client, env):
    customers.register(client, env, ANA)
    for path in ("account/security", "account/security/password"):
        answer = client.post(f"/camille/{path}", data={"csrf_token": "forged", "present": PASSWORD, "password": OTHER})
        assert answer.status_code == 422
    assert customers.sign_in(client, ANA).status_code == 303


def test_the_eleventh_try_in_five_minutes_waits(client, app, env):
    customers.register(app.test_client(), env, ANA)
    with time_machine.travel(clock.now(), tick=False) as time:
        for _ in range(10):
            assert customers.sign_in(client, ANA, "wrong wrong wrong wrong").status_code == 422
            time.shift(1)
        answer = customers.sign_in(client, ANA)
        assert answer.status_code == 429
        assert int(answer.headers["Retry-After"]) == 290
        elsewhere = {"environ_overrides": {"REMOTE_ADDR": "10.1.2.3"}}
        assert customers.sign_in(app.test_client(), ANA, **elsewhere).status_code == 429, "the address has its limit"
        assert customers.sign_in(client, BEA).status_code == 429, "and so has whoever tries"
        assert customers.sign_in(app.test_client(), BEA, **elsewhere).status_code == 422
        time.shift(290)
        assert customers.sign_in(client, ANA).status_code == 303


def test_after_a_hundred_failures_in_a_row_only_a_mail_helps(client, app, env, session):
    customers.register(client, env, ANA)
    session.execute(update(PasswordRow).values(failures=98))
    session.commit()
    for told in (0, 1, 1):
        assert customers.sign_in(app.test_client(), ANA, "wrong wrong wrong wrong").status_code == 422
        assert journeys.mails(env, ANA).count("security_changed") == told
    assert customers.sign_in(app.test_client(), ANA).status_code == 422
    customers.ask(client, ANA, "password/reset")
    client.post(customers.link(env, ANA, MessageKind.PASSWORD_RESET), data={"password": OTHER})
    assert customers.sign_in(app.test_client(), ANA, OTHER).status_code == 303


def test_a_right_password_forgives_the_wrong_ones(client, app, env, session):
    customers.register(client, env, ANA)
    customers.sign_in(app.test_client(), ANA, "wrong wrong wrong wrong")
    assert session.scalar(select(PasswordRow.failures)) == 1
    customers.sign_in(app.test_client(), ANA)
    session.expire_all()
    assert session.scalar(select(PasswordRow.failures)) == 0


def test_the_cookie_of_a_signed_in_customer_is_kept_from_scripts_and_other_sites(client, env):
    header = customers.register(client, env, ANA).headers["Set-Cookie"]
    assert all(part in header for part in ("HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=2592000"))


@pytest.mark.parametrize(("status", "answer"), [("erased", 422), ("restricted", 303)])
def test_an_erased_account_opens_no_door_and_one_held_still_can_be_set_going(client, app, env, session, status, answer):
    customers.register(client, env, ANA)
    session.execute(update(Account).values(status=status))
    session.commit()
    assert customers.sign_in(app.test_client(), ANA).status_code == answer
