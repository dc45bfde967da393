"""The table of attacks on accounts: what was tried, at what, and how it was answered. `pytest -s` prints it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from app.flows import erase
from app.models import PrivacyRequest
from app.services.messages import MessageKind
from tests import customers, journeys
from tests.customers import ANA, OTHER, PASSWORD
from tests.functional.moving import NEW, ask, link, owner, post
from tests.functional.test_routes import ACCOUNT, MAIL, STEPPED_UP, listed, path
from tests.ones_data import CHECK, DATA, token

SECURITY = "/camille/account/security"
KEYS = f"{SECURITY}/passkeys"
REFUSED = {401, 403, 404, 405, 410, 422, 429}
GATES = ("/camille/sign-in", "/camille/preferences/link", "/camille/account/data/check")
"""Where guards lead whoever may not go on."""

BEHIND_A_SESSION = listed(MAIL, STEPPED_UP, ACCOUNT)
"""Every page that asks for a session, as (method, rule): one that is new is in the table with its guard."""


@dataclass
class Table:
    """Rows of one kind of attack; each must have been refused."""

    kind: str
    rows: list[tuple[str, str, str]] = field(default_factory=list)
    passed: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, attack: str, at: str, answered: object, *, refused: bool) -> None:
        """Note what came of one attack."""
        row = (attack, at, str(answered))
        self.rows.append(row)
        if not refused:
            self.passed.append(row)

    def expect(self, attack: str, at: str, answer: Any, *gates: str) -> None:
        """Note an answer that must be a refusal: by its status, or because it leads to a gate."""
        refused = answer.status_code in REFUSED
        if answer.status_code in {301, 302, 303, 308}:
            refused = (answer.location or "").startswith(gates or GATES)
        self.add(attack, at, told(answer), refused=refused)

    def at_every_page(self, attack: str, browser: Any, pages: Any = None) -> None:
        """Try pages behind a session, all of them unless `pages` says which: each must lead to a gate.

        Any other refusal may be of the form, which is looked at behind the gate.
        """
        for method, rule in BEHIND_A_SESSION if pages is None else pages:
            answer = browser.open(path(rule), method=method)
            is_led_away = answer.status_code == 303 and answer.location.startswith(GATES)
            self.add(attack, f"{method} {rule}", told(answer), refused=is_led_away)

    def close(self, at_least: int) -> None:
        """Print the table and fail with the rows that were let through, or where there are too few."""
        print(f"\n{self.kind}: {len(self.rows)} attacks, {len(self.passed)} let through")  # noqa: T201 - for -s
        for attack, at, answered in self.rows:
            print(f"  {attack:<60.60} | {at:<60.60} | {answered}")  # noqa: T201 - the same
        assert not self.passed, f"{self.kind}: {self.passed}"
        assert len(self.rows) >= at_least, f"{self.kind}: only {len(self.rows)} attacks"


def told(answer: Any) -> str:
    """Say how something was answered, in short."""
    return f"{answer.status_code} {answer.location}" if answer.location else str(answer.status_code)


def with_cookie(app: Any, secret: str, name: str = "parley") -> Any:
    """Give a browser that was given a cookie and nothing else."""
    browser = app.test_client()
    browser.set_cookie(name, secret)
    return browser


def cookie(browser: Any, name: str = "parley") -> str:
    """Read a cookie of a browser; empty where it has none."""
    found = browser.get_cookie(name)
    return found.value if found else ""


def enter_by_mail(browser: Any, env: Any, email: str) -> Any:
    """Have a link mailed and press its button: a session of the weaker kind."""
    token = journeys.form_token(browser.get("/luxe/preferences/link").text)
    browser.post("/luxe/preferences/link", data={"email": email, "csrf_token": token})
    browser.post(journeys.access_path(env, email, "luxe"))
    return browser


def sign_out(browser, **_):
    browser.post("/camille/sign-out", data=token(browser, "/camille/account"))


def sign_in(browser, **_):
    customers.sign_in(browser, ANA)


def set_password(browser, **_):
    form = {**token(browser, SECURITY), "present": PASSWORD, "password": OTHER}
    assert browser.post(f"{SECURITY}/password", data=form).status_code == 303


def end_others(browser, **_):
    assert browser.post(SECURITY, data={**token(browser, SECURITY), "end": "others"}).status_code == 303


def end_this(browser, app, **_):
    other = app.test_client()
    customers.sign_in(other, ANA)
    page = other.get(SECURITY).text
    handle = page.partition('name="end" value="')[2].partition('"')[0]
    other.post(SECURITY, data={**token(other, SECURITY), "end": handle})


def reset(app, env, time, **_):
    time.shift(1)
    customers.ask(app.test_client(), ANA, "password/reset", site="luxe")
    path = customers.link(env, ANA, MessageKind.PASSWORD_RESET, site="luxe")
    assert app.test_client().post(path, data={"password": OTHER}).status_code == 303


def prove_again(browser, **_):
    form = {**token(browser, CHECK), "password": PASSWORD}
    assert browser.post(CHECK, data=form).location == DATA


def add_code(browser, **_):
    customers.protect(browser)


def begin_erasure(browser, env, session):
    prove_again(browser)
    assert browser.post(f"{DATA}/delete", data=token(browser, f"{DATA}/delete")).status_code == 303
    return session.scalars(select(PrivacyRequest.id)).one()


def be_erased(browser, env, session, time, **_):
    request = begin_erasure(browser, env, session)
    time.shift(timedelta(days=8))
    assert env.database.write(lambda session: erase.carry_out(session, request))


def stop_erasure(browser, app, env, session, outbox, **_):
    begin_erasure(browser, env, session)
    app.test_client().post(link(post(env, outbox, ANA), "erasure-stop"))


def move(browser, app, env, outbox, **_):
    ask(browser, site="luxe")
    app.test_client().post(link(post(env, outbox, ANA), "address-agree"))
    app.test_client().post(link(post(env, outbox, NEW), "address-prove"))
    assert owner(env, NEW)


def say_not_me(browser, app, env, outbox, **_):
    ask(browser, site="luxe")
    app.test_client().post(link(post(env, outbox, ANA), "address-stop"))


def wait_a_month(time, **_):
    time.shift(timedelta(days=30, seconds=1))
