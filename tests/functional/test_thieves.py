"""What is left to a thief of a session, a password or a mailbox once the owner noticed, or where the owner did more."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from app.flows import recover, second_factor, sign_in
from app.kit.provenance import PERSON, Provenance, Source
from app.models import PasswordRow
from app.services import second_factors
from app.services.messages import MessageKind
from tests import customers, journeys
from tests.customers import ANA, OTHER, PASSWORD
from tests.functional.moving import NEW, ask, link, post
from tests.ones_data import CHECK, DATA, token

SECURITY = "/camille/account/security"


def copy_of(browser, app):
    """Give a browser that a thief has put the owner's cookie into."""
    thief = app.test_client()
    thief.set_cookie("parley", browser.get_cookie("parley").value)
    assert customers.is_signed_in(thief)
    return thief


def test_the_page_with_recovery_codes_signs_out_of_the_new_session(client, env, time):
    customers.register(client, env, ANA)
    secret, fields = customers.offered(client.get(customers.SECOND_FACTOR).text)
    page = client.post(customers.SECOND_FACTOR, data={**fields, "code": customers.code(secret)}).text
    client.post("/camille/sign-out", data={"csrf_token": journeys.form_token(page)})
    assert not customers.is_signed_in(client)


@pytest.mark.parametrize("proof", ["register", "password/reset"])
def test_a_change_of_address_that_waits_is_over_once_the_mailbox_sets_a_password(
    client, app, env, outbox, proof
):  # fmt: skip
    thief = app.test_client()
    if proof == "register":
        journeys.subscribe(thief, env, ANA)
    else:
        customers.register(thief, env, ANA)
    assert ask(thief, site="luxe").status_code == 303
    waits = link(post(env, outbox, NEW), "address-prove")
    app.test_client().post(link(post(env, outbox, ANA), "address-agree"))
    customers.ask(client, ANA, proof)
    kind = MessageKind.REGISTER if proof == "register" else MessageKind.PASSWORD_RESET
    client.post(customers.link(env, ANA, kind), data={"password": OTHER, "terms": "1"})
    assert app.test_client().post(waits).status_code == 410
    assert customers.sign_in(app.test_client(), ANA, OTHER).location == "/camille/account"


def prove(browser, **typed):
    return browser.post(CHECK, data={**token(browser, CHECK), **typed})


def test_who_asks_for_a_code_at_sign_in_is_asked_for_one_before_what_is_sensitive_too(app, env, ana, time):
    time.shift(601)
    thief = copy_of(ana.browser, app)
    assert prove(thief, password=PASSWORD).status_code == 422
    assert prove(thief, password=PASSWORD, code=customers.wrong_code(ana.secret)).status_code == 422
    assert thief.get(f"{DATA}/delete").status_code == 303
    options = thief.get(f"{SECURITY}/passkeys/new")
    assert options.status_code == 303, "else a passkey of the thief's would do without the code for ever"
    assert prove(ana.browser, password="wrong", code=customers.code(ana.secret)).status_code == 422
    time.shift(30)
    assert prove(ana.browser, password=PASSWORD, code=customers.code(ana.secret)).status_code == 303
    assert ana.browser.get(f"{SECURITY}/passkeys/new").status_code == 200


def test_a_code_in_the_account_counts_once_too(app, ana, time):
    time.shift(601)
    typed = customers.code(ana.secret)
    assert prove(ana.browser, password=PASSWORD, code=typed).status_code == 303
    other = app.test_client()
    customers.sign_in(other, ANA)
    assert customers.second_step(other, typed).status_code == 422


def test_a_mailbox_alone_is_not_enough_where_a_code_is_asked_for(app, env, ana, outbox, time):
    thief = app.test_client()
    thief.post("/camille/preferences/link", data={**token(thief, "/camille/preferences/link"), "email": ANA})
    thief.post(journeys.access_path(env, ANA))
    page = thief.get(CHECK).text
    assert 'name="password"' in page
    thief.post(f"{CHECK}/code", data=token(thief, CHECK))
    assert journeys.mails(env, ANA).count("step_up") == 0
    assert prove(thief, code="123456").status_code == 422
    assert thief.get(f"{DATA}/delete").status_code == 303
    assert prove(thief, password=PASSWORD, code=customers.code(ana.secret)).status_code == 303
    assert thief.get(f"{DATA}/delete").status_code == 200


def test_after_a_hundred_failures_a_ticket_from_before_opens_nothing(app, ana, session):
    other = app.test_client()
    customers.sign_in(other, ANA)
    session.execute(update(PasswordRow).values(failures=99))
    session.commit()
    assert customers.second_step(other, customers.wrong_code(ana.secret)).status_code == 422
    assert session.scalar(select(PasswordRow.failures)) == 100
    form = {**token(other, "/camille/sign-in"), "code": customers.code(ana.secret)}
    assert other.post("/camille/sign-in/code", data=form).location == "/camille/sign-in?late=1"
    assert not customers.is_signed_in(other)


def test_a_session_that_ended_meanwhile_sets_no_password_and_switches_no_code_on(client, env, group, session):
    customers.register(client, env, ANA)
    account, before = session.execute(select(PasswordRow.account_id, PasswordRow.hash)).one()
    site, came = group.brands["camille"], Provenance(PERSON, Source.ACCOUNT)
    assert recover.change(session, site, account, "another hash", bytes(32), came) is None
    assert second_factor.switch_on(session, site, account, "SECRET", 1, bytes(32), came) is None
    assert session.scalar(select(PasswordRow.hash)) == before
    assert not second_factors.is_on(session, account)
    assert customers.is_signed_in(client)


def test_a_password_that_was_locked_while_it_was_looked_at_opens_nothing(client, env, group, session):
    customers.register(client, env, ANA)
    attempt = sign_in.begin(session, ANA, "192.0.2.1")
    session.execute(update(PasswordRow).values(failures=100))
    site, came = group.brands["camille"], Provenance(PERSON, Source.SIGN_IN)
    assert sign_in.finish(session, site, attempt, None, "", came) is None
