"""Ways around the proof that what is sensitive takes, as tables: all refused."""

from __future__ import annotations

from sqlalchemy import func, select, update

from app.models import PasskeyRow, PasswordRow, PrivacyRequest, ProfileRow, RecoveryCodeRow, SecondFactorRow
from tests import customers, journeys
from tests.authenticators import Authenticator
from tests.customers import ANA, BEA, OTHER, PASSWORD
from tests.functional.test_routes import STEPPED_UP, listed, path
from tests.ones_data import CHECK, DATA, token
from tests.refusals import (
    BEHIND_A_SESSION,
    KEYS,
    SECURITY,
    Table,
    cookie,
    enter_by_mail,
    prove_again,
    set_password,
    sign_out,
    with_cookie,
)

FRESH = {
    "GET /<site>/account/security/second-factor", "POST /<site>/account/security/second-factor",
    "POST /<site>/account/security/second-factor/change", "POST /<site>/account/security/password",
    "GET /<site>/account/security/passkeys/new", "POST /<site>/account/security/passkeys",
    "POST /<site>/account/security/passkeys/change",
}  # fmt: skip
"""Acts on the ways in, that take a sign-in, a password or a challenge of the last minutes."""

LOOKING = {
    "GET /<site>/account/security", "POST /<site>/account/security", "GET /<site>/account/security/passkeys",
}  # fmt: skip
"""What a session is enough for beside them: to look, and to end sessions."""

SENSITIVE = FRESH | {f"{method} {rule}" for method, rule in listed(STEPPED_UP)}
"""Acts that a session alone is not enough for: each is tried in a shape that would do, were the session good enough."""


def test_every_page_about_the_ways_in_is_known_as_sensitive_or_not():
    there = {f"{method} {rule}" for method, rule in BEHIND_A_SESSION if "/account/security" in rule}
    assert there == FRESH | LOOKING


def holdings(session):
    """Count what the sensitive acts would change."""
    session.expire_all()
    tables = (PasskeyRow, SecondFactorRow, RecoveryCodeRow, PrivacyRequest, ProfileRow)
    counts = [session.scalar(select(func.count()).select_from(table)) for table in tables]
    return [*counts, *session.scalars(select(PasswordRow.hash).order_by(PasswordRow.account_id))]


def attempt(table, who, browser, victim, session):
    """Try every sensitive act with a session that is not good enough, with what its forms would send."""
    fields = {"csrf_token": victim["token"], "act": "remove", "present": "wrong wrong wrong", "password": OTHER}
    own = browser.get("/camille/preferences")
    if own.status_code == 200:
        fields["csrf_token"] = journeys.form_token(own.text)
    before = holdings(session)
    for each in sorted(SENSITIVE):
        method, rule = each.split()
        form = {**fields, "handle": victim["handle"], "offer": victim["offer"], "code": victim["code"],
                "credential": victim["credential"]}  # fmt: skip
        at = path(rule).replace("00000000-0000-0000-0000-000000000001", str(victim["copy"]))
        answer = browser.open(at, method=method, data=form if method == "POST" else None)
        table.expect(who, each, answer, *GATES_AND_BACK)
        done = [word for word in DONE if word in (answer.location or "")]
        table.add(who, f"{each}, what it says", done or "nothing was done", refused=not done)
    changed = "nothing changed" if holdings(session) == before else "changed"
    table.add(who, "passkeys, codes, passwords, requests", changed, refused=changed == "nothing changed")


GATES_AND_BACK = (
    "/camille/sign-in", "/camille/preferences/link", CHECK, f"{SECURITY}/second-factor", "/camille/account/security",
)  # fmt: skip
"""Gates, and the pages that an act leads back to where it was given up."""
DONE = ("removed=", "changed=", "added=", "renamed=", "off=", "ended=")
"""What such a page is told by an act that was done."""


def test_nothing_gets_around_the_step_up(client, app, env, outbox, session, time):
    table = Table("step-up bypass")
    customers.register(client, env, ANA)
    authenticator = Authenticator(env.settings.origin)
    made = authenticator.make(client.get(f"{KEYS}/new").json)
    client.post(KEYS, data={**token(client, KEYS), "credential": made})
    prove_again(client)
    client.post(f"{DATA}/export", data=token(client))
    secret, fields = customers.offered(client.get(customers.SECOND_FACTOR).text)
    handle = client.get(KEYS).text.partition('name="handle" value="')[2].partition('"')[0]
    victim = {
        "copy": session.scalars(select(PrivacyRequest.id)).one(), "handle": handle, "offer": fields["offer"],
        "code": customers.code(secret), "token": fields["csrf_token"],
        "credential": Authenticator(env.settings.origin).make(client.get(f"{KEYS}/new").json),
    }  # fmt: skip
    stale, out, before = app.test_client(), app.test_client(), app.test_client()
    for browser in (stale, out):
        customers.sign_in(browser, ANA)
    signed_out = cookie(out)
    sign_out(out)
    time.shift(601)

    attempt(table, "no session", app.test_client(), victim, session)
    attempt(table, "made-up session", with_cookie(app, "m" * 43), victim, session)
    attempt(table, "session from a mail", enter_by_mail(app.test_client(), env, ANA), victim, session)
    attempt(table, "stale full session", stale, victim, session)
    attempt(table, "full session stepped up too long ago", client, victim, session)
    attempt(table, "after sign-out", with_cookie(app, signed_out), victim, session)
    before.set_cookie("parley", cookie(stale))
    set_password(client)
    attempt(table, "session from before another password", before, victim, session)
    table.close(at_least=7 * (len(SENSITIVE) + 1))


def test_nor_do_other_people_and_half_a_proof(client, app, env, outbox, session, ana, time):
    table = Table("step-up bypass")
    bea, mailed = app.test_client(), enter_by_mail(app.test_client(), env, ANA)
    customers.register(bea, env, BEA)
    prove_again(bea)
    before = holdings(session)
    foreign = {**token(ana.browser, CHECK), "password": PASSWORD, "code": customers.code(ana.secret)}
    for method, rule in listed(STEPPED_UP):
        if "<uuid" in rule:
            table.expect("another's copy", rule, bea.open(path(rule), method=method))
    table.expect("form of another's session", "POST check", bea.post(CHECK, data=foreign))
    time.shift(601)
    for who, browser in (("stale session", ana.browser), ("session from a mail", mailed)):
        for what, typed in {
            "nothing": {}, "password alone": {"password": PASSWORD}, "code alone": {"code": customers.code(ana.secret)},
            "recovery code alone": {"code": ana.codes[0]}, "wrong code": {
                "password": PASSWORD, "code": customers.wrong_code(ana.secret)},
        }.items():  # fmt: skip
            form = {**token(browser, CHECK), **typed}
            table.expect(f"{who}, {what}", "POST check", browser.post(CHECK, data=form))
            table.expect(f"{who}, {what}", "GET delete", browser.get(f"{DATA}/delete"))
            table.expect(f"{who}, {what}", "GET passkeys/new", browser.get(f"{KEYS}/new"))
    step = app.test_client()
    customers.sign_in(step, ANA)
    table.at_every_page("password without its code", step)
    session.execute(update(PasswordRow).values(failures=100))
    session.commit()
    right = {**token(ana.browser, CHECK), "password": PASSWORD, "code": customers.code(ana.secret)}
    table.expect("right ones, after a hundred wrong", "POST check", ana.browser.post(CHECK, data=right))
    changed = "nothing changed" if holdings(session) == before else "changed"
    table.add("all of it", "passkeys, codes, passwords, requests", changed, refused=changed == "nothing changed")
    table.close(at_least=75)
