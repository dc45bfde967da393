"""Why somebody left: asked when it is done, never required, counted, and theirs."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from click.testing import CliRunner
from sqlalchemy import func, select

from app.branding import leaving
from app.cli import main
from app.kit import clock
from app.models import LeavingReason, Tally
from app.services import feedback
from tests import customers, journeys
from tests.environments import BRANDS

ANA = "ana@example.com"


@pytest.fixture
def link(client, env):
    journeys.subscribe(client, env, ANA)
    return journeys.unsubscribe_path(env, ANA, "camille", "newsletter:email")


@pytest.fixture
def left(app, link):
    app.test_client().post(link)
    return link


@pytest.fixture
def stranger(app):
    return app.test_client()


def kept(session):
    return [
        (each.brand, each.code, feedback.words_of(session, each)) for each in session.scalars(select(LeavingReason))
    ]


def counted(session):
    return {name: count for name, count in session.execute(select(Tally.name, Tally.count)) if count}


def test_the_page_that_says_so_asks_why_and_needs_no_answer(stranger, link, session):
    text = stranger.post(link).text
    assert text.count('name="why"') == len(feedback.Why)
    assert "You need not" in text
    assert list(leaving.WORDS) == list(feedback.Why), "each has its words"
    assert kept(session) == []


def test_a_reason_is_kept_with_words_and_counted(stranger, left, session):
    answer = stranger.post(f"{left}/why", data={"why": "other", "words": "  Too blue. "})
    assert (answer.status_code, "Thank you" in answer.text) == (200, True)
    assert kept(session) == [("camille", "other", "Too blue.")]
    assert counted(session) == {"left:newsletter:other": 1}
    assert b"blue" not in session.scalars(select(LeavingReason.sealed)).one()


def test_another_answer_takes_the_place_of_the_first(stranger, left, session):
    for why in ("other", "too_many", "too_many"):
        stranger.post(f"{left}/why", data={"why": why})
    assert kept(session) == [("camille", "too_many", "")]
    assert counted(session) == {"left:newsletter:too_many": 1}


def test_of_somebody_who_is_still_there_nothing_is_kept_and_nothing_told(stranger, link, session):
    before = stranger.post(f"{link}/why", data={"why": "too_many"})
    assert (kept(session), counted(session)) == ([], {})
    stranger.post(link)
    after = stranger.post(f"{link}/why", data={"why": "too_many"})
    assert (before.status_code, before.data) == (after.status_code, after.data)


def test_a_day_later_it_is_too_late(stranger, left, session):
    with time_machine.travel(clock.now() + timedelta(hours=25), tick=False):
        assert stranger.post(f"{left}/why", data={"why": "too_many"}).status_code == 200
    assert kept(session) == []


@pytest.mark.parametrize("sent", [{}, {"why": "nonsense"}, {"why": ""}, {"words": "only words"}])
def test_nonsense_is_refused(stranger, left, session, sent):
    assert stranger.post(f"{left}/why", data=sent).status_code == 422
    assert kept(session) == []


def test_a_spoilt_link_and_another_site_are_refused(stranger, left, session):
    assert stranger.post(f"{left}x/why", data={"why": "other"}).status_code == 404
    crossing = {"Sec-Fetch-Site": "cross-site"}
    assert stranger.post(f"{left}/why", data={"why": "other"}, headers=crossing).status_code == 403
    assert kept(session) == []


def test_words_have_an_end_and_are_forgotten_after_half_a_year(stranger, left, session):
    stranger.post(f"{left}/why", data={"why": "other", "words": "blue " * 400})
    assert len(kept(session)[0][2]) <= feedback.LONGEST
    assert feedback.purge(session) == 0
    with time_machine.travel(clock.now() + timedelta(days=181), tick=False):
        assert feedback.purge(session) == 1
    assert kept(session) == [("camille", "other", "")]


def test_the_person_sees_it_in_their_data(client, app, env, left):
    app.test_client().post(f"{left}/why", data={"why": "other", "words": "Too blue."})
    customers.register(client, env, ANA)
    assert "Something else: Too blue." in client.get("/camille/account/data").text


def test_the_command_counts_them(committing_env, database_urls, tmp_path):
    committing_env.database.write(lambda session: feedback._count(
        session, clock.now().date(), ("camille", "newsletter"), "too_many", 3
    ))  # fmt: skip
    settings = {
        "DATABASE_URL": database_urls.application,
        "PARLEY_INSTANCE": str(tmp_path),
        "PARLEY_BRANDS_DIR": str(BRANDS),
    }
    shown = CliRunner().invoke(main, ["feedback", "--brand", "camille"], env=settings)
    assert (shown.exit_code, "too_many" in shown.output) == (0, True)
    assert shown.output.strip().splitlines()[-1].split()[0] == "3"
    assert CliRunner().invoke(main, ["feedback", "--brand", "nobody"], env=settings).exit_code == 2
    with committing_env.database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(LeavingReason)) == 0


def test_in_the_centre_it_is_asked_once_something_was_left(client, env, session):
    journeys.subscribe(client, env, ANA)
    assert "Tell us why" not in client.get("/camille/preferences").text
    journeys.press(client, set="camille:newsletter:email=off")
    assert "Tell us why, if you like" in client.get("/camille/preferences").text
    answer = journeys.press(client, why="other", why_words=" Too much about hats. ")
    assert answer.location == "/camille/preferences?thanked=1#camille-newsletter-email"
    assert "That helps to do better." in client.get("/camille/preferences?thanked=1").text
    (reason,) = session.scalars(select(LeavingReason)).all()
    assert (reason.code, feedback.words_of(session, reason)) == ("other", "Too much about hats.")
    assert journeys.decision(env, ANA) == "withdrawn"


def test_in_the_centre_leaving_everything_asks_too(client, env, session):
    journeys.subscribe(client, env, ANA)
    journeys.press(client, leave="all")
    assert "Tell us why, if you like" in client.get("/camille/preferences").text
    assert journeys.press(client, why="too_many").status_code == 303
    assert journeys.press(client, why="nonsense").status_code == 422
    assert [row.code for row in session.scalars(select(LeavingReason))] == ["too_many"]


def test_in_the_centre_nothing_is_kept_where_nothing_was_left(client, env, session):
    journeys.subscribe(client, env, ANA)
    journeys.press(client, set="luxe:analytics:purpose=off")
    assert "Tell us why" not in client.get("/camille/preferences").text
    journeys.press(client, set="camille:newsletter:email=off")
    journeys.press(client, set="camille:newsletter:email=on")
    assert journeys.press(client, why="too_many").status_code == 303
    assert session.scalars(select(LeavingReason)).all() == []
