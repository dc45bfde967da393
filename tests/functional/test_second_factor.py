"""A code after the password: how it is set up, renewed and given up, and who may."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.kit import one_time_codes
from app.models import Account, PasswordRow, RecoveryCodeRow, SecondFactorRow
from tests import customers, journeys
from tests.customers import ANA, BEA, PASSWORD, wrong_code

PAGE = "/camille/account/security/second-factor"
SHORT = "anchovy7lamp"


def test_an_app_is_set_up_by_its_first_code(client, env, session, time):
    customers.register(client, env, ANA)
    page = client.get(PAGE)
    assert 'src="data:image/png;base64,' in page.text
    assert "otpauth://totp/" in page.text
    secret, fields = customers.offered(page.text)
    assert session.scalar(select(func.count()).select_from(SecondFactorRow)) == 0, "looking changes nothing"
    refused = client.post(PAGE, data={**fields, "code": wrong_code(secret)})
    assert refused.status_code == 422
    assert customers.offered(refused.text)[0] == secret, "the app was shown this one"
    answer = client.post(PAGE, data={**fields, "code": customers.code(secret)})
    codes = customers.recovery_codes(answer.text)
    assert (answer.status_code, len(codes), len(set(codes))) == (200, 10, 10)
    row = session.scalars(select(SecondFactorRow)).one()
    assert secret.encode() not in row.sealed
    assert codes[0] not in client.get(PAGE).text, "shown once"
    assert journeys.mails(env, ANA).count("security_changed") == 1


def test_what_was_offered_to_one_session_is_no_use_in_another(client, app, env, session, time):
    customers.register(client, env, ANA)
    bea = app.test_client()
    customers.register(bea, env, BEA)
    secret, fields = customers.offered(client.get(PAGE).text)
    own = {"csrf_token": journeys.form_token(bea.get(PAGE).text), "offer": fields["offer"]}
    assert bea.post(PAGE, data={**own, "code": customers.code(secret)}).status_code == 303
    time.shift(16 * 60)
    assert client.post(PAGE, data={**fields, "code": customers.code(secret)}).status_code == 303
    assert session.scalar(select(func.count()).select_from(SecondFactorRow)) == 0


def test_switching_it_on_ends_the_other_sessions(client, app, env, time):
    customers.register(client, env, ANA)
    other = app.test_client()
    customers.sign_in(other, ANA)
    customers.protect(client)
    assert (customers.is_signed_in(client), customers.is_signed_in(other)) == (True, False)


def test_the_code_that_set_it_up_counts_no_more_and_none_before_it(client, app, env, time):
    customers.register(client, env, ANA)
    step = one_time_codes.present_step()
    secret, _ = customers.protect(client)
    other = app.test_client()
    customers.sign_in(other, ANA)
    for used in (step, step - 1):
        assert customers.second_step(other, one_time_codes.code_at(secret, used)).status_code == 422
    assert customers.second_step(other, one_time_codes.code_at(secret, step + 1)).status_code == 303


def test_recovery_codes_are_kept_as_keyed_digests(env, ana, session):
    account = session.scalars(select(Account)).one()
    kept = set(session.scalars(select(RecoveryCodeRow.digest)))
    assert kept == {env.digester.recovery_code(account.id, code.replace(" ", "")) for code in ana.codes}


def test_switching_it_off_takes_password_and_code(app, env, ana, session):
    right = customers.code(ana.secret)
    for sent, words in (
        ({"present": "wrong", "code": right}, "not your present password"),
        ({"present": PASSWORD, "code": wrong_code(ana.secret)}, "That code is not right"),
        ({"present": PASSWORD}, "That code is not right"),
    ):
        answer = customers.change_second_factor(ana.browser, "off", **sent)
        assert (answer.status_code, words in answer.text) == (422, True)
    answer = customers.change_second_factor(ana.browser, "off", present=PASSWORD, code=right)
    assert answer.location == "/camille/account/security?off=1#ways"
    for table in (SecondFactorRow, RecoveryCodeRow):
        assert session.scalar(select(func.count()).select_from(table)) == 0
    assert customers.sign_in(app.test_client(), ANA).location == "/camille/account"
    assert journeys.mails(env, ANA).count("security_changed") == 2


def test_other_recovery_codes_take_the_place_of_all_there_were(app, ana):
    sent = {"present": PASSWORD, "code": ana.codes[0]}
    codes = customers.recovery_codes(customers.change_second_factor(ana.browser, "renew", **sent).text)
    assert (len(codes), set(codes) & set(ana.codes)) == (10, set())
    other = app.test_client()
    customers.sign_in(other, ANA)
    assert customers.second_step(other, ana.codes[1]).status_code == 422
    assert customers.second_step(other, codes[1]).status_code == 303


@pytest.mark.parametrize("act", ["off", "codes"])
def test_a_wrong_code_in_the_account_counts_as_a_wrong_password_in_a_row(ana, session, act):
    before = session.scalar(select(PasswordRow.failures))
    sent = {"present": PASSWORD, "code": wrong_code(ana.secret)}
    assert customers.change_second_factor(ana.browser, act, **sent).status_code == 422
    session.expire_all()
    assert session.scalar(select(PasswordRow.failures)) == before + 1


def test_codes_tried_in_the_account_count_with_those_of_sign_ins(app, ana):
    other = app.test_client()
    customers.sign_in(other, ANA)
    for _ in range(10):
        customers.second_step(other, wrong_code(ana.secret))
    sent = {"present": PASSWORD, "code": customers.code(ana.secret)}
    assert customers.change_second_factor(ana.browser, "off", **sent).status_code == 429


def test_a_shorter_password_will_do_beside_a_code_and_must_grow_before_it_goes(client, env, ana):
    page = "/camille/account/security"
    form = {"csrf_token": journeys.form_token(client.get(page).text), "present": PASSWORD}
    answer = client.post(f"{page}/password", data={**form, "password": "an4lamp"})
    assert "Take at least 8 characters" in answer.text
    assert client.post(f"{page}/password", data={**form, "password": SHORT}).status_code == 303
    sent = {"present": SHORT, "code": customers.code(ana.secret)}
    assert "too short to stand alone" in customers.change_second_factor(client, "off", **sent).text
    form = {"csrf_token": journeys.form_token(client.get(page).text), "present": SHORT}
    assert client.post(f"{page}/password", data={**form, "password": PASSWORD}).status_code == 303
    sent["present"] = PASSWORD
    assert customers.change_second_factor(client, "off", **sent).status_code == 303


def test_an_older_session_proves_itself_again_before_it_sets_one_up(client, env, time):
    customers.register(client, env, ANA)
    time.shift(timedelta(minutes=10, seconds=1))
    answer = client.get(PAGE)
    assert answer.location == "/camille/account/data/check?to=web.second_factor"
    old = client.get_cookie("parley").value
    form = {"csrf_token": journeys.form_token(client.get(answer.location).text)}
    assert client.post(answer.location, data={**form, "password": "wrong"}).status_code == 422
    assert client.get(PAGE).status_code == 303
    assert client.post(answer.location, data={**form, "password": PASSWORD}).location == PAGE
    assert client.get_cookie("parley").value != old
    assert client.get(PAGE).status_code == 200


@pytest.mark.parametrize("to", ["web.sign_out_post", "https://evil.example.com", "web.check", ""])
def test_proving_it_leads_to_pages_of_the_account_only(client, env, to):
    customers.register(client, env, ANA)
    check = "/camille/account/data/check"
    form = {"csrf_token": journeys.form_token(client.get(check).text), "password": PASSWORD}
    assert client.post(check, query_string={"to": to}, data=form).location == "/camille/account/data"


@pytest.mark.parametrize("path", [PAGE, f"{PAGE}/change", "/camille/sign-in/code"])
def test_posts_that_another_site_makes_a_browser_send_are_refused(ana, path):
    sent = {"present": PASSWORD, "code": customers.code(ana.secret), "act": "off"}
    assert ana.browser.post(path, data=sent, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


@pytest.mark.parametrize("path", [PAGE, f"{PAGE}/change"])
def test_a_forged_token_or_none_changes_nothing(ana, session, path):
    sent = {"present": PASSWORD, "code": customers.code(ana.secret), "act": "off"}
    for token in ({}, {"csrf_token": "forged"}):
        assert ana.browser.post(path, data={**sent, **token}).status_code in {303, 422}
    assert session.scalar(select(func.count()).select_from(SecondFactorRow)) == 1


@pytest.mark.parametrize("path", [PAGE, f"{PAGE}/change"])
def test_none_of_it_is_for_strangers(client, path):
    assert client.post(path).location == "/camille/sign-in"
