"""Every address there is, with what guards it. One that is not listed fails, and so does a guard that does not hold."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace

import pytest

from app.factory import create_app
from tests import customers, journeys

ANA = "ana@example.com"

ANYONE, FORM, LINK, ONE_CLICK, CLOSE, TICKET = "anyone", "form", "link", "one click", "close", "ticket"
MAIL, STEPPED_UP, ACCOUNT = "mail", "stepped up", "account"
EMBEDDED, BEARER, CLIENT, SECRET, DEVELOPMENT = "embedded", "bearer", "client", "secret", "development"
OTHERWISE = "otherwise"
"""Who may: anyone; with a signed form token; by a signed link; so, from any origin; whoever wants to end a session;
with a password given just now; with a session from a mail; so, after a code or the password; and signed in. Then
programs: a form of ours on a page of the brand, with what that page was given; an access token; the secret of a client;
the secret in the address; anyone, but only where people develop. And what no method was meant for: it says which is."""

GUARDS = {
    ANYONE: """
        GET /  GET /<site>/  GET /<site>/check-mail  GET /<site>/documents/<slug>  GET /<site>/what-we-send
        GET /<site>/preferences/link  GET /<site>/preferences/link/sent  GET /<site>/register  GET /<site>/register/sent
        GET /<site>/sign-in  GET /<site>/sign-in/passkey
        GET /<site>/password/reset  GET /<site>/password/reset/sent
        GET /brand/<slug>/theme.css  GET /brand/fonts/<digest>.woff2  GET /static/<path:filename>
        GET /embed/<brand>.js  GET /embed/<brand>/form  GET /embed/<brand>/frame  GET /embed/<brand>/frame/sent
        GET /embed/<brand>/solver  GET /healthz  GET /readyz  GET /.well-known/gpc.json
        GET /api  GET /api/  GET /api/docs  GET /api/docs/<slug>  GET /openapi.json
        GET /.well-known/oauth-authorization-server  GET /oauth/jwks.json""",
    EMBEDDED: "POST /embed/<brand>/challenge  POST /embed/<brand>/subscribe  POST /embed/<brand>/frame",
    BEARER: """
        POST /api/v1/decisions  POST /api/v1/decisions/batch  POST /api/v1/consents/lookup  POST /api/v1/signals
        GET /api/v1/receipts/<receipt_id>  GET /api/v1/catalogue  POST /api/v1/links
        POST /api/v1/imports  GET /api/v1/imports/<import_id>  GET /api/v1/imports/<import_id>/rejects
        GET /api/v1/exports/consents
        POST /api/v1/consents  GET /api/v1/events
        POST /api/v1/accounts  GET /api/v1/accounts/<account_id>  PATCH /api/v1/accounts/<account_id>
        GET /api/v1/accounts/<account_id>/events
        POST /api/v1/suppressions  GET /api/v1/suppressions  POST /api/v1/suppressions/lookup
        DELETE /api/v1/suppressions/<suppression_id>
        POST /api/v1/privacy-requests  GET /api/v1/privacy-requests/<request_id>
        GET /api/v1/webhooks  POST /api/v1/webhooks  GET /api/v1/webhooks/<webhook_id>
        PATCH /api/v1/webhooks/<webhook_id>  DELETE /api/v1/webhooks/<webhook_id>
        POST /api/v1/webhooks/<webhook_id>/secret  GET /api/v1/webhooks/<webhook_id>/deliveries
        POST /api/v1/webhooks/<webhook_id>/replay  POST /api/v1/webhooks/<webhook_id>/test""",
    CLIENT: "POST /oauth/token",
    SECRET: "POST /hooks/mail/<token>  POST /hooks/sms/<token>",
    DEVELOPMENT: """
        GET /dev/mailbox  GET /dev/mailbox.json  GET /dev/mailbox/<uuid:id>  GET /dev/mailbox/<uuid:id>/html""",
    OTHERWISE: """
        ANY /api/v1/imports  ANY /api/v1/imports/<import_id>  ANY /api/v1/imports/<import_id>/rejects
        ANY /api/v1/exports/consents
        ANY /api/v1/decisions  ANY /api/v1/decisions/batch  ANY /api/v1/catalogue  ANY /api/v1/links
        ANY /api/v1/consents  ANY /api/v1/consents/lookup  ANY /api/v1/signals  ANY /api/v1/events
        ANY /api/v1/accounts  ANY /api/v1/accounts/<account_id>  ANY /api/v1/accounts/<account_id>/events
        ANY /api/v1/suppressions  ANY /api/v1/suppressions/lookup  ANY /api/v1/suppressions/<suppression_id>
        ANY /api/v1/webhooks  ANY /api/v1/webhooks/<webhook_id>  ANY /api/v1/webhooks/<webhook_id>/secret
        ANY /api/v1/webhooks/<webhook_id>/deliveries  ANY /api/v1/webhooks/<webhook_id>/replay
        ANY /api/v1/webhooks/<webhook_id>/test
        ANY /api/v1/privacy-requests  ANY /api/v1/privacy-requests/<request_id>
        ANY /api/v1/receipts/<receipt_id>  ANY /api/  ANY /api/<path:rest>  ANY /oauth/token
        ANY /hooks/mail/<token>  ANY /hooks/sms/<token>
        ANY /embed/<brand>.js  ANY /embed/<brand>/form  ANY /embed/<brand>/challenge  ANY /embed/<brand>/subscribe""",
    FORM: """
        POST /<site>/  POST /<site>/preferences/link  POST /<site>/register  POST /<site>/sign-in
        POST /<site>/sign-in/passkey
        POST /<site>/password/reset""",
    LINK: """
        GET /<site>/confirm/<token>  POST /<site>/confirm/<token>  POST /<site>/confirm/<token>/again
        GET /<site>/access/<token>  POST /<site>/access/<token>  GET /<site>/manage/<token>  POST /<site>/manage/<token>
        GET /<site>/never/<token>  POST /<site>/never/<token>  GET /<site>/unsubscribe/<token>
        POST /<site>/unsubscribe/<token>/instead  POST /<site>/unsubscribe/<token>/why
        GET /<site>/check-in/<token>  POST /<site>/check-in/<token>
        GET /<site>/address-agree/<token>  POST /<site>/address-agree/<token>
        GET /<site>/address-prove/<token>  POST /<site>/address-prove/<token>
        GET /<site>/address-stop/<token>  POST /<site>/address-stop/<token>
        GET /<site>/register/<token>  POST /<site>/register/<token>
        GET /<site>/password/reset/<token>  POST /<site>/password/reset/<token>
        GET /<site>/reconsent/<token>  POST /<site>/reconsent/<token>
        GET /<site>/erasure-stop/<token>  POST /<site>/erasure-stop/<token>""",
    ONE_CLICK: "POST /<site>/unsubscribe/<token>",
    MAIL: """
        GET /<site>/preferences  POST /<site>/preferences  GET /<site>/preferences/history
        GET /<site>/preferences/agree  POST /<site>/preferences/agree
        GET /<site>/preferences/records/<int:sequence>  GET /<site>/preferences/records/<int:sequence>/file
        GET /<site>/preferences/address  POST /<site>/preferences/address  GET /<site>/preferences/address/sent
        GET /<site>/preferences/phone  POST /<site>/preferences/phone
        GET /<site>/preferences/age  POST /<site>/preferences/age
        GET /<site>/preferences/phone/code  POST /<site>/preferences/phone/code
        POST /<site>/preferences/phone/remove
        GET /<site>/preferences/register  POST /<site>/preferences/register
        POST /<site>/preferences/language  GET /<site>/account/data  POST /<site>/account/data/restriction
        POST /<site>/account/data/keep  GET /<site>/account/data/check  POST /<site>/account/data/check
        POST /<site>/account/data/check/code""",
    STEPPED_UP: """
        POST /<site>/account/data/export  GET /<site>/account/data/download/<uuid:request_id>
        GET /<site>/account/data/delete  POST /<site>/account/data/delete
        POST /<site>/account/data/profile/<field>/remove""",
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
    """Give all routes."""
    rules = app.url_map.iter_rules()
    return {(method, rule.rule) for rule in rules for method in (rule.methods or {"ANY"}) - {"HEAD", "OPTIONS"}}


def path(rule, token="spoilt"):
    there = re.sub("<uuid:[a-z_]+>", str(uuid.UUID(int=1)), rule).replace("<path:rest>", "nothing")
    there = there.replace("<int:sequence>", "1").replace("<receipt_id>", f"{uuid.UUID(int=1)}.1")
    return re.sub("<(site|brand)>", "camille", there).replace("<token>", token).replace("<field>", "birthday")


def send(client, method, rule, **more):
    return client.open(path(rule), method=method, **more)


def test_every_page_has_its_guard(app):
    assert there(app) == set(listed(*GUARDS))
    assert len(listed(*GUARDS)) == len(set(listed(*GUARDS))), "one guard each"


def test_a_page_that_is_not_listed_is_found(env):
    app = create_app(env.settings, env)
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


@pytest.mark.parametrize(("method", "rule"), listed(EMBEDDED))
def test_a_form_on_another_site_needs_what_its_page_was_given(client, method, rule):
    sent = {"email": ANA, "items": {"newsletter:email": "spoilt"}, "token": "spoilt", "proof": "spoilt"}
    answer = send(client, method, rule, json=sent, headers={"Origin": "https://elsewhere.example.net"})
    assert answer.status_code in {403, 422}
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(("method", "rule"), listed(BEARER, CLIENT))
def test_other_services_say_who_they_are(client, method, rule):
    assert send(client, method, rule, data={"grant_type": "client_credentials"}).status_code == 401


@pytest.mark.parametrize(("method", "rule"), listed(OTHERWISE))
def test_what_nothing_was_meant_for_does_nothing(client, method, rule):
    unmeant = {"PUT", "DELETE", "PATCH"} - {each for each, meant in listed(BEARER) if meant == rule}
    assert {send(client, each, rule).status_code for each in unmeant} <= {404, 405}


def test_the_mailbox_is_there_only_where_nothing_leaves_this_machine(env):
    settings = env.settings.model_copy(update={"mail_url": "smtp://127.0.0.1:25?tls=none"})
    assert there(create_app(settings, replace(env, settings=settings))) == {
        each for guard in GUARDS for each in listed(guard) if guard != DEVELOPMENT
    }


@pytest.mark.parametrize(("method", "rule"), listed(LINK, ONE_CLICK, SECRET))
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
