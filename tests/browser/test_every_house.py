"""One person and seven houses: from the form on a house's own site, in French, to the centre for all of them.

Another system asks at each step whether it may write, and hears what the person sees.
"""

from __future__ import annotations

import contextlib

import pytest
from playwright.sync_api import expect

from app.branding.models import Channel
from app.branding.wording import statement
from tests.browser import asking, sites
from tests.browser.inbox import links
from tests.browser.switches import expect_off, expect_on
from tests.post import new_address

pytestmark = pytest.mark.browser

CAMILLE, OSTRA = "camille-newsletter-email", "ostra-newsletter-email"


@pytest.fixture
def ask(parley):
    """Give a way to ask Camille's and Ostra's own systems for the decision on their newsletters."""
    with contextlib.ExitStack() as stack:
        systems = [
            stack.enter_context(contextlib.closing(asking.Asker(parley, brand))) for brand in ("camille", "ostra")
        ]
        yield lambda email: tuple(system.reason(email) for system in systems)


def test_a_person_signs_up_in_french_and_sees_to_all_houses_in_one_place(site, parley, page, inbox, group, ask):
    ana = new_address()
    assert ask(ana) == ("unknown_subject", "unknown_subject")

    sign_up(page, site, ana)
    assert ask(ana) == ("pending", "unknown_subject")

    mail = inbox.wait_for(ana, "confirm")
    camille = group.brands["camille"]
    words = statement(camille, camille.topic("newsletter"), Channel.EMAIL, "fr")
    assert sites.says(mail, words)
    assert mail["Content-Language"] in {None, "fr"}

    confirm(page, mail)
    assert ask(ana) == ("granted", "never_asked")

    open_centre_of_all(page, parley)
    assert houses(page) == {f"house-{slug}" for slug in group.brands}
    expect_on(page, CAMILLE)
    expect_off(page, OSTRA)

    page.locator("#house-ostra").click()
    press(page, OSTRA)
    expect_on(page, OSTRA)
    assert ask(ana) == ("granted", "granted")

    press(page, CAMILLE)
    expect_off(page, CAMILLE)
    assert ask(ana) == ("withdrawn", "granted")

    page.locator("button.undo").click()
    expect_on(page, CAMILLE, OSTRA)
    assert ask(ana) == ("granted", "granted")


def sign_up(page, site, email):
    """Use the element on Camille's own site, which is another origin."""
    sites.visit(page, f"{site}/camille/?lang=fr")
    assert page.locator(f"{sites.FORM} section").get_attribute("lang") == "fr"
    sites.fill_in(page, email, "newsletter:email")
    sites.send(page)


def confirm(page, mail):
    """Follow the link of the mail and press the one button of its page."""
    page.goto(links(mail)["confirm"])
    assert page.locator("html").get_attribute("lang") == "fr"
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url("**/camille/preferences?welcome=1**")


def open_centre_of_all(page, parley):
    """Go from the house's centre to the one for all houses."""
    page.locator("a[href*='/luxe/preferences']").first.click()
    page.wait_for_url(f"{parley.settings.origin}/luxe/preferences**")
    assert page.locator("html").get_attribute("lang") == "fr"


def houses(page):
    """Name the houses that the page shows."""
    return set(page.eval_on_selector_all(".house-section [id^='house-']", "found => found.map(each => each.id)"))


def press(page, switch):
    """Press a switch and wait for the page that says so, with a way back."""
    page.locator(f"#{switch}").click()
    page.wait_for_url(lambda url: url.endswith(f"#{switch}"))
    expect(page.locator("button.undo")).to_be_visible()
