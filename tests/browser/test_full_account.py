"""Full accounts in a real browser: register, upgrade, sign in, reset, and sign out somewhere else."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.inbox import links
from tests.browser.keyboard import tab_to
from tests.browser.people import People
from tests.browser.switches import expect_on
from tests.customers import OTHER, PASSWORD
from tests.post import new_address

pytestmark = pytest.mark.browser

LETTERS = "camille-newsletter-email"


def register(page, parley, inbox, email):
    """Ask for an account, follow the mail, choose a password."""
    page.goto(f"{parley.settings.origin}/camille/register")
    page.get_by_label("Your e-mail address").fill(email)
    page.get_by_role("button", name="Send me the link").click()
    page.wait_for_url("**/register/sent")
    page.goto(links(inbox.wait_for(email, "register"))["register"])
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_label("I accept").check()
    page.get_by_role("button", name="Open my account").click()
    page.wait_for_url("**/camille/account?welcome=1**")


def sign_in(page, parley, email, password):
    page.goto(f"{parley.settings.origin}/camille/sign-in")
    page.get_by_label("Your e-mail address").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_a_lite_customer_becomes_a_full_one_and_keeps_everything(parley, page, inbox):
    email, _cookie = People(parley.environment).joined()
    register(page, parley, inbox, email)
    page.get_by_role("link", name="Your preferences").first.click()
    expect_on(page, LETTERS)
    expect(page.locator(f"#{LETTERS}-more")).to_contain_text("Yes since")
    page.get_by_role("link", name="Your account").click()
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{parley.settings.origin}/camille/account")
    page.wait_for_url("**/camille/sign-in")


def test_sign_in_by_keyboard_and_end_a_session_elsewhere(parley, page, new_context, inbox):
    email = new_address()
    register(page, parley, inbox, email)
    other = new_context().new_page()
    other.goto(f"{parley.settings.origin}/camille/sign-in")
    tab_to(other, "#email")
    other.keyboard.type(email)
    other.keyboard.press("Tab")
    other.keyboard.type(PASSWORD)
    other.keyboard.press("Enter")
    other.wait_for_url("**/camille/account")

    page.goto(f"{parley.settings.origin}/camille/account/security")
    page.locator("button[name=end]").first.click()
    expect(page.get_by_role("status")).to_contain_text("Signed out there.")
    other.reload()
    other.wait_for_url("**/camille/sign-in")


def test_a_lost_password_is_replaced_by_a_link(parley, page, new_context, inbox):
    email = new_address()
    register(page, parley, inbox, email)
    other = new_context().new_page()
    sign_in(other, parley, email, OTHER)
    other.wait_for_selector(".error-summary:focus")
    other.get_by_role("link", name="Set another password").click()
    other.get_by_label("Your e-mail address").fill(email)
    other.get_by_role("button", name="Send me the link").click()
    other.wait_for_url("**/password/reset/sent")
    other.goto(links(inbox.wait_for(email, "password"))["password"])
    other.get_by_label("New password").fill(OTHER)
    other.get_by_role("button", name="Set this password").click()
    other.wait_for_url("**/sign-in?set=1**")
    sign_in(other, parley, email, OTHER)
    other.wait_for_url("**/camille/account")
    page.reload()
    page.wait_for_url("**/camille/sign-in**")
    assert inbox.wait_for(email, "password", "Your password has changed")


def test_it_works_without_javascript(parley, new_context, inbox):
    register(new_context(java_script_enabled=False).new_page(), parley, inbox, new_address())
