"""Going through a page by keyboard alone, as people without a mouse do."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

IS_FOCUS_VISIBLE = """() => {
    const at = document.activeElement;
    return [at, at.closest('.choice'), at.querySelector('.track')].some(each => {
        const style = each && getComputedStyle(each);
        return style && style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
    });
}"""
MOST_STEPS = 60


def tab_to(page: Page, selector: str, at_most: int = MOST_STEPS) -> None:
    """Press Tab until the focus is there; it must be visible on every stop of the way."""
    for _ in range(at_most):
        page.keyboard.press("Tab")
        assert page.evaluate(IS_FOCUS_VISIBLE), f"no visible focus on {focused(page)}"
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    pytest.fail(f"Tab does not lead to {selector}")


def focused(page: Page) -> str:
    """Name the element with the focus."""
    return str(page.evaluate("document.activeElement.id || document.activeElement.outerHTML.slice(0, 90)"))


def await_focus(page: Page, element_id: str) -> None:
    """Wait until an element has the focus: a browser gives it to a fragment's target after the page has loaded."""
    expect(page.locator(f"#{element_id}")).to_be_focused()
