"""Links put to another use, forged hosts, and places elsewhere to go on to, as tables: all refused."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from urllib.parse import quote, unquote, urljoin, urlsplit

import pytest
from sqlalchemy import delete, select
from werkzeug.test import create_environ

from app.kit.signing import Purpose
from app.models import AddressChange, AttemptRow, Message, OptInRequest, SessionRow
from app.services import tokens
from app.services.messages import MessageKind
from tests import customers, journeys
from tests.authenticators import Authenticator, encoded
from tests.customers import ANA, OTHER, PASSWORD
from tests.functional.moving import ask, owner, post
from tests.functional.test_routes import ACCOUNT, GUARDS, LINK, MAIL, ONE_CLICK, STEPPED_UP, listed, path
from tests.ones_data import CHECK, token
from tests.refusals import KEYS, SECURITY, Table, cookie, told, with_cookie

MADE_FOR = {
    "confirm": Purpose.CONFIRM, "access": Purpose.ACCESS, "manage": Purpose.MANAGE, "never": Purpose.NEVER,
    "unsubscribe": Purpose.UNSUBSCRIBE, "check-in": Purpose.CHECK_IN, "address-agree": Purpose.ADDRESS_AGREE,
    "address-prove": Purpose.ADDRESS_PROVE, "address-stop": Purpose.ADDRESS_STOP, "register": Purpose.REGISTER,
    "password/reset": Purpose.RESET, "reconsent": Purpose.RECONSENT, "erasure-stop": Purpose.ERASURE_STOP,
}  # fmt: skip
"""What the link in each address is signed for: an address with a token that is not here fails."""

FOR_EVER = {Purpose.MANAGE, Purpose.NEVER, Purpose.UNSUBSCRIBE}


def action(rule):
    return re.match(r"/<site>/(.+?)/<token>", rule)[1]


@pytest.fixture
def payloads(client, app, env, outbox, session):
    """Give what a good link to each address says: the attacks below differ from it by their signature alone."""
    journeys.subscribe(app.test_client(), env, ANA)
    account = owner(env, ANA)
    customers.register(client, env, ANA, site="luxe")
    customers.ask(client, ANA, "password/reset", site="luxe")
    ask(client, site="ostra")
    newest = select(Message.id).where(Message.kind == MessageKind.PASSWORD_RESET)
    message, change = (tokens._pack(session.scalar(each)) for each in (newest, select(AddressChange.id)))
    request = tokens._pack(session.scalar(select(OptInRequest.id)))
    packed = tokens._pack(account)
    return {
        Purpose.CONFIRM: request, Purpose.ACCESS: message, Purpose.MANAGE: [packed, "camille"],
        Purpose.NEVER: encoded(journeys.digest(env, ANA)), Purpose.UNSUBSCRIBE: [packed, "camille"],
        Purpose.CHECK_IN: [packed, message], Purpose.ADDRESS_AGREE: change, Purpose.ADDRESS_PROVE: change,
        Purpose.ADDRESS_STOP: change, Purpose.REGISTER: message, Purpose.RESET: message, Purpose.RECONSENT: message,
        Purpose.ERASURE_STOP: message,
    }  # fmt: skip


def signed_for_others(env, own, payload):
    """Sign what a good link says for every other purpose there is, and for its own in the other ways."""
    signer = env.signer
    for purpose in Purpose:
        if purpose is not own:
            made = signer.sign_for_ever if own in FOR_EVER else signer.sign
            yield f"signed for {purpose.value}", made(purpose, payload)
    if own in FOR_EVER:
        yield "signed with its time", signer.sign(own, payload)
    else:
        yield "signed for ever", signer.sign_for_ever(own, payload)
    yield "signed as a stamp", signer.stamp(own, payload)


def test_a_link_opens_no_other_door(client, app, env, payloads):
    table, browser = Table("cross-purpose links"), app.test_client()
    for method, rule in listed(LINK, ONE_CLICK):
        own = MADE_FOR[action(rule)]
        for attack, made in signed_for_others(env, own, payloads[own]):
            answer = browser.open(path(rule, made), method=method, data={"password": OTHER, "terms": "1"})
            table.add(attack, f"{method} {rule}", told(answer), refused=answer.status_code == 404)
    for method, rule in listed(LINK):
        own = MADE_FOR[action(rule)]
        if method == "GET":
            good = (env.signer.sign_for_ever if own in FOR_EVER else env.signer.sign)(own, payloads[own])
            assert browser.get(path(rule, good)).status_code != 404 or own is Purpose.CHECK_IN, rule
    assert customers.sign_in(client, ANA, PASSWORD).status_code == 303, "nothing changed"
    table.close(at_least=len(listed(LINK, ONE_CLICK)) * (len(Purpose) + 1))


def test_nor_does_it_pass_where_a_form_or_cookie_is_signed(client, app, env, ana, payloads, session):
    table, signer = Table("cross-purpose links"), env.signer
    digest = session.scalars(select(SessionRow.digest).limit(1)).one().hex()
    other = app.test_client()
    customers.sign_in(other, ANA)
    ticket = signer.read(Purpose.SECOND_STEP, cookie(other, "parley-step"), timedelta(minutes=5))
    authenticator = Authenticator(env.settings.origin)
    authenticator.make(ana.browser.get(f"{KEYS}/new").json)
    for purpose in Purpose:
        made = signer.sign(purpose, ticket)
        if purpose is not Purpose.SECOND_STEP:
            thief = with_cookie(app, made, "parley-step")
            table.expect(purpose.value, "cookie between password and code", thief.get("/camille/sign-in/code"))
        if purpose is not Purpose.FORM:
            form = {"csrf_token": signer.sign(purpose, "camille"), "email": ANA, "password": PASSWORD}
            table.expect(
                purpose.value, "form token, POST sign-in", app.test_client().post("/camille/sign-in", data=form)
            )
        if purpose is not Purpose.CENTRE_FORM:
            form = {"csrf_token": signer.sign(purpose, digest), "end": "others"}
            table.expect(purpose.value, "form token, POST account/security", ana.browser.post(SECURITY, data=form))
        if purpose is not Purpose.PASSKEY_SIGN_IN:
            challenge = encoded(signer.sign(purpose, ["", "nonce"]).encode())
            form = {
                **token(app.test_client(), "/camille/sign-in"),
                "credential": authenticator.show({"challenge": challenge}),
            }
            answer = app.test_client().post("/camille/sign-in/passkey", data=form)
            table.expect(purpose.value, "challenge of a passkey", answer)
    table.close(at_least=4 * (len(Purpose) - 1))


def test_a_link_to_set_a_password_sets_one_and_no_other(client, app, env, outbox, time):
    table, other = Table("link reuse"), app.test_client()
    customers.register(client, env, ANA)
    sent = {"password": OTHER, "terms": "1"}

    def asked(site):
        time.shift(1)
        customers.ask(app.test_client(), ANA, "password/reset", site=site)
        return customers.link(env, ANA, MessageKind.PASSWORD_RESET, site=site)

    def tried(attack, link):
        for method in ("GET", "POST"):
            table.expect(attack, f"{method} /<site>/password/reset/<token>", other.open(link, method=method, data=sent))

    first, second = asked("camille"), asked("luxe")
    time.shift(1)
    assert other.post(second, data=sent).status_code == 303
    tried("used", second)
    tried("asked for before the password that is", first)
    third = asked("ostra")
    time.shift(1)
    customers.sign_in(client, ANA, OTHER)
    form = {**token(client, SECURITY), "present": OTHER, "password": PASSWORD}
    assert client.post(f"{SECURITY}/password", data=form).status_code == 303
    tried("asked for before a password set in the account", third)
    late = asked("ostra")
    time.shift(3601)
    tried("too late", late)
    tried("cut short", late[:-2])
    tried("of a house that is none", late.replace("/ostra/", "/nowhere/"))
    table.add("none of them", "the password", "stays", refused=customers.sign_in(other, ANA).status_code == 303)
    table.close(at_least=13)


EVIL = "evil.example.net"
FORGED = {
    "Host": EVIL, "X-Forwarded-Host": EVIL, "X-Host": EVIL, "X-Forwarded-Server": EVIL, "X-Original-Host": EVIL,
    "Forwarded": f"host={EVIL};proto=https", "X-Forwarded-Prefix": f"//{EVIL}", "X-Original-URL": f"//{EVIL}/",
    "X-Rewrite-URL": f"//{EVIL}/", "X-Forwarded-Port": "1", "Origin": f"https://{EVIL}", "Referer": f"https://{EVIL}/",
}  # fmt: skip


def pages():
    """List what can be looked at with nothing but an address, and what asks for a session."""
    guards = [each for each in GUARDS if each in {MAIL, STEPPED_UP, ACCOUNT, "anyone", "ticket"}]
    rules = [rule for method, rule in listed(*guards) if method == "GET"]
    return [rule for rule in rules if "<digest>" not in rule and "filename" not in rule]


def names_evil(answer):
    return EVIL in answer.text or any(EVIL in value for _, value in answer.headers)


def forget_tries(session):
    session.execute(delete(AttemptRow))


def test_a_forged_host_is_told_nowhere(client, app, env):
    table = Table("forged Host")
    customers.register(client, env, ANA)
    both = {each: FORGED[each] for each in FORGED if each != "Host"}
    for who, browser in (("stranger", app.test_client()), ("customer", client)):
        for rule in pages():
            for headers in ({"Host": EVIL}, both):
                answer = browser.get(path(rule).replace("<slug>", "terms"), headers=headers)
                table.add(f"{who}, {next(iter(headers))}", f"GET {rule}", told(answer), refused=not names_evil(answer))
    for name, value in FORGED.items():
        answer = app.test_client().get("/camille", headers={name: value})
        table.add(name, "GET /camille", told(answer), refused=answer.location == "/camille/")
        answer = customers.sign_in(app.test_client(), ANA, headers={name: value})
        fine = answer.status_code == 403 if name == "Origin" else answer.location == "/camille/account"
        cookies = " ".join(answer.headers.getlist("Set-Cookie"))
        table.add(name, "POST /<site>/sign-in", told(answer), refused=fine and "Domain" not in cookies)
        env.database.write(forget_tries)
    table.close(at_least=100)


def test_links_in_mails_lead_to_the_configured_origin(client, app, env, outbox):
    table, browser = Table("forged Host"), app.test_client()
    forged = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in FORGED.items() if name != "Origin"}
    browser.environ_base |= forged
    journeys.subscribe(browser, env, ANA)
    for form, site in (("preferences/link", "camille"), ("register", "ostra"), ("password/reset", "folie-douze")):
        customers.ask(browser, ANA, form, site=site)
    customers.register(client, env, ANA, site="luxe")
    client.environ_base |= {name: value for name, value in forged.items() if name != "HTTP_HOST"}
    ask(client, site="luxe")
    post(env, outbox, ANA)
    for mail in outbox.mails:
        links = set(re.findall(r"https?://[^\s\"'<>)]+", mail.text + (mail.html or "")))
        ours = {each for each in links if each.startswith(env.settings.origin)}
        foreign = {each for each in links - ours if EVIL in each}
        table.add("every header", f"mail, {mail.subject}", f"{len(ours)} of ours", refused=bool(ours) and not foreign)
    table.close(at_least=5)


PLACES = [
    f"//{EVIL}", f"///{EVIL}", f"/\\{EVIL}", f"\\\\{EVIL}", f"https:{EVIL}", f"https:/{EVIL}", f"https://{EVIL}",
    f"%2F%2F{EVIL}", f"/%2F{EVIL}", f"/%5C{EVIL}", f"\t//{EVIL}", f"/\t/{EVIL}", f"/\n/{EVIL}",
    f"\r\nLocation: //{EVIL}",
    f"@{EVIL}", f"http://localhost@{EVIL}", f"http://localhost:8000.{EVIL}", f"javascript:alert('{EVIL}')",
    f"data:text/html,{EVIL}", f"//{EVIL}%2f..", f"/camille/../..//{EVIL}", f"．{EVIL}", f"/〱{EVIL}", f"web.{EVIL}",
]  # fmt: skip
NAMES = (
    "to", "page", "lang", "next", "url", "uri", "return", "return_to", "returnTo", "redirect", "redirect_uri",
    "continue", "goto", "go", "dest", "destination", "rd", "r", "u", "back", "from",
    "callback", "ref", "target", "site", "view",
)  # fmt: skip
HOME = "http://localhost:8000"


def lands(location):
    """Give the origin where a browser goes: it leaves tabs and ends of lines out, and takes a backslash for a slash."""
    read = re.sub(r"[\t\r\n]", "", location).strip().replace("\\", "/")
    parts = urlsplit(urljoin(f"{HOME}/camille/sign-in", read))
    return f"{parts.scheme}://{parts.netloc}"


@pytest.mark.parametrize("place", [f"//{EVIL}", f"/\\{EVIL}", f"/\t/{EVIL}", f"https://{EVIL}", f"javascript:{EVIL}"])
def test_what_leads_elsewhere_is_told_from_what_does_not(place):
    assert lands(place) != HOME
    assert lands(f"/{EVIL}") == lands("/camille/account?to=x") == HOME


def straight(app, path):
    """Ask for a path as it comes over the wire, which the test client would read as an address first."""
    environ = create_environ("/", base_url="http://localhost:8000")
    return app.test_client().open({**environ, "PATH_INFO": unquote(path).encode().decode("latin-1")})


def test_nobody_is_led_elsewhere(client, app, env, time):
    table = Table("open redirect")
    customers.register(client, env, ANA)

    def note(place, at, answer):
        location = answer.location or "/"
        table.add(json.dumps(place), at, told(answer), refused=lands(location) == HOME)

    for place in PLACES:
        wherever = dict.fromkeys(NAMES, place)
        for method, rule in listed(MAIL, STEPPED_UP, ACCOUNT)[::8]:
            note(place, f"{method} {rule}", app.test_client().open(path(rule), method=method, query_string=wherever))
        time.shift(301)
        form = {**token(app.test_client(), "/camille/sign-in"), "email": ANA, "password": PASSWORD}
        entered = client.post("/camille/sign-in", query_string=wherever, data={**wherever, **form})
        assert entered.status_code == 303
        note(place, "POST /<site>/sign-in", entered)
        for at, more in ((CHECK, {"password": PASSWORD}), ("/camille/preferences/language", {"language": "fr"})):
            form = {**wherever, **token(client, CHECK), **more}
            answer = client.post(at, query_string=wherever, data=form)
            assert answer.status_code == 303, at
            note(place, f"POST {at}", answer)
        for at in (place, f"/camille/{place}", f"/camille{place}", f"//{EVIL}/camille", f"/{quote(place)}"):
            if at.startswith("/"):
                note(place, "GET, as the path", straight(app, at))
        out = client.post(
            "/camille/sign-out", query_string=wherever, data={**wherever, **token(client, "/camille/account")}
        )
        assert out.status_code == 303
        note(place, "POST /<site>/sign-out", out)
    table.close(at_least=len(PLACES) * 10)
