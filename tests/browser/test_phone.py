"""A phone number in a real browser: given in the centre, proved by the code of a text, left by STOP."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from app.flows.stop_texts import stop
from app.kit.addresses import parse_phone
from app.kit.provenance import PERSON, Provenance, Source
from tests import journeys, phones
from tests.browser.checks import watch
from tests.browser.people import People
from tests.browser.switches import expect_off, expect_on

pytestmark = pytest.mark.browser

TEXTS = "camille-private-sales-sms"


@pytest.mark.parametrize("scripted", [True, False], ids=["with scripts", "without scripts"])
def test_a_number_is_given_proved_used_and_left(quiet, new_context, scripted):
    env, origin = quiet.environment, quiet.settings.origin
    _email, secret = People(env).joined()
    number = f"06 12 34 56 {10 + scripted}"
    page = new_context(java_script_enabled=scripted, base_url=origin, viewport={"width": 360, "height": 740}).new_page()
    page.context.add_cookies([{"name": "parley", "value": secret, "url": origin}])
    page.goto("/camille/preferences")
    expect(page.locator(f"#{TEXTS}")).to_have_count(0)
    page.get_by_role("link", name="Give your phone number").first.click()
    page.get_by_label("Your mobile number").fill("0612")
    page.get_by_role("button", name="Send me the code").click()
    expect(page.get_by_role("alert")).to_contain_text("Write a mobile number, such as 06 ")
    page.get_by_label("Your mobile number").fill(number)
    page.get_by_role("button", name="Send me the code").click()
    page.wait_for_url("**/preferences/phone/code*")
    page.get_by_label("Code", exact=True).fill(phones.code(env))
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("link", name="Go and choose").click()
    page.locator(f"#{TEXTS}").click()
    expect_on(page, TEXTS)
    parsed = parse_phone(number, "FR")
    env.database.write(lambda session: stop(session, parsed, None, Provenance(PERSON, Source.TEXT_MESSAGE)))
    page.reload()
    expect_off(page, TEXTS)
    expect(page.locator(f"#{TEXTS}-more")).to_contain_text(re.compile("You left on"))
    assert journeys.decision(env, _email) == "granted"


def test_its_pages_are_read_and_pressed_by_everyone(quiet, new_context):
    env, origin = quiet.environment, quiet.settings.origin
    tab = watch(new_context(base_url=origin), origin)
    tab.page.context.add_cookies([{"name": "parley", "value": People(env).joined()[1], "url": origin}])
    tab.page.goto("/camille/preferences/phone")
    before = tab.findings()
    tab.page.get_by_label("Your mobile number").fill("0033 6 12 34 56 19")
    tab.page.keyboard.press("Enter")
    tab.page.wait_for_url("**/preferences/phone/code*")
    assert (before, tab.findings()) == ([], [])
