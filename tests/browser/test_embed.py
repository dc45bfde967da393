"""The sign-up form on a brand's own site, which is another origin with a strict policy."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from app.branding.models import Channel
from app.branding.wording import statement
from tests.browser import sites
from tests.browser.checks import MEASURE_SHIFTS
from tests.browser.inbox import links
from tests.post import new_address
from tests.reliability.installation import await_true

pytestmark = pytest.mark.browser

HOUSES = ("camille", "maison-brume", "ostra", "vantour", "folie-douze", "kestrel-row", "sol-y-lino")


def test_a_french_page_signs_up_in_french_and_the_mail_is_french(site, page, inbox, group):
    ana, house = new_address(), group.brands["camille"]
    sites.visit(page, f"{site}/camille/?lang=fr")
    form = page.locator(sites.FORM)
    words = statement(house, house.topic("newsletter"), Channel.EMAIL, "fr")
    expect(form.get_by_text(words)).to_be_visible()
    assert form.locator("section").get_attribute("lang") == "fr"
    sites.fill_in(page, ana, "newsletter:email")
    sites.send(page)
    expect(form.get_by_text(house.say("check-mail", "fr"))).to_be_visible()
    mail = inbox.wait_for(ana, "confirm")
    assert sites.says(mail, words)
    assert "confirm" in links(mail)


def test_no_box_is_ticked_not_even_the_only_one(site, page, group):
    for house in HOUSES:
        sites.visit(page, f"{site}/{house}/")
        boxes = page.locator(sites.FORM).get_by_role("checkbox")
        assert boxes.count() > 1
        assert not any(boxes.nth(number).is_checked() for number in range(boxes.count()))
    page.evaluate("document.querySelector('parley-signup').setAttribute('topics', 'newsletter')")
    sites.wait_until(
        page, "document.querySelector('parley-signup').shadowRoot.querySelectorAll('[type=checkbox]').length === 1"
    )
    assert not page.locator(sites.FORM).get_by_role("checkbox").is_checked()


def test_the_whole_way_by_keyboard_with_mistakes(site, page):
    sites.visit(page, f"{site}/camille/?lang=en")
    sites.tab_to(page, "email")
    page.keyboard.press("Enter")
    assert sites.focused(page) == "item-0", "the first thing to mend"
    assert sites.heard(page, "error") == {"brand": "camille", "code": "nothing_chosen", "field": "items"}
    page.keyboard.press("Space")
    sites.tab_to(page, "email")
    page.keyboard.type("ana")
    page.keyboard.press("Enter")
    assert sites.focused(page) == "email"
    assert "name@example.com" in described(page, "email")
    page.keyboard.type("-by-keyboard@example.com")
    page.keyboard.press("Enter")
    assert sites.heard(page, "submitted") == {
        "brand": "camille", "items": ["newsletter:email"], "lang": "en", "test": False
    }  # fmt: skip
    assert sites.focused(page) == "Check your inbox"


def described(page, name):
    """Give what a screen reader says after the name of a field."""
    return page.evaluate(
        """name => { const root = document.querySelector('parley-signup').shadowRoot;
           const ids = root.getElementById(name).getAttribute('aria-describedby').split(' ');
           return ids.map(id => root.getElementById(id).textContent).join(' ') }""", name,
    )  # fmt: skip


def test_programs_that_fill_in_forms_know_the_field(site, page):
    sites.visit(page, f"{site}/camille/?lang=en")
    field = page.locator(sites.FORM).get_by_label("Your e-mail address")
    assert [field.get_attribute(name) for name in ("type", "name", "autocomplete")] == ["email", "email", "email"]


@pytest.mark.parametrize("house", HOUSES)
def test_axe_finds_nothing_in_any_house(site, page, house):
    sites.visit(page, f"{site}/{house}/")
    found = violations(page)
    page.locator(f"{sites.FORM} button").click()
    sites.heard(page, "error")
    found += violations(page)
    sites.fill_in(page, new_address())
    sites.send(page)
    found += violations(page)
    assert found == []


def violations(page):
    """Ask axe about the whole page, in both schemes."""
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        report = Axe().run(page, options={"resultTypes": ["violations"]}).response
        found += [(scheme, each["id"], [node["target"] for node in each["nodes"]]) for each in report["violations"]]
    return found


def test_axe_goes_red_on_an_element_that_can_not_be_read(site, page):
    sites.visit(page, f"{site}/camille/")
    page.evaluate("document.querySelector('parley-signup').style.setProperty('--parley-ink', '#eeeeee')")
    assert "color-contrast" in {rule for _, rule, _ in violations(page)}


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_moves_while_the_form_comes(site, page, width):
    page.set_viewport_size({"width": width, "height": 800})
    sites.visit(page, f"{site}/camille/")
    page.locator(sites.FORM).scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    assert page.evaluate(MEASURE_SHIFTS) == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_page_may_dress_the_form_and_put_its_own_words_around_it(site, page):
    sites.visit(page, f"{site}/camille/?lang=en")
    page.evaluate(
        """() => { const form = document.querySelector('parley-signup');
           form.style.setProperty('--parley-accent', 'rgb(1, 2, 3)');
           const sheet = new CSSStyleSheet(); sheet.replaceSync('parley-signup::part(button) { letter-spacing: 7px }');
           document.adoptedStyleSheets = [sheet]; }"""
    )
    style = "e => [getComputedStyle(e).backgroundColor, getComputedStyle(e).letterSpacing]"
    assert page.locator(f"{sites.FORM} button").evaluate(style) == ["rgb(1, 2, 3)", "7px"]
    heading = page.locator(f"{sites.FORM} [slot=heading]")
    expect(heading).to_be_visible()
    assert not page.locator(sites.FORM).get_by_role("link", name="Write to me").is_visible(), "only without script"


def test_another_language_means_other_words_and_new_ticks(site, page):
    sites.visit(page, f"{site}/sol-y-lino/?lang=en")
    sites.fill_in(page, "ana@example.com", "newsletter:email")
    page.evaluate("document.querySelector('parley-signup').lang = 'de'")
    page.locator(f"{sites.FORM} section[lang=de]").wait_for()
    assert not page.locator(sites.FORM).get_by_role("checkbox").first.is_checked()
    assert page.locator(f"{sites.FORM} #email").input_value() == "ana@example.com"


def test_elements_come_and_go_and_the_script_may_come_twice(site, page):
    sites.visit(page, f"{site}/camille/")
    page.evaluate(
        """() => { const again = document.createElement('script');
           again.src = document.querySelector('script[src*="/embed/"]').src; document.head.append(again);
           const second = document.createElement('parley-signup');
           second.setAttribute('topics', 'newsletter'); second.setAttribute('brand', 'ostra');
           document.querySelector('main').append(second); }"""
    )
    second = page.locator(sites.FORM).nth(1)
    second.locator("form").wait_for()
    assert second.get_by_role("checkbox").count() == 1
    assert second.locator("section").get_attribute("aria-label") == "Ostra"
    page.evaluate(
        """() => { const first = document.querySelector('parley-signup');
           first.shadowRoot.getElementById('email').value = 'moved@example.com';
           document.querySelector('main').append(first); }"""
    )
    assert page.locator(sites.FORM).nth(1).locator("#email").input_value() == "moved@example.com"
    page.evaluate("document.querySelectorAll('parley-signup').forEach(each => each.remove())")


def test_words_that_changed_while_the_form_was_open_are_shown_anew(site, page, parley):
    stale = {"first": True}

    def outdated(body, headers):
        if not stale.pop("first", False):
            return body, headers
        return body.replace('"notice":"', '"notice":"x'), headers

    with sites.rewritten(page, f"{parley.settings.origin}/embed/camille/form?**", outdated):
        sites.visit(page, f"{site}/camille/?lang=en")
        sites.fill_in(page, "ana@example.com")
        page.locator(f"{sites.FORM} button").click()
        assert sites.heard(page, "error")["code"] == "wording_changed"
        page.get_by_text("Our words have changed meanwhile.").wait_for()
        assert not page.locator(sites.FORM).get_by_role("checkbox").first.is_checked()
        sites.fill_in(page, new_address())
        sites.send(page)


def test_a_test_form_says_so_and_mails_nothing(site, page, inbox):
    ana = new_address()
    sites.visit(page, f"{site}/camille/?lang=en")
    page.evaluate("document.querySelector('parley-signup').toggleAttribute('test', true)")
    page.get_by_text("This is a test").wait_for()
    sites.fill_in(page, ana)
    sites.send(page)
    expect(page.get_by_text("This is a test")).to_be_visible()
    assert sites.heard(page, "submitted")["test"] is True
    assert not await_true(lambda: any(mail["To"] == ana for mail in inbox._received), 2)


def test_without_scripts_the_words_between_the_tags_lead_to_our_page(site, new_context, parley):
    page = new_context(java_script_enabled=False).new_page()
    page.goto(f"{site}/camille/?lang=en")
    page.locator(sites.FORM).get_by_role("link", name="Write to me").click()
    page.wait_for_url(f"{parley.settings.origin}/camille/?lang=en")


def test_where_parley_is_away_the_words_between_the_tags_stay(site, page, parley):
    page.route(f"{parley.settings.origin}/embed/*/form**", lambda route: route.abort())
    page.add_init_script(sites.HEAR)
    page.goto(f"{site}/camille/?lang=en")
    assert sites.heard(page, "error") == {"brand": "camille", "code": "unreachable", "field": ""}
    expect(page.locator(sites.FORM).get_by_role("link", name="Write to me")).to_be_visible()
