"""Ways to the centre and through it: by a mailed link, by keyboard alone, and without JavaScript."""

from __future__ import annotations

import pytest

from tests.browser.inbox import links
from tests.browser.keyboard import IS_FOCUS_VISIBLE, await_focus, tab_to
from tests.browser.people import People
from tests.browser.switches import expect_off, expect_on
from tests.post import new_address

pytestmark = pytest.mark.browser

LETTERS = "camille-newsletter-email"


@pytest.fixture
def member(parley):
    """Give the address of somebody who is on Camille's list."""
    email, _cookie = People(parley.environment).joined()
    return email


def test_a_link_is_asked_for_mailed_and_opens_the_centre(parley, page, inbox, member):
    ask_for_link(page, parley, member)
    page.goto(links(inbox.wait_for(member, "access"))["access"])
    page.get_by_role("button", name="Open my preferences").click()
    page.wait_for_url("**/camille/preferences?lang=en")
    expect_on(page, LETTERS)
    page.get_by_role("button", name="Close").click()
    page.goto(f"{parley.settings.origin}/camille/preferences")
    assert page.url.endswith("/camille/preferences/link"), "closed is closed"


def test_everything_works_without_javascript(parley, new_context, inbox):
    page, bea = new_context(java_script_enabled=False).new_page(), new_address()
    page.goto(f"{parley.settings.origin}/camille/")
    page.locator("#item-1-1").check()
    page.locator("#email").fill(bea)
    page.locator("main form button[type=submit]").click()
    page.goto(links(inbox.wait_for(bea, "confirm"))["confirm"])
    page.get_by_role("button", name="Yes, send it to me").click()
    expect_on(page, LETTERS)
    page.locator(f"#{LETTERS}").click()
    expect_off(page, LETTERS)
    page.get_by_role("button", name="Undo").click()
    expect_on(page, LETTERS)


def test_signing_up_by_keyboard_alone(parley, page, inbox):
    cleo = new_address()
    page.goto(f"{parley.settings.origin}/camille/")
    tab_to(page, "#item-1-1")
    page.keyboard.press("Space")
    tab_to(page, "#email")
    page.keyboard.type(cleo)
    tab_to(page, "main form button[type=submit]")
    page.keyboard.press("Space")
    page.wait_for_url("**/check-mail")
    page.goto(links(inbox.wait_for(cleo, "confirm"))["confirm"])
    tab_to(page, "main form button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/preferences?welcome=1&lang=en")
    expect_on(page, LETTERS)


def test_the_centre_by_keyboard_alone_with_focus_back_where_it_was(parley, page):
    open_centre(parley, page)
    tab_to(page, f"#{LETTERS}")
    page.keyboard.press("Space")
    page.wait_for_url(f"**/preferences#{LETTERS}")
    await_focus(page, LETTERS)
    assert page.evaluate(IS_FOCUS_VISIBLE)
    expect_off(page, LETTERS)
    tab_to(page, ".undo", at_most=1)
    page.keyboard.press("Enter")
    expect_on(page, LETTERS)
    await_focus(page, LETTERS)
    assert page.evaluate(IS_FOCUS_VISIBLE)


def test_an_error_takes_the_focus_and_leads_to_its_field(parley, page):
    page.goto(f"{parley.settings.origin}/camille/")
    tab_to(page, "#email")
    page.keyboard.press("Enter")
    page.wait_for_selector(".error-summary:focus")
    tab_to(page, ".error-summary a[href='#email']", at_most=2)
    page.keyboard.press("Enter")
    page.wait_for_selector("#email:focus")


def test_the_check_of_focus_goes_red_where_it_cannot_be_seen(parley, new_context):
    page = new_context(bypass_csp=True).new_page()
    page.goto(f"{parley.settings.origin}/camille/")
    page.add_style_tag(content="* { outline: none !important }")
    page.locator("#email").focus()
    assert not page.evaluate(IS_FOCUS_VISIBLE)


def ask_for_link(page, parley, email):
    page.goto(f"{parley.settings.origin}/camille/preferences/link")
    page.get_by_label("Your e-mail address").fill(email)
    page.get_by_role("button", name="Send me the link").click()
    page.wait_for_url("**/link/sent")


def open_centre(parley, page):
    _email, secret = People(parley.environment).joined()
    page.context.add_cookies([{"name": "parley", "value": secret, "url": parley.settings.origin}])
    page.goto(f"{parley.settings.origin}/camille/preferences")
