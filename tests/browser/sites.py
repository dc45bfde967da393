"""A person on a brand's own site: what they do with the form there, and what their browser saw."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from typing import Any

import httpx
from playwright.sync_api import Page, Route

from tests.reliability.installation import await_true

FORM = "parley-signup"
SECONDS = 15.0
WATCH_TASKS = """
window.longest = 0;
new PerformanceObserver(list => {
    for (const each of list.getEntries()) window.longest = Math.max(window.longest, each.duration);
}).observe({type: 'longtask', buffered: true});
"""
HEAR = """
window.heard = [];
for (const name of ['ready', 'submitted', 'error'])
    addEventListener(`parley:${name}`, event => window.heard.push([name, event.detail]));
"""
FOCUSED = """() => {
    let found = document.activeElement;
    while (found.shadowRoot && found.shadowRoot.activeElement) found = found.shadowRoot.activeElement;
    return found.id || found.name || found.textContent.trim();
}"""
STORED = "() => [localStorage.length, sessionStorage.length, document.cookie]"


def visit(page: Page, address: str) -> None:
    """Open a page of a brand's site and wait for its form; events are noted."""
    page.add_init_script(HEAR)
    page.goto(address)
    page.locator(f"{FORM} form").wait_for()


def fill_in(page: Page, email: str, *items: str) -> None:
    """Tick boxes, the first one unless some are named, and type an address."""
    form = page.locator(FORM)
    for item in items or (form.get_by_role("checkbox").first.get_attribute("value"),):
        form.locator(f"input[value='{item}']").check()
    form.locator("#email").fill(email)


def send(page: Page) -> None:
    """Press the button, and wait until the form was taken."""
    page.locator(f"{FORM} button").click()
    heard(page, "submitted")


def heard(page: Page, name: str) -> Any:
    """Wait for an event of the element, and give the detail of the last one."""
    wait_until(page, f"window.heard.some(([name]) => name === '{name}')")
    return page.evaluate(f"window.heard.filter(([name]) => name === '{name}').at(-1)[1]")


def wait_until(page: Page, claim: str) -> None:
    """Wait for a claim in JavaScript; the page's policy forbids what Playwright would have it evaluate."""

    def holds() -> bool:
        page.wait_for_timeout(20)
        return bool(page.evaluate(claim))

    assert await_true(holds, SECONDS, 0), claim


def focused(page: Page) -> str:
    """Name the element that has the focus, also inside of others."""
    return page.evaluate(FOCUSED)


def tab_to(page: Page, name: str, most: int = 60) -> None:
    """Press Tab until something has the focus."""
    for _ in range(most):
        if focused(page) == name:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"no way to {name} by keyboard")


def says(mail: EmailMessage, words: str) -> bool:
    """Tell whether a mail's text holds some words, wherever its lines break."""
    return " ".join(words.split()) in " ".join(mail.get_body(("plain",)).get_content().split())


def reports(site: str) -> list[dict[str, Any]]:
    """Give the violations of its policy that browsers reported to a site."""
    return httpx.get(f"{site}/csp-reports", timeout=10, trust_env=False).json()


@contextmanager
def rewritten(
    page: Page, address: str, change: Callable[[str, dict[str, str]], tuple[str, dict[str, str]]]
) -> Iterator[None]:
    """Change body and headers of what comes from an address, as its own people could."""

    def fulfil(route: Route) -> None:
        answer = route.fetch()
        body, headers = change(answer.text(), answer.headers)
        route.fulfill(response=answer, body=body, headers=headers)

    page.route(address, fulfil)
    yield
    page.unroute(address)
