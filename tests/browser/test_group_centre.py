"""The centre of all houses in a real browser: by keyboard alone, and nothing wrong with it or the pages around it."""

from __future__ import annotations

import pytest

from tests import journeys
from tests.browser.checks import watch
from tests.browser.keyboard import IS_FOCUS_VISIBLE, await_focus, tab_to
from tests.browser.people import People
from tests.browser.switches import expect_off, expect_on

pytestmark = pytest.mark.browser

PATH = "/luxe/preferences"


@pytest.fixture
def visit(quiet, new_context):
    """Give a way to open a page with the session of somebody who is on Camille's list."""

    def open_page(path, prepare=lambda _client, _email: None, **options):
        people = People(quiet.environment)
        email, secret = people.joined()
        client = people._app.test_client()
        client.set_cookie("parley", secret)
        prepare(client, email)
        context = new_context(base_url=quiet.settings.origin, viewport={"width": 1280, "height": 900}, **options)
        context.add_cookies([{"name": "parley", "value": secret, "url": quiet.settings.origin}])
        tab = watch(context, quiet.settings.origin)
        tab.page.goto(path)
        return tab

    return open_page


def test_through_all_houses_by_keyboard_alone(visit):
    page = visit(PATH).page
    tab_to(page, "summary#house-ostra", at_most=40)
    assert not page.locator("#ostra-newsletter-email").is_visible(), "a house one is not with is folded"
    page.keyboard.press("Enter")
    tab_to(page, "#ostra-newsletter-email", at_most=1)

    page.keyboard.press("Space")
    page.wait_for_url("**/luxe/preferences#ostra-newsletter-email")
    await_focus(page, "ostra-newsletter-email")
    expect_on(page, "ostra-newsletter-email")
    assert page.evaluate(IS_FOCUS_VISIBLE)
    assert page.locator("section.theme-ostra").count() == 1, "and now it is open"

    tab_to(page, ".undo", at_most=1)
    page.keyboard.press("Enter")
    expect_off(page, "ostra-newsletter-email")
    await_focus(page, "ostra-newsletter-email")


def test_leaving_a_house_by_keyboard_leads_to_where_it_is_told(visit):
    def join(client, _email):
        journeys.press(client, "luxe", set="camille:new-collection:email=on")
        journeys.press(client, "luxe", set="vantour:newsletter:email=on")

    page = visit(PATH, join).page
    tab_to(page, "button[name=leave][value=camille]", at_most=90)
    page.keyboard.press("Enter")
    page.wait_for_url("**/luxe/preferences#changed-camille")
    await_focus(page, "changed-camille")
    assert page.locator("#changed-camille").inner_text().startswith("2 things changed with Camille.")
    expect_on(page, "vantour-newsletter-email")
    tab_to(page, ".undo", at_most=1)
    page.keyboard.press("Space")
    expect_on(page, "camille-newsletter-email")
    await_focus(page, "changed-camille")


def test_leaving_everything_by_keyboard_is_told_above_the_houses(visit):
    page = visit(PATH, lambda client, _email: journeys.press(client, "luxe", set="vantour:newsletter:email=on")).page
    tab_to(page, "button[name=leave][value=all]", at_most=90)
    page.keyboard.press("Space")
    page.wait_for_url("**/luxe/preferences#changed")
    await_focus(page, "changed")
    assert page.evaluate("document.activeElement.getBoundingClientRect().top >= 0"), "in sight"


def test_the_ways_from_a_house_to_all_houses_and_to_ones_history(visit):
    page = visit("/camille/preferences").page
    tab_to(page, "a[href='/luxe/preferences']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/luxe/preferences")
    tab_to(page, "a[href='/luxe/preferences/history']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/history")
    tab_to(page, "details.seen summary")
    page.keyboard.press("Enter")
    assert page.locator("details.seen[open] div").first.is_visible()


def test_it_works_without_javascript(visit):
    page = visit(PATH, java_script_enabled=False).page
    page.locator("summary#house-vantour").click()
    page.locator("#vantour-newsletter-email").click()
    expect_on(page, "vantour-newsletter-email")
    page.get_by_role("button", name="Undo").click()
    expect_off(page, "vantour-newsletter-email")


@pytest.mark.slow
@pytest.mark.parametrize("path", [
    PATH, "/luxe/preferences/history", "/camille/preferences/history", "/luxe/what-we-send",
    "/folie-douze/what-we-send", "/luxe/preferences?lang=fr",
])  # fmt: skip
def test_nothing_is_wrong_with_a_page_for_somebody_with_everything(visit, quiet, path):
    def join(client, email):
        for brand in quiet.environment.group.brands:
            journeys.press(client, "luxe", set=f"{brand}:newsletter:email=on")
        journeys.press(client, "luxe", leave="ostra")

    assert visit(path, join).findings() == []
