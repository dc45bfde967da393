"""Whatever stands in the database, everybody who asks gets the answer of the decision table."""

from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import replace
from itertools import product, starmap
from random import Random

import pytest
import time_machine
from sqlalchemy import delete

from app.kit.addresses import Address
from app.models import Suppression
from app.services import batches, decisions, questions
from app.services.verdicts import verdicts
from tests import api, decision_table, recorded
from tests.recorded import NOW, STRICT, Draw, Stop, Writer
from tests.reliability.figures import scaled, tell

SEED = 20261121


@pytest.fixture
def trial_houses(env, session, monkeypatch):
    """Let there be an easy house and a strict one, on a day that stands still."""
    for slug, house in recorded.houses(env.group).items():
        monkeypatch.setitem(env.group.brands, slug, house)
    recorded.write_gone(session)
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def everybody(env, session, trial_houses):
    """Give people drawn by chance, each with the writer of their rows and as whom to ask about them."""
    chance, found = Random(SEED), []
    for number in range(scaled(4_000, least=400)):
        writer = Writer(session, env, number, recorded.draw(chance))
        found.append((writer, writer.write()))
    return found


def test_all_ways_to_ask_give_the_answer_of_the_table(client, env, session, everybody):
    headers, found, ways = api.bearer(client, env, recorded.EASY, recorded.STRICT), Counter(), Counter()
    for writer, subject in everybody:
        case = recorded.case(writer.who)
        expected = decision_table.answer(case)
        for way, answer in answers(client, env, session, headers, writer, subject).items():
            assert answer == expected, (way, case, writer.who)
            ways[way] += 1
        found[expected[1]] += 1
    tell("Decisions about rows", people=len(everybody), differences=0, **ways, **found)
    assert set(found) == set(decisions.Reason), "no row of the table is out of reach"
    assert min(ways.values()) >= len(everybody) / 10


def test_every_suppression_stops_what_the_table_says_and_nothing_else(env, session, trial_houses):
    proved = {"email": "proved", "second": "proved", "phone": "proved"}
    granted = {"status": "granted", "ends": "never", "pause": "never", "version": "newer"}
    found = Counter()
    for number, (channel, subject) in enumerate(product(("email", "sms", "push", None), (*proved, "account"))):
        who = Draw(STRICT, "consent", channel, "active", proved, False, granted, "none", "email", (), subject)
        writer = Writer(session, env, number, who)
        meant = writer.write()
        question = ask_about(env, who)
        for stop in starmap(Stop, product(*recorded.STOPS)):
            writer.write_stop(stop)
            facts = decisions.ask(env, question.item, STRICT, meant, NOW)
            decision = decisions.decide(question.rules, facts, NOW)
            case = recorded.case(replace(who, stops=(stop,)))
            assert (decision.allowed, decision.reason) == decision_table.answer(case), (stop, case)
            found[decision.reason.value] += 1
            session.execute(delete(Suppression))
    tell("Decisions about suppressions", differences=0, **found)
    assert found.total() == 4 * 4 * 4 * 3 * 3 * 5


def ask_about(env, who):
    """Give the question about the item of a draw."""
    ask = questions.about_topic if who.channel else questions.about_purpose
    return ask(env, *filter(None, (who.house, who.name, who.channel)), NOW.date())


def answers(client, env, session, headers, writer, subject):
    """Ask in all ways there are for this subject; give each answer as allowed and reason."""
    who, item = writer.who, writer.item
    question = ask_about(env, who)
    facts = decisions.ask(env, question.item, who.house, subject, NOW)
    alone = decisions.decide(question.rules, facts, NOW)
    found = {"alone": (alone.allowed, alone.reason)}
    if isinstance(subject, Address):
        (facts,) = batches.facts_of_all(session, question.item, who.house, [subject], NOW)
        batched = decisions.decide(question.rules, facts, NOW)
        found["in_a_batch"] = (batched.allowed, batched.reason)
    if isinstance(subject, uuid.UUID):
        many = verdicts(session, subject, [item, writer.another], who.house)[item.id]
        found["with_others"] = (many.allowed, many.reason)
    sent = body(subject)
    about = {"purpose": who.name} if who.channel is None else {"topic": who.name, "channel": who.channel}
    answer = client.post("/api/v1/decisions", json={"subject": sent, "brand": who.house, **about}, headers=headers)
    found["over_http"] = (answer.json["allowed"], answer.json["reason"])
    listed = api.look_up(client, headers, sent, brand=who.house).json["consents"]
    for each in listed:
        if (each["key"], each["channel"]) == (who.name, who.channel):
            found["looked_up"] = (each["effective"]["allowed"], each["effective"]["reason"])
    return found


def body(subject):
    """Write a subject as the API takes it."""
    if subject is None:
        return {"external_id": {"system": "shop", "id": "4711"}}
    return {"account_id": str(subject)} if isinstance(subject, uuid.UUID) else {subject.kind: subject.typed}
