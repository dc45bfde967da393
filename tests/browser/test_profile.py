"""The profile by keyboard on a telephone's width: told, put right, changed, and taken back."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from app.factory import create_app
from tests import customers
from tests.browser.checks import watch
from tests.browser.keyboard import await_focus, tab_to
from tests.post import new_address

pytestmark = pytest.mark.browser

PROFILE = "/camille/account/profile"
PHONE = {"width": 360, "height": 640}


@pytest.fixture
def origin(parley):
    return parley.settings.origin


@pytest.fixture
def client(parley):
    """Give a full customer's other browser, by which things can be told faster."""
    client = create_app(parley.settings, parley.environment).test_client()
    customers.register(client, parley.environment, new_address())
    return client


@pytest.fixture
def context(client, origin, new_context):
    """Give a browser that is signed in, without scripts."""
    context = new_context(java_script_enabled=False, viewport=PHONE)
    context.add_cookies([{"name": "parley", "value": client.get_cookie("parley").value, "url": origin}])
    return context


def enter(page, selector, text):
    """Go to a field by keyboard and type."""
    tab_to(page, selector)
    page.keyboard.type(text)


def press(page, selector, path="**/profile?kept=1*#done"):
    """Go to a link or button by keyboard and press it; `path` is where that leads, maybe from there itself."""
    tab_to(page, selector)
    with page.expect_navigation(url=path):
        page.keyboard.press("Enter")


def test_everything_is_told_changed_and_removed_by_keyboard(context, origin):
    page = context.new_page()
    page.goto(origin + PROFILE)
    enter(page, "#name", "Ana Ruiz")
    press(page, "form[action*=name] .button")
    await_focus(page, "done")

    enter(page, "#day", "3")
    enter(page, "#month", "2")
    enter(page, "#year", "1990")
    press(page, "form[action*=birthday] .button")

    tab_to(page, "#country")
    page.keyboard.type("France")
    expect(page.locator("#country")).to_have_value("FR")
    press(page, "form[action*=country] .button")

    press(page, "a[href*='profile/interests']", "**/profile/interests")
    tab_to(page, "#choices-scent")
    page.keyboard.press("Space")
    press(page, "form[action*=interests] .button")

    enter(page, "#street", "12 rue du Port")
    page.keyboard.press("Enter")
    page.keyboard.type("3rd floor")
    enter(page, "#postal_code", "29200")
    enter(page, "#city", "Brest")
    tab_to(page, "#country")
    page.keyboard.type("France")
    press(page, "form[action*=postal] .button")
    for told in ("Ana Ruiz", "3 February 1990", "Scent", "29200 Brest"):
        expect(page.get_by_text(told)).to_be_visible()

    press(page, "form[action*='name/remove'] button", "**/profile?removed=1*#done")
    expect(page.get_by_text("Ana Ruiz")).to_have_count(0)
    tab_to(page, "summary")
    page.keyboard.press("Enter")
    expect(page.get_by_text("You removed Your name.")).to_be_visible()


def test_what_is_wrong_is_led_to_and_put_right_by_keyboard(context, origin):
    page = context.new_page()
    page.goto(f"{origin}{PROFILE}/birthday")
    enter(page, "#day", "31")
    enter(page, "#month", "2")
    enter(page, "#year", "1990")
    page.keyboard.press("Enter")
    expect(page.locator(".error-summary")).to_be_focused()
    tab_to(page, ".error-summary a")
    page.keyboard.press("Enter")
    await_focus(page, "day")
    expect(page.locator("#year")).to_have_value("1990")
    page.keyboard.press("Control+A")
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    page.wait_for_url("**/profile?kept=1*#done")
    expect(page.get_by_text("3 February 1990")).to_be_visible()


@pytest.mark.parametrize("path", ["", "/postal-address", "/interests", "/birthday"])
def test_nothing_is_wrong_with_the_pages(client, origin, new_context, path):
    customers.tell(client, "name", name="Ana " + "Wolfeschlegelsteinhausenbergerdorff" * 2)
    context = new_context()
    context.add_cookies([{"name": "parley", "value": client.get_cookie("parley").value, "url": origin}])
    watched = watch(context, origin)
    watched.page.goto(origin + PROFILE + path)
    expect(watched.page.get_by_role("button", name="Save")).to_be_visible()
    assert watched.findings() == []
