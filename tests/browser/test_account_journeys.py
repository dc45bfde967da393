"""The rarer ways of a full account, in a real browser: a code after the password, there and back again, and gone."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import update

from app.courier import erasures
from app.kit import clock
from app.models import PrivacyRequest
from app.services import privacy_requests
from app.services.locks import owner_of
from tests import customers, journeys
from tests.browser.inbox import links
from tests.browser.people import People
from tests.browser.switches import expect_off
from tests.browser.test_full_account import LETTERS, register, sign_in
from tests.customers import PASSWORD
from tests.post import new_address

pytestmark = pytest.mark.browser


def give_code(page, typed):
    page.get_by_label("Code", exact=True).fill(typed)
    page.get_by_role("button", name="Sign in").click()


def test_the_code_is_asked_for_after_the_password_and_a_recovery_code_stands_in_once(parley, page, inbox):
    email, origin = new_address(), parley.settings.origin
    register(page, parley, inbox, email)
    page.goto(f"{origin}/camille/account/security")
    page.get_by_role("link", name="A code after the password").click()
    secret = page.locator("code.key").inner_text().replace(" ", "")
    page.get_by_label("Code", exact=True).fill(customers.code(secret))
    page.get_by_role("button", name="Ask for a code from now on").click()
    recovery = page.locator(".codes code").first.inner_text()
    page.get_by_role("link", name="I have kept them").click()
    page.get_by_role("button", name="Sign out").click()

    sign_in(page, parley, email, PASSWORD)
    page.wait_for_url("**/camille/sign-in/code")
    page.goto(f"{origin}/camille/account")
    page.wait_for_url("**/camille/sign-in")  # the password alone opens nothing
    page.goto(f"{origin}/camille/sign-in/code")
    give_code(page, customers.wrong_code(secret))
    page.wait_for_selector(".error-summary:focus")
    give_code(page, recovery)
    page.wait_for_url("**/camille/account")

    page.get_by_role("button", name="Sign out").click()
    sign_in(page, parley, email, PASSWORD)
    give_code(page, recovery)
    page.wait_for_selector(".error-summary:focus")  # it was good once


def move(page, parley, inbox, house, old, new):
    """Change the address of whoever is signed in, pressing in both mailboxes; a house may write thrice a day."""
    page.goto(f"{parley.settings.origin}/{house}/preferences/address")
    page.get_by_label("Your new e-mail address").fill(new)
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Yes, mail to both addresses").click()
    page.wait_for_url("**/preferences/address/sent*")
    page.goto(links(inbox.wait_for(new, "address-prove"))["address-prove"])
    page.get_by_role("button", name="Yes, it is mine").click()
    page.goto(links(inbox.wait_for(old, "address-agree"))["address-agree"])
    page.get_by_role("button", name="Yes, move them").click()
    expect(page.get_by_role("heading", name="It has moved")).to_be_visible()


def test_an_address_that_is_left_and_taken_again_brings_nothing_back(parley, page, inbox):
    env, (first, _cookie) = parley.environment, People(parley.environment).joined()
    second = new_address()
    register(page, parley, inbox, first)
    # Asked for and never confirmed: it must not come alive by the way there and back.
    People(env).asked_for("private-sales:email", first)
    waiting = parley.settings.origin + journeys.confirmation_path(env, first)
    page.goto(waiting)
    expect(page.get_by_role("button", name=re.compile("^Yes"))).to_be_visible()
    move(page, parley, inbox, "maison-brume", first, second)
    assert (journeys.decision(env, first), journeys.decision(env, second)) == ("unknown_subject", "granted")
    sign_in(page, parley, second, PASSWORD)
    page.goto(f"{parley.settings.origin}/camille/preferences")
    page.locator(f"#{LETTERS}").click()
    expect_off(page, LETTERS)
    move(page, parley, inbox, "ostra", second, first)
    assert journeys.decision(env, second) == "unknown_subject"
    assert journeys.decision(env, first) == "withdrawn", "what was left at the other address stays left"
    page.goto(waiting)
    expect(page.get_by_role("heading", name="You have left since")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^Yes"))).to_have_count(0)
    assert journeys.decision(env, first, "private-sales") == "never_asked"


def test_delete_and_be_gone(parley, page, inbox):
    env, (email, _cookie) = parley.environment, People(parley.environment).joined()
    register(page, parley, inbox, email)
    page.get_by_role("link", name="Your data").first.click()
    page.get_by_role("link", name="Delete my data").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="This stays, and why")).to_be_visible()
    page.get_by_role("button", name=re.compile("^Delete my data on ")).click()
    expect(page.get_by_role("heading", name=re.compile("^Your data will be deleted on"))).to_be_visible()
    assert inbox.wait_for(email, "erasure-stop")
    assert journeys.decision(env, email) == "granted", "for a week nothing is deleted"
    with env.database.transaction() as session:
        account = owner_of(session, journeys.digest(env, email))
        wish = privacy_requests.open_one(session, account, privacy_requests.Kind.ERASURE)
        past = clock.now() - timedelta(minutes=1)
        session.execute(update(PrivacyRequest).where(PrivacyRequest.id == wish.id).values(due_at=past))
    erasures.run(env)
    page.goto(f"{parley.settings.origin}/camille/account")
    page.wait_for_url("**/camille/sign-in")
    sign_in(page, parley, email, PASSWORD)
    page.wait_for_selector(".error-summary:focus")
    assert journeys.decision(env, email) == "unknown_subject"
