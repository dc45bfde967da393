"""The whole talk: hello, is it you, yes, no, yes again, and a quiet goodbye, with another system listening."""

from __future__ import annotations

import contextlib

import httpx
import pytest

from tests.browser import asking
from tests.browser.inbox import links, one_click_url
from tests.browser.switches import expect_off, expect_on
from tests.post import new_address

pytestmark = pytest.mark.browser

LETTERS = "camille-newsletter-email"


@pytest.fixture
def asker(parley):
    with contextlib.closing(asking.Asker(parley, "camille")) as client:
        yield client


def test_a_person_and_a_brand_come_to_terms(parley, page, inbox, asker):
    ana = new_address()
    assert asker.reason(ana) == "unknown_subject"

    sign_up(page, parley, ana)
    mail = inbox.wait_for(ana, "confirm")
    assert agree(asker, ana, "pending")

    confirm(page, mail)
    assert agree(asker, ana, "granted")

    change_and_undo(page, asker, ana)
    assert agree(asker, ana, "granted")

    leave_by_one_click(inbox.wait_for(ana, "unsubscribe"))
    assert agree(asker, ana, "withdrawn")
    page.reload()
    expect_off(page, LETTERS)  # the centre knows too


def agree(asker, email, status):
    """Tell whether the decision and the lookup both say `status`."""
    return (asker.reason(email), asker.look_up(email)["newsletter"]) == (status, status)


def sign_up(page, parley, email):
    page.goto(f"{parley.settings.origin}/camille/")
    page.get_by_role("checkbox").first.check()
    page.get_by_label("Your e-mail address").fill(email)
    page.locator("form.sheet button[type=submit]").click()
    page.wait_for_url("**/camille/check-mail")


def confirm(page, mail):
    page.goto(links(mail)["confirm"])
    page.get_by_role("button", name="Yes, send it to me").click()
    page.wait_for_url("**/camille/preferences?welcome=1**")
    expect_on(page, LETTERS)


def change_and_undo(page, asker, email):
    page.locator(f"#{LETTERS}").click()
    page.wait_for_url(lambda url: url.endswith(f"#{LETTERS}"))
    assert agree(asker, email, "withdrawn")
    page.get_by_role("button", name="Undo").click()
    expect_on(page, LETTERS)


def leave_by_one_click(mail):
    answer = httpx.post(
        one_click_url(mail), data={"List-Unsubscribe": "One-Click"}, timeout=15, trust_env=False
    )  # fmt: skip
    assert (answer.status_code, answer.cookies.get("parley")) == (200, None)
