"""Less often and a pause in a real browser, by keyboard and without scripts."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests import journeys
from tests.browser.checks import watch
from tests.browser.keyboard import tab_to
from tests.browser.people import People

pytestmark = pytest.mark.browser

ITEM = "camille-newsletter-email"


@pytest.mark.parametrize("scripted", [True, False], ids=["with scripts", "without scripts"])
def test_a_pause_is_begun_by_keyboard_taken_back_and_ended(quiet, new_context, scripted):
    env, origin = quiet.environment, quiet.settings.origin
    email, secret = People(env).joined()
    context = new_context(java_script_enabled=scripted, base_url=origin, viewport={"width": 360, "height": 740})
    context.add_cookies([{"name": "parley", "value": secret, "url": origin}])
    page = context.new_page()
    page.goto("/camille/preferences")
    row = page.locator("li", has=page.locator(f"#{ITEM}"))
    tab_to(page, f"li:has(#{ITEM}) summary", at_most=40)
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(row.get_by_role("status")).to_contain_text("paused until")
    assert journeys.decision(env, email) == "paused"
    row.get_by_role("button", name="Undo").click()
    expect(row.get_by_role("button", name="Go on now")).to_have_count(0)
    assert journeys.decision(env, email) == "granted"
    row.locator("summary").click()
    row.get_by_role("button", name="until").last.click()
    row.get_by_role("button", name="Go on now").click()
    expect(row.get_by_role("button", name="Go on now")).to_have_count(0)
    assert journeys.decision(env, email) == "granted"


def test_leaving_by_a_mail_can_be_a_pause(quiet, new_context):
    env, origin = quiet.environment, quiet.settings.origin
    email, _ = People(env).joined()
    tab = watch(new_context(base_url=origin), origin)
    tab.page.goto(journeys.unsubscribe_path(env, email, "camille", "newsletter:email"))
    before = tab.findings()
    tab.page.get_by_text("Pause", exact=True).click()
    tab.page.get_by_role("button", name="until").first.click()
    expect(tab.page.get_by_text("Nothing comes before")).to_be_visible()
    assert (before, tab.findings()) == ([], [])
    assert journeys.decision(env, email) == "paused"
    tab.page.get_by_role("button", name="Leave after all").click()
    expect(tab.page.get_by_role("heading", level=1)).to_be_visible()
    assert journeys.decision(env, email) == "withdrawn"
