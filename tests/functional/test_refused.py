"""Attacks on accounts by way of cookies, as tables: all refused. Others are in the files named alike."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.models import AddressChange
from tests import customers, journeys
from tests.authenticators import Authenticator
from tests.customers import ANA, BEA, OTHER, PASSWORD
from tests.functional.moving import NEW, ask, link, owner, post
from tests.functional.test_routes import ACCOUNT, listed
from tests.ones_data import CHECK, step_up, token
from tests.refusals import (
    BEHIND_A_SESSION,
    KEYS,
    Table,
    add_code,
    be_erased,
    cookie,
    end_others,
    end_this,
    enter_by_mail,
    move,
    prove_again,
    reset,
    say_not_me,
    set_password,
    sign_in,
    sign_out,
    stop_erasure,
    wait_a_month,
    with_cookie,
)

SHOW = "/camille/sign-in/passkey"


ENDINGS = (
    sign_out, sign_in, set_password, end_others, end_this, reset, prove_again, add_code, be_erased, stop_erasure, move,
    say_not_me, wait_a_month,
)  # fmt: skip


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda each: each.__name__)
def test_a_cookie_is_worth_nothing_once_its_session_ended_or_went_on_under_another(
    client, app, env, session, outbox, time, ending
):  # fmt: skip
    table = Table("cookie replay")
    customers.register(client, env, ANA)
    copied = cookie(client)
    ending(browser=client, app=app, env=env, session=session, outbox=outbox, time=time)
    table.at_every_page(f"copied cookie after {ending.__name__}", with_cookie(app, copied))
    table.close(at_least=len(BEHIND_A_SESSION))


def test_nor_is_what_lies_between_password_and_code(app, env, ana, time):
    table, first = Table("cookie replay"), app.test_client()
    customers.sign_in(first, ANA)
    ticket = cookie(first, "parley-step")
    form = {**token(first, "/camille/sign-in"), "code": ana.codes[0]}
    table.at_every_page("ticket as a session", with_cookie(app, ticket))
    assert first.post("/camille/sign-in/code", data=form).location == "/camille/account"
    used = with_cookie(app, ticket, "parley-step").post("/camille/sign-in/code", data={**form, "code": ana.codes[1]})
    table.expect("ticket that was used", "POST /<site>/sign-in/code", used)
    customers.sign_in(first, ANA)
    ticket = cookie(first, "parley-step")
    reset(app, env, time)
    late = with_cookie(app, ticket, "parley-step").post("/camille/sign-in/code", data={**form, "code": ana.codes[1]})
    table.expect("ticket from before another password", "POST /<site>/sign-in/code", late)
    table.close(at_least=len(BEHIND_A_SESSION) + 2)


def of_link(env, outbox, browser):
    enter_by_mail(browser, env, ANA)


def by_registering(env, outbox, browser):
    customers.register(browser, env, ANA)


def by_password(env, outbox, browser):
    customers.sign_in(browser, ANA)


def by_confirming(env, outbox, browser):
    journeys.subscribe(browser, env, ANA)


def by_passkey(env, outbox, browser, authenticator):
    given = browser.get(SHOW).json
    form = {**token(browser, "/camille/sign-in"), "credential": authenticator.show(given)}
    assert browser.post(SHOW, data=form).location == "/camille/account"


@pytest.mark.parametrize("planted", ["made up", "another person's", "another person's, from a mail"])
@pytest.mark.parametrize("way", [of_link, by_registering, by_password, by_confirming, by_passkey])
def test_who_plants_a_session_gets_none(client, app, env, outbox, time, planted, way):
    table, attacker, more = Table("session fixation"), app.test_client(), {}
    if planted != "made up":
        (customers.register if planted == "another person's" else journeys.subscribe)(attacker, env, BEA)
    if way is not by_registering:
        customers.register(app.test_client(), env, ANA)
    if way is by_passkey:
        more["authenticator"] = Authenticator(env.settings.origin)
        enrolled = app.test_client()
        customers.sign_in(enrolled, ANA)
        answer = more["authenticator"].make(enrolled.get(f"{KEYS}/new").json)
        enrolled.post(KEYS, data={**token(enrolled, KEYS), "credential": answer})
    client.set_cookie("parley", cookie(attacker) or "m" * 43)
    before = cookie(client)
    way(env, outbox, client, **more)
    thief = with_cookie(app, before)
    table.add(f"{planted}, {way.__name__}", "the browser's cookie", "new", refused=cookie(client) != before)
    shown = "".join(thief.get(f"/camille/{each}").text for each in ("account", "account/data", "preferences"))
    table.add(f"{planted}, {way.__name__}", "pages of the account", "not hers", refused=ANA not in shown)
    table.at_every_page(f"{planted}, {way.__name__}", thief, BEHIND_A_SESSION[:4])
    table.close(at_least=6)


def test_a_session_gets_another_id_with_every_right_that_it_gains(client, app, env, outbox, time):
    table = Table("session fixation")
    enter_by_mail(journeys_of(client, env), env, ANA)
    before = cookie(client)
    step_up(client, env, outbox)
    table.at_every_page("planted before a mailed code", with_cookie(app, before))
    customers.register(client, env, ANA)
    for gain in (prove_again, add_code):
        before = cookie(client)
        gain(client)
        table.at_every_page(f"planted before {gain.__name__}", with_cookie(app, before))
    thief = app.test_client()
    thief.set_cookie("parley-step", "m" * 43)
    form = {**token(thief, "/camille/sign-in"), "code": "123456"}
    table.expect("made-up ticket", "POST /<site>/sign-in/code", thief.post("/camille/sign-in/code", data=form))
    table.close(at_least=3 * len(BEHIND_A_SESSION) + 1)


def journeys_of(browser, env):
    journeys.subscribe(browser, env, ANA)
    return browser


def test_nothing_that_somebody_began_before_the_owner_registered_outlives_it(client, app, env, outbox, session, time):
    table, thief = Table("pre-hijack"), app.test_client()
    stranger = {**token(thief, "/camille/register"), "email": ANA, "password": OTHER, "terms": "1"}
    thief.post("/camille/register", data=stranger)
    early = customers.link(env, ANA)
    table.expect(
        "password typed with the wish to register", "POST /<site>/sign-in", customers.sign_in(thief, ANA, OTHER)
    )
    journeys.subscribe(thief, env, ANA)
    thief.post(f"{CHECK}/code", data=token(thief, CHECK))
    enter_by_mail(app.test_client(), env, ANA)
    mailed = journeys.access_path(env, ANA, "luxe")
    ask(thief, site="luxe")
    app.test_client().post(link(post(env, outbox, ANA), "address-agree"))
    waits = link(post(env, outbox, NEW), "address-prove")
    table.at_every_page("passkey or code by a session from a mail", thief, listed(ACCOUNT))
    former = cookie(thief)

    time.shift(1)
    customers.ask(client, ANA, site="ostra")
    client.post(customers.link(env, ANA, site="ostra"), data={"password": PASSWORD, "terms": "1"})
    assert customers.is_signed_in(client)

    table.at_every_page("session from before", with_cookie(app, former))
    table.expect("link to register from before", "POST /<site>/register/<token>", thief.post(early, data=stranger))
    table.expect("access link from before, used", "POST /<site>/access/<token>", thief.post(mailed))
    table.expect("change of address from before", "POST /<site>/address-prove/<token>", thief.post(waits))
    table.expect("password from before", "POST /<site>/sign-in", customers.sign_in(thief, ANA, OTHER))
    table.add("change of address", "the row", "stopped", refused=outcomes(session) == {"stopped"})
    thief.set_cookie("parley", former)
    again = customers.sign_in(app.test_client(), ANA)
    table.add("the owner herself", "POST /<site>/sign-in", again.location, refused=again.status_code == 303)
    table.close(at_least=len(BEHIND_A_SESSION) + len(listed(ACCOUNT)) + 6)


def outcomes(session):
    session.expire_all()
    return set(session.scalars(select(AddressChange.outcome)))


def test_nor_does_a_move_to_a_mailbox_that_registered_meanwhile(client, app, env, outbox):
    table, thief = Table("pre-hijack"), app.test_client()
    customers.register(thief, env, BEA)
    ask(thief, ANA, site="luxe")
    prove = link(post(env, outbox, ANA), "address-prove")
    app.test_client().post(link(post(env, outbox, BEA), "address-agree"))
    customers.register(client, env, ANA)
    table.expect("account moved onto hers", "POST /<site>/address-prove/<token>", client.post(prove))
    table.expect("the thief's password", "POST /<site>/sign-in", customers.sign_in(app.test_client(), ANA, OTHER))
    table.add("whose address it is", "the account", "hers", refused=owner(env, ANA) != owner(env, BEA))
    table.close(at_least=3)
