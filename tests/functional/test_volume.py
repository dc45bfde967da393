"""Less often, or not for a while: chosen in the centre, taken back, over by itself, and told everywhere."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from app.courier.tasks import end_by_date
from app.factory import create_app
from app.kit import clock
from app.models import Consent, ConsentEvent
from app.services import verification
from app.web import pauses
from tests import centres, journeys

ANA = "ana@example.com"


@pytest.fixture
def item(group):
    """Name a topic of Kestrel Row that offers more than one frequency and comes by e-mail."""
    house = group.brands["kestrel-row"]
    return next(f"kestrel-row:{each.key}:email" for each in house.topics
                if len(each.frequencies) > 1 and "email" in each.channels)  # fmt: skip


@pytest.fixture
def ana(client, env, item):
    journeys.subscribe(client, env, ANA, [item.removeprefix("kestrel-row:")], "kestrel-row")
    return client


def press(client, **button):
    return journeys.press(client, "kestrel-row", **button)


def page(client):
    return client.get("/kestrel-row/preferences").text


def decision(env, item):
    _, topic, channel = item.split(":")
    return journeys.decision(env, ANA, topic, channel, "kestrel-row")


def choices(text, item):
    return dict(re.findall(rf'name="often" value="{item}=([a-z-]+)" aria-pressed="(true|false)"', text))


def actions(session):
    rows = session.execute(select(ConsentEvent.action, ConsentEvent.source).order_by(ConsentEvent.sequence))
    return [tuple(row) for row in rows]


def undo(client):
    return press(client, undo=journeys.undo_id(page(client)))


def test_how_often_is_chosen_by_one_press_and_taken_back(ana, env, session, item, group):
    first, second, *_ = group.brands["kestrel-row"].topic(item.split(":")[1]).frequencies
    assert choices(page(ana), item)[first] == "true", "who never chose gets the first"
    assert press(ana, often=f"{item}={second}").status_code == 303
    assert choices(page(ana), item) == {**choices(page(ana), item), first: "false", second: "true"}
    assert session.scalar(select(Consent.frequency)) == second
    assert "How often you get" in page(ana)
    undo(ana)
    assert choices(page(ana), item)[first] == "true"
    assert decision(env, item) == "granted", "taking it back leaves nothing"
    undo(ana)
    assert choices(page(ana), item)[second] == "true", "that can be taken back as well"
    assert [each for each, _ in actions(session)] == ["granted", "changed", "changed", "changed"]


def test_the_same_frequency_again_writes_nothing(ana, session, item, group):
    first = group.brands["kestrel-row"].topic(item.split(":")[1]).frequencies[0]
    press(ana, often=f"{item}={first}")
    assert [each for each, _ in actions(session)] == ["granted"]


def test_a_pause_stops_it_until_its_day_and_then_it_goes_on_by_itself(ana, env, session, item):
    with time_machine.travel(clock.now(), tick=False) as time:
        assert press(ana, pause=f"{item}=3").status_code == 303
        text = page(ana)
        assert "paused until" in text
        assert "Go on now" in centres.row(text, item.replace(":", "-"))
        assert decision(env, item) == "paused"
        time.shift(timedelta(days=93))
        assert decision(env, item) == "granted", "nobody need act"
        assert end_by_date(env, batch=1) == 1
        assert end_by_date(env) == 0
    assert actions(session)[-2:] == [("paused", "centre"), ("resumed", "system")]
    line = session.scalars(select(ConsentEvent).order_by(ConsentEvent.sequence.desc())).first()
    assert line.occurred_at < line.recorded_at, "it says when the pause was over, and when that was written"
    assert session.scalar(select(Consent.paused_until)) is None


def test_a_pause_can_be_ended_and_taken_back(ana, env, session, item):
    press(ana, pause=f"{item}=6")
    press(ana, resume=item)
    assert decision(env, item) == "granted"
    undo(ana)
    assert decision(env, item) == "paused"
    undo(ana)
    assert decision(env, item) == "granted"
    assert [each for each, _ in actions(session)] == ["granted", "paused", "resumed", "paused", "resumed"]


def test_leaving_ends_a_pause_and_coming_back_starts_without_one(ana, env, item):
    press(ana, pause=f"{item}=1")
    press(ana, set=f"{item}=off")
    assert decision(env, item) == "withdrawn"
    press(ana, set=f"{item}=on")
    assert decision(env, item) == "granted"


def test_the_ledger_holds_also_where_two_couriers_end_a_pause(committing_env, item, group):
    client = create_app(committing_env.settings, committing_env).test_client()
    journeys.subscribe(client, committing_env, ANA, [item.removeprefix("kestrel-row:")], "kestrel-row")
    press(client, often=f"{item}={group.brands['kestrel-row'].topic(item.split(':')[1]).frequencies[1]}")
    press(client, pause=f"{item}=1")
    with time_machine.travel(clock.now() + timedelta(days=32), tick=False), ThreadPoolExecutor(4) as pool:
        ended = list(pool.map(lambda _: end_by_date(committing_env), range(4)))
    assert sum(ended) == 1
    with committing_env.database.transaction() as session:
        assert verification.verify(session).faults == []


def test_the_history_tells_each_act_in_words(ana, item, group):
    second = group.brands["kestrel-row"].topic(item.split(":")[1]).frequencies[1]
    press(ana, often=f"{item}={second}")
    press(ana, pause=f"{item}=1")
    told = ana.get("/kestrel-row/preferences/history").text
    assert "You paused" in told
    assert "until" in told


@pytest.mark.parametrize(
    ("name", "value"),
    [("often", "{item}=daily"), ("often", "{item}=nonsense"), ("often", "{item}"), ("pause", "{item}=2"),
     ("pause", "{item}=-1"), ("pause", "{item}=999999"), ("pause", "nonsense=1"), ("resume", "nonsense"),
     ("resume", "kestrel-row:none:email"), ("pause", "camille:newsletter:email=1")],
)  # fmt: skip
def test_what_is_not_offered_is_refused_and_changes_nothing(ana, session, item, name, value):
    assert press(ana, **{name: value.format(item=item)}).status_code == 422
    assert [each for each, _ in actions(session)] == ["granted"]


def test_what_was_left_can_neither_be_paused_nor_slowed(ana, session, item, group):
    second = group.brands["kestrel-row"].topic(item.split(":")[1]).frequencies[1]
    press(ana, set=f"{item}=off")
    for button in ({"pause": f"{item}=1"}, {"often": f"{item}={second}"}, {"resume": item}):
        assert press(ana, **button).status_code == 422
    assert [each for each, _ in actions(session)] == ["granted", "withdrawn"]


def test_an_undo_of_another_act_does_nothing(ana, session, item):
    press(ana, pause=f"{item}=1")
    stale = journeys.undo_id(page(ana))
    press(ana, resume=item)
    press(ana, undo=stale)
    assert [each for each, _ in actions(session)] == ["granted", "paused", "resumed"]


@pytest.mark.parametrize(
    ("today", "months", "end"),
    [("2026-11-30", 3, "2027-02-28"), ("2027-11-30", 3, "2028-02-29"), ("2026-12-31", 6, "2027-06-30"),
     ("2026-12-01", 12, "2027-12-01"), ("2026-01-31", 1, "2026-02-28"), ("2026-11-15", 1, "2026-12-15")],
)  # fmt: skip
def test_a_pause_ends_on_the_day_of_the_month_or_its_last(today, months, end):
    now = datetime.fromisoformat(f"{today}T15:30").replace(tzinfo=UTC)
    assert pauses.end_of(str(months), now).isoformat() == f"{end}T00:00:00+00:00"
