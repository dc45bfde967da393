"""Every address there is, with what guards it. One that is not listed fails, and so does a guard that does not hold."""

from __future__ import annotations

import re
import uuid

import pytest

from tests import customers, journeys

ANA = "ana@example.com"

ANYONE, FORM, LINK, ONE_CLICK, CLOSE, TICKET = "anyone", "form", "link", "one click", "close", "ticket"
MAIL, STEPPED_UP, ACCOUNT = "mail", "stepped up", "account"
"""Who may: anyone; with a signed form token; by a signed link; so, from any origin; whoever wants to end a session;
with a password given just now; with a session from a mail; so, after a code or the password; and signed in."""

GUARDS = {
    ANYONE: """
        GET /  GET /<site>/  GET /<site>/check-mail  GET /<site>/documents/<slug>  GET /<site>/what-we-send
        GET /<site>/preferences/link  GET /<site>/preferences/link/sent  GET /<site>/register  GET /<site>/register/sent
        GET /<site>/sign-in  GET /<site>/sign-in/passkey
        GET /<site>/password/reset  GET /<site>/password/reset/sent
        GET /brand/<slug>/theme.css  GET /brand/fonts/<digest>.woff2""",
    FORM: """
        POST /<site>/  POST /<site>/preferences/link  POST /<site>/register  POST /<site>/sign-in
        POST /<site>/sign-in/passkey
        POST /<site>/password/reset""",
    LINK: """
        GET /<site>/confirm/<token>  POST /<site>/confirm/<token>  POST /<site>/confirm/<token>/again
        GET /<site>/access/<token>  POST /<site>/access/<token>  GET /<site>/manage/<token>  POST /<site>/manage/<token>
        GET /<site>/never/<token>  POST /<site>/never/<token>  GET /<site>/unsubscribe/<token>
        GET /<site>/address-agree/<token>  POST /<site>/address-agree/<token>
        GET /<site>/address-prove/<token>  POST /<site>/address-prove/<token>
        GET /<site>/address-stop/<token>  POST /<site>/address-stop/<token>
        GET /<site>/register/<token>  POST /<site>/register/<token>
        GET /<site>/password/reset/<token>  POST /<site>/password/reset/<token>
        GET /<site>/erasure-stop/<token>  POST /<site>/erasure-stop/<token>""",
    ONE_CLICK: "POST /<site>/unsubscribe/<token>",
    MAIL: """
        GET /<site>/preferences  POST /<site>/preferences  GET /<site>/preferences/history
        GET /<site>/preferences/address  POST /<site>/preferences/address  GET /<site>/preferences/address/sent
        GET /<site>/preferences/phone  POST /<site>/preferences/phone
        GET /<site>/preferences/phone/code  POST /<site>/preferences/phone/code
        POST /<site>/preferences/phone/remove
        POST /<site>/preferences/language  GET /<site>/account/data  POST /<site>/account/data/restriction
        POST /<site>/account/data/keep  GET /<site>/account/data/check  POST /<site>/account/data/check
        POST /<site>/account/data/check/code""",
    STEPPED_UP: """
        POST /<site>/account/data/export  GET /<site>/account/data/download/<uuid:request_id>
        GET /<site>/account/data/delete  POST /<site>/account/data/delete""",
    ACCOUNT: """
        GET /<site>/account  GET /<site>/account/security  POST /<site>/account/security
        POST /<site>/account/security/password  GET /<site>/account/security/second-factor
        POST /<site>/account/security/second-factor  POST /<site>/account/security/second-factor/change
        GET /<site>/account/security/passkeys  POST /<site>/account/security/passkeys
        GET /<site>/account/security/passkeys/new  POST /<site>/account/security/passkeys/change
        GET /<site>/account/profile  GET /<site>/account/profile/<field>  POST /<site>/account/profile/<field>
        POST /<site>/account/profile/<field>/remove""",
    TICKET: "GET /<site>/sign-in/code  POST /<site>/sign-in/code",
    CLOSE: "POST /<site>/preferences/close  POST /<site>/sign-out",
}


def listed(*guards):
    """Give the routes behind `guards`, as (method, rule)."""
    return [tuple(each.split()) for guard in guards for each in re.split(r"\s{2,}", GUARDS[guard].strip())]


def there(app):
    """Give the routes of all pages."""
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("web.")]
    return {(method, rule.rule) for rule in rules for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}


def path(rule, token="spoilt"):
    there = rule.replace("<uuid:request_id>", str(uuid.UUID(int=1)))
    return there.replace("<site>", "camille").replace("<token>", token).replace("<field>", "birthday")


def send(client, method, rule, **more):
    return client.open(path(rule), method=method, **more)


def test_every_page_has_its_guard(app):
    assert there(app) == set(listed(*GUARDS))
    assert len(listed(*GUARDS)) == len(set(listed(*GUARDS))), "one guard each"


def test_a_page_that_is_not_listed_is_found(app):
    app.add_url_rule("/<site>/new", "web.new", lambda site: "")
    assert there(app) != set(listed(*GUARDS))


@pytest.mark.parametrize(("method", "rule"), listed(MAIL, STEPPED_UP))
def test_without_a_session_the_way_leads_to_a_link(client, method, rule):
    assert send(client, method, rule).location == "/camille/preferences/link"


@pytest.mark.parametrize("is_full", [False, True])
@pytest.mark.parametrize(("method", "rule"), listed(STEPPED_UP))
def test_what_is_sensitive_asks_once_more_who_it_is(client, env, method, rule, is_full):
    customers.register(client, env, ANA) if is_full else journeys.subscribe(client, env, ANA)
    assert send(client, method, rule).location.startswith("/camille/account/data/check")


@pytest.mark.parametrize(("method", "rule"), listed(ACCOUNT))
def test_a_session_from_a_mail_is_led_to_where_one_signs_in(client, app, env, method, rule):
    assert send(client, method, rule).location == "/camille/sign-in"
    journeys.subscribe(client, env, ANA)
    assert send(client, method, rule).location == "/camille/sign-in"
    customers.register(client, env, ANA)
    assert send(client, method, rule).location != "/camille/sign-in"


@pytest.mark.parametrize(("method", "rule"), listed(TICKET))
def test_without_the_password_no_code_is_asked_for(client, method, rule):
    answer = send(client, method, rule)
    assert answer.status_code == 422 or answer.location == "/camille/sign-in"


@pytest.mark.parametrize(("method", "rule"), listed(LINK, ONE_CLICK))
def test_a_link_that_was_not_signed_here_leads_nowhere(client, method, rule):
    assert send(client, method, rule).status_code == 404


@pytest.mark.parametrize(("method", "rule"), listed(FORM))
def test_a_form_without_its_token_is_not_taken(client, method, rule):
    form = {"email": ANA, "password": customers.PASSWORD, "items": "newsletter:email"}
    assert send(client, method, rule, data=form).status_code == 422


POSTS = [each for each in listed(FORM, LINK, MAIL, ACCOUNT, CLOSE) if each[0] == "POST"]


@pytest.mark.parametrize(("method", "rule"), POSTS)
def test_what_another_site_makes_a_browser_send_is_refused(client, env, method, rule):
    customers.register(client, env, ANA)
    answer = send(client, method, rule, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert customers.is_signed_in(client)


@pytest.mark.parametrize(("method", "rule"), listed(ONE_CLICK))
def test_one_click_comes_from_anywhere(client, method, rule):
    assert send(client, method, rule, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 404
