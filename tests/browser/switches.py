"""The switches of the preference centre, as a browser shows them."""

from __future__ import annotations

from playwright.sync_api import Page, expect


def expect_on(page: Page, *anchors: str) -> None:
    """Wait until switches are on: a press is a form that is sent, and its answer another page."""
    _expect(page, anchors, "true")


def expect_off(page: Page, *anchors: str) -> None:
    """Wait until switches are off."""
    _expect(page, anchors, "false")


def _expect(page: Page, anchors: tuple[str, ...], state: str) -> None:
    for anchor in anchors:
        expect(page.locator(f"#{anchor}")).to_have_attribute("aria-checked", state)
