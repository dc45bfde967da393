"""The form on a page that moves it about, or that Parley leaves alone, while it is being sent."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser import sites
from tests.post import new_address

pytestmark = pytest.mark.browser

WHILE_SOLVING = """{
    const form = document.querySelector('parley-signup'), root = form.shadowRoot;
    const watch = new MutationObserver(() => { watch.disconnect(); window.acted = true; %s });
    watch.observe(root.querySelector('progress'), { attributeFilter: ['value'] });
}"""
"""Acts at the first word of the solver, which comes before the proof however soon that is found."""


@pytest.mark.parametrize(
    "act",
    [
        "const box = document.createElement('div'); form.replaceWith(box); box.append(form);",
        "root.querySelector('iframe').remove();",
        "const frame = root.querySelector('iframe'); root.append(frame);",
    ],
    ids=["element moved", "frame lost", "frame moved"],
)
def test_a_page_that_moves_the_form_while_the_proof_is_made_gets_it_sent_all_the_same(site, page, act):
    failures = []
    page.on("pageerror", lambda failure: failures.append(str(failure)))
    sites.visit(page, f"{site}/camille/?lang=en")
    page.evaluate(WHILE_SOLVING % act)
    ana = new_address()
    sites.fill_in(page, ana)
    sites.wait_until(page, "window.acted")
    assert page.locator(f"{sites.FORM} #email").input_value() == ana
    sites.send(page)
    assert failures == []


def test_a_form_taken_away_while_it_is_sent_can_be_sent_again(site, page, parley):
    held = []

    def hold(route):
        held.append(route)

    challenge = f"{parley.settings.origin}/embed/camille/challenge?**"
    page.route(challenge, hold)  # no answer: it still waits for its proof when it is taken away
    sites.visit(page, f"{site}/camille/?lang=en")
    sites.fill_in(page, new_address())
    page.evaluate(
        """() => { const form = document.querySelector('parley-signup'), place = form.parentNode;
           form.addEventListener('parley:error', event => window.heard.push(['error', event.detail]));
           form.addEventListener('parley:error', () => place.append(form));
           form.shadowRoot.querySelector('button').click(); form.remove(); }"""
    )
    assert sites.heard(page, "error")["code"] == "unreachable"
    assert page.locator(f"{sites.FORM} button").get_attribute("aria-disabled") is None
    page.unroute(challenge)
    sites.send(page)
    assert len(held) == 1


def test_words_that_changed_and_can_not_be_had_are_an_error_told(site, page, parley):
    asked = []

    def outdated(route):
        asked.append(route.request.url)
        if len(asked) > 1:
            return route.abort()
        answer = route.fetch()
        return route.fulfill(response=answer, body=answer.text().replace('"notice":"', '"notice":"x'))

    page.route(f"{parley.settings.origin}/embed/camille/form?**", outdated)
    sites.visit(page, f"{site}/camille/?lang=en")
    sites.fill_in(page, new_address())
    page.locator(f"{sites.FORM} button").click()
    assert sites.heard(page, "error") == {"brand": "camille", "code": "unreachable", "field": ""}
    expect(page.locator(sites.FORM).get_by_role("alert").filter(has=page.get_by_role("link"))).to_be_visible()
    assert page.locator(f"{sites.FORM} button").get_attribute("aria-disabled") is None
