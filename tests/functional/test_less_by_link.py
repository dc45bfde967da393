"""The page behind a link to leave offers less instead: by the link alone, and never more."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.models import Consent, ConsentEvent
from tests import journeys

ANA = "ana@example.com"
TOPIC = "newsletter:email"
"""Of Kestrel Row; monthly, or four times a year."""


@pytest.fixture
def ana(client, env):
    journeys.subscribe(client, env, ANA, [TOPIC], "kestrel-row")
    return client


@pytest.fixture
def link(ana, env):
    return journeys.unsubscribe_path(env, ANA, "kestrel-row", TOPIC)


@pytest.fixture
def stranger(app):
    """Give a browser without any session."""
    return app.test_client()


def decision(env):
    return journeys.decision(env, ANA, "newsletter", "email", "kestrel-row")


def lines(session):
    rows = session.execute(select(ConsentEvent.action, ConsentEvent.source).order_by(ConsentEvent.sequence))
    return [tuple(row) for row in rows]


def test_the_page_offers_less_below_the_button_and_shows_nothing_of_the_person(stranger, env, ana, link):
    text = stranger.get(link).text
    assert text.index("/instead") > text.index(">Leave</button>"), "leaving comes first"
    assert 'name="often" value="quarterly"' in text
    journeys.press(ana, "kestrel-row", often=f"kestrel-row:{TOPIC}=quarterly")
    assert stranger.get(link).text == text


def test_a_pause_by_the_link_is_told_and_goes_no_further(stranger, env, link, session):
    answer = stranger.post(f"{link}/instead", data={"pause": "3"})
    assert (answer.status_code, "Nothing comes before" in answer.text) == (200, True)
    assert "Set-Cookie" not in answer.headers
    assert decision(env) == "paused"
    stranger.post(f"{link}/instead", data={"pause": "1"})
    assert lines(session) == [("granted", "confirmation"), ("paused", "leave_page")], "it shortens no pause"
    assert stranger.post(link).status_code == 200
    assert decision(env) == "withdrawn", "leaving after all"


def test_a_frequency_by_the_link_only_gets_rarer(stranger, env, link, session):
    stranger.post(f"{link}/instead", data={"often": "quarterly"})
    assert session.scalar(select(Consent.frequency)) == "quarterly"
    for often in ("monthly", "daily", "yearly"):
        assert stranger.post(f"{link}/instead", data={"often": often}).status_code == 422
    stranger.post(f"{link}/instead", data={"often": "quarterly"})
    assert lines(session) == [("granted", "confirmation"), ("changed", "leave_page")]


def test_what_was_left_stays_left(stranger, env, link, session):
    stranger.post(link)
    for sent in ({"pause": "3"}, {"often": "quarterly"}):
        assert stranger.post(f"{link}/instead", data=sent).status_code == 200, "the answer tells nothing of the person"
    assert decision(env) == "withdrawn"
    assert len(lines(session)) == 2


def test_a_link_about_the_whole_house_pauses_all_of_it(stranger, ana, env):
    whole = journeys.unsubscribe_path(env, ANA, "kestrel-row")
    assert 'name="often"' not in stranger.get(whole).text
    stranger.post(f"{whole}/instead", data={"pause": "1"})
    assert decision(env) == "paused"
    assert stranger.post(f"{whole}/instead", data={"often": "quarterly"}).status_code == 422


@pytest.mark.parametrize("sent", [{}, {"pause": "2"}, {"pause": "-1"}, {"often": "nonsense"}, {"resume": "1"}])
def test_nonsense_changes_nothing(stranger, env, link, session, sent):
    assert stranger.post(f"{link}/instead", data=sent).status_code == 422
    assert decision(env) == "granted"


def test_a_spoilt_link_and_another_site_are_refused(stranger, env, link):
    assert stranger.post(f"{link}x/instead", data={"pause": "3"}).status_code == 404
    crossing = {"Sec-Fetch-Site": "cross-site"}
    assert stranger.post(f"{link}/instead", data={"pause": "3"}, headers=crossing).status_code == 403
    assert decision(env) == "granted"


def test_the_one_click_post_leaves_and_nothing_else(stranger, env, link):
    stranger.post(link, data={"List-Unsubscribe": "One-Click", "pause": "3"})
    assert decision(env) == "withdrawn"
