"""What of a page was written for somebody else is what would have been written for this person."""

from __future__ import annotations

import re

import pytest
from markupsafe import Markup

from app.web import fragments
from tests import journeys

TOKENS = re.compile(r'name="csrf_token" value="[^"]*"')
ASKED = [
    ("luxe", "", "en"),
    ("luxe", "", "fr"),
    ("luxe", "?lang=fr", "en"),
    ("camille", "", "en"),
    ("camille", "", "fr"),
]


@pytest.fixture(autouse=True)
def _nothing_kept():
    fragments.forget()
    yield
    fragments.forget()


@pytest.fixture
def visitors(app, env):
    """Give the browsers of three people in their centres: with one topic, with one paused, and with one left."""
    stories = {"some@example.com": {}, "rest@example.com": {"pause": "1"}, "left@example.com": {"set": "off"}}
    found = []
    for email, story in stories.items():
        browser = app.test_client()
        journeys.subscribe(browser, env, email)
        for button, value in story.items():
            journeys.press(browser, **{button: f"camille:newsletter:email={value}"})
        found.append(browser)
    return found


def read(browser, site, query, wish):
    page = browser.get(f"/{site}/preferences{query}", headers={"Accept-Language": wish})
    assert page.status_code == 200
    return TOKENS.sub("", page.text)


def test_pages_are_the_same_whether_their_pieces_are_kept_or_not(visitors):
    for _ in range(2):
        for asked in ASKED:
            for browser in visitors:
                read(browser, *asked)
    pieces = len(fragments._KEPT)
    kept = [read(browser, *asked) for asked in ASKED for browser in visitors]
    assert len(fragments._KEPT) == pieces > 50
    for page, (browser, asked) in zip(kept, [(each, asked) for asked in ASKED for each in visitors], strict=True):
        fragments.forget()
        assert read(browser, *asked) == page


def test_what_is_the_same_is_written_once_for_all(visitors):
    for browser in visitors:
        read(browser, *ASKED[0])
    rows = read(visitors[0], *ASKED[0]).count('class="topic"')
    assert rows < len(fragments._KEPT) < 2 * rows


def test_a_piece_without_a_key_is_written_each_time():
    written = iter((Markup("one"), Markup("two")))
    assert [fragments.kept(None, lambda: next(written)) for _ in range(2)] == ["one", "two"]


def test_there_are_never_more_than_so_many(monkeypatch):
    monkeypatch.setattr(fragments, "MOST", 3)
    for number in range(10):
        assert fragments.kept(number, lambda number=number: Markup(number)) == str(number)
        assert len(fragments._KEPT) <= 3
