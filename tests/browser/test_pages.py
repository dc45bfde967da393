"""Every page there is: accessible in light and dark, light to load, still, narrow enough, and silent."""

from __future__ import annotations

import pytest

from app.courier.delivery import deliver
from app.courier.transport import DevelopmentTransport
from tests import post
from tests.browser.checks import watch
from tests.browser.people import People

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ASIDE = {
    "index": "/", "documentation": "/api/docs", "operations": "/api/docs/calling", "mailbox": "/dev/mailbox",
}  # fmt: skip
STILL = {
    "form of camille": "/camille/",
    "form of folie douze": "/folie-douze/",
    "form of the group": "/luxe/",
    "check mail": "/camille/check-mail",
    "link form": "/camille/preferences/link",
    "link form of folie douze": "/folie-douze/preferences/link",
    "link sent": "/camille/preferences/link/sent",
    "document": "/luxe/documents/privacy",
    "nothing there": "/camille/nothing-there",
    "no such house": "/nobody/",
}
BROKEN = """<!doctype html><title></title>
<link rel="stylesheet" href="/a.css"><link rel="stylesheet" href="/b.css"><img src="http://elsewhere.invalid/pixel.png">
<p style="color: #bbb; background: #ccc">Faint</p><div style="width: 90rem">Wide</div><p id="late">Late</p>
<script>console.error('oh'); setTimeout(() => late.insertAdjacentHTML('beforebegin', '<h1>Sudden</h1>'), 200)</script>
<!-- %s -->""" % ("heavy" * 20_000)


BROKEN_WORDS = """() => {
    const text = document.querySelector('h1 span').firstChild;
    return [...text.data.matchAll(/\\S+/g)].filter(word => {
        const range = document.createRange();
        range.setStart(text, word.index);
        range.setEnd(text, word.index + word[0].length);
        return new Set([...range.getClientRects()].map(each => each.top)).size > 1;
    }).map(word => word[0]);
}"""


@pytest.fixture(scope="module")
def people(quiet):
    return People(quiet.environment)


@pytest.fixture
def tab(new_context, quiet):
    """Give a tab that notes what happens in it, with the addresses of the site."""
    context = new_context(base_url=quiet.settings.origin, viewport={"width": 1280, "height": 900})
    return watch(context, quiet.settings.origin)


@pytest.mark.parametrize("path", [*STILL.values(), *ASIDE.values()], ids=[*STILL, *ASIDE])
def test_a_page_that_anyone_may_see(tab, people, path):
    tab.page.goto(path)
    assert tab.findings() == []


@pytest.mark.parametrize("site", ["camille", "folie-douze", "luxe"])
def test_a_form_that_came_back_with_errors(tab, people, site):
    tab.page.goto(f"/{site}/")
    tab.page.locator("main form button[type=submit]").click()
    tab.page.wait_for_selector(".error-summary")
    assert tab.findings() == []


@pytest.mark.parametrize("brand", ["camille", "folie-douze"])
def test_the_page_behind_a_confirmation_link(tab, people, brand):
    tab.page.goto(people.confirm_link(people.asked(brand), brand))
    assert tab.findings() == []


@pytest.mark.parametrize("state", ["already", "expired", "overtaken", "spoilt"])
def test_a_confirmation_link_that_no_longer_works(tab, people, state):
    tab.page.goto(spent_link(people, state))
    assert tab.findings() == []


def spent_link(people, state):
    link = people.confirm_link(email := people.asked())
    if state == "already":
        return people.used_up(link)
    if state == "overtaken":
        people.used_up(people.never_link(email))
    if state == "expired":
        people.let_expire(email)
    return link[:-3] if state == "spoilt" else link


@pytest.mark.parametrize("action", ["access", "unsubscribe", "never", "manage"])
def test_the_page_behind_another_link_and_what_its_button_shows(tab, people, action):
    email, _cookie = people.joined()
    tab.page.goto(getattr(people, f"{action}_link")(email))
    before = tab.findings()
    tab.page.locator("main form button").first.click()
    tab.page.wait_for_load_state()
    assert (before, tab.findings()) == ([], [])


def test_a_used_access_link(tab, people):
    tab.page.goto(people.used_up(people.access_link(people.joined()[0])))
    assert tab.findings() == []


def test_leaving_one_thing(tab, people):
    tab.page.goto(people.unsubscribe_link(people.joined()[0], "newsletter:email"))
    assert tab.findings() == []


@pytest.mark.parametrize("site", ["camille", "folie-douze", "luxe"])
def test_the_centre_before_and_after_a_change(tab, people, quiet, site):
    _email, secret = people.joined("folie-douze" if site == "folie-douze" else "camille")
    tab.page.context.add_cookies([{"name": "parley", "value": secret, "url": quiet.settings.origin}])
    tab.page.goto(f"/{site}/preferences?welcome=1")
    before = tab.findings()
    tab.page.set_viewport_size({"width": 1280, "height": 900})
    tab.page.get_by_role("switch", checked=True).first.click()
    tab.page.wait_for_selector(".undo")
    assert (before, tab.findings()) == ([], [])


def test_a_mail_in_the_development_mailbox(tab, people):
    env, email = people.environment, people.asked()
    deliver(env, DevelopmentTransport(env), post.mails_to(env, email)[-1].id)
    tab.page.goto("/dev/mailbox")
    listed = tab.findings()
    tab.page.locator(".letters a").first.click()
    tab.page.wait_for_selector("iframe")
    assert (listed, tab.findings()) == ([], [])


@pytest.mark.parametrize("page_of", ["form", "centre"])
def test_the_loud_headline_breaks_between_words_also_without_a_narrow_face(new_context, quiet, page_of, people):
    page = new_context(base_url=quiet.settings.origin, bypass_csp=True).new_page()
    page.context.add_cookies([{"name": "parley", "value": people.joined()[1], "url": quiet.settings.origin}])
    page.goto("/folie-douze/" if page_of == "form" else "/folie-douze/preferences")
    page.add_style_tag(content="h1 { font-family: sans-serif !important }")
    assert broken_words(page) == {}
    page.add_style_tag(content="h1 { font-size: 10rem !important }")
    assert broken_words(page), "the check finds words that do break"


def test_the_spaced_headline_of_the_group_holds_the_longest_word_of_german(new_context, quiet, people):
    page = new_context(base_url=quiet.settings.origin, bypass_csp=True).new_page()
    page.context.add_cookies([{"name": "parley", "value": people.joined()[1], "url": quiet.settings.origin}])
    page.goto("/luxe/preferences?lang=de")
    assert page.inner_text("h1").split()[-1] == "EINSTELLUNGEN"
    page.add_style_tag(content="h1 { font-family: sans-serif !important }")
    assert broken_words(page) == {}
    page.add_style_tag(content="h1 { font-size: 10rem !important }")
    assert broken_words(page), "the check finds words that do break"


@pytest.mark.parametrize("path", ["/vantour/?lang=fr", "/camille/check-mail?lang=de", "/luxe/what-we-send?lang=fr"])
def test_words_that_are_kept_whole_are_laid_out_within_their_line(new_context, quiet, path):
    page = new_context(base_url=quiet.settings.origin).new_page()
    page.goto(path)
    apart = """() => [...document.querySelectorAll('.unbroken')].map(each => each.parentElement)
        .filter(each => /flex|grid/.test(getComputedStyle(each).display)).map(each => each.outerHTML)"""
    assert page.locator(".unbroken").count()
    assert page.evaluate(apart) == [], "there they would lose the spaces beside them"


def broken_words(page):
    """Give the words of the headline that are broken inside, for each width at which there are some."""
    found = {}
    for width in (320, 360, 768, 1000, 1280, 1600):
        page.set_viewport_size({"width": width, "height": 800})
        found[width] = page.evaluate(BROKEN_WORDS)
    return {width: words for width, words in found.items() if words}


def test_every_check_goes_red_on_a_page_with_every_fault(tab):
    tab.page.route("**/broken", lambda route: route.fulfill(body=BROKEN, content_type="text/html"))
    tab.page.route("**/*.css", lambda route: route.fulfill(body="p { margin: 1em }", content_type="text/css"))
    tab.page.route("http://elsewhere.invalid/**", lambda route: route.fulfill(body=""))
    tab.page.goto("/broken")
    tab.page.wait_for_selector("h1")
    assert {finding.kind for finding in tab.findings()} == {
        "leaves the origin", "complaint", "weight", "parts", "layout shift",
        "axe in light", "axe in dark", "wider than 360", "wider than 320",
    }  # fmt: skip
