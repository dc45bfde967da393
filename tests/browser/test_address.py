"""From one mailbox to another, through a real server, courier and browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests import journeys
from tests.browser.inbox import links
from tests.browser.people import People
from tests.post import new_address

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scripted", [True, False], ids=["with scripts", "without scripts"])
def test_an_address_moves_after_a_press_in_both_mailboxes(parley, new_context, inbox, scripted):
    old, secret = People(parley.environment).joined()
    new = new_address()
    page = new_context(java_script_enabled=scripted, base_url=parley.settings.origin).new_page()
    page.context.add_cookies([{"name": "parley", "value": secret, "url": parley.settings.origin}])
    page.goto("/camille/preferences")
    page.get_by_role("link", name="Change my address").click()
    page.get_by_label("Your new e-mail address").fill(new)
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text(new, exact=True)).to_be_visible()
    page.get_by_role("button", name="Yes, mail to both addresses").click()
    page.wait_for_url("**/preferences/address/sent*")
    elsewhere = new_context().new_page()
    elsewhere.goto(links(inbox.wait_for(new, "address-prove"))["address-prove"])
    elsewhere.get_by_role("button", name="Yes, it is mine").click()
    expect(elsewhere.get_by_role("heading", name="One more press")).to_be_visible()
    assert journeys.decision(parley.environment, new) == "unknown_subject"
    page.goto(links(inbox.wait_for(old, "address-agree"))["address-agree"])
    page.get_by_role("button", name="Yes, move them").click()
    expect(page.get_by_role("heading", name="It has moved")).to_be_visible()
    page.get_by_role("link", name="Send me a new link").click()
    page.wait_for_url("**/preferences/link*")
    assert journeys.decision(parley.environment, new) == "granted"
    assert journeys.decision(parley.environment, old) == "unknown_subject"
