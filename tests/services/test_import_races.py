"""Imports of the same people in other orders, at once, while they leave: no deadlock, and whoever left stays out.

`PARLEY_TEST_SCALE` takes more people.
"""

from __future__ import annotations

import os
import random
from concurrent.futures import ThreadPoolExecutor

from app.courier import imports as courier
from app.flows import record_consent
from app.flows.record_consent import Told
from app.kit import clock
from app.kit.addresses import parse_email
from app.kit.provenance import PERSON, Provenance, Source
from app.services import import_layouts, imports, projection
from app.services.items import items
from tests import erasing, journeys

SCALE = int(os.environ.get("PARLEY_TEST_SCALE", "1"))
PEOPLE = [f"person-{number}@example.com" for number in range(24 * SCALE)]
CAMILLE = {"brand": "camille", "topic": "newsletter", "channel": "email"}


def test_imports_at_once_while_people_leave(committing_env, monkeypatch):
    env, chance = committing_env, random.Random(7)
    monkeypatch.setattr(courier, "BATCH", 8)
    take(env, PEOPLE, "granted", "2024-01-01")
    orders = [PEOPLE, PEOPLE[::-1], chance.sample(PEOPLE, len(PEOPLE))]
    tellings = [("granted", "2024-02-01"), ("granted", "2024-03-01"), ("withdrawn", "2024-02-15")]
    with ThreadPoolExecutor(6) as pool:
        taken = [pool.submit(take, env, order, *told) for order, told in zip(orders, tellings, strict=True)]
        left = [pool.submit(leave, env, person) for person in chance.sample(PEOPLE, len(PEOPLE) // 2)]
        states = [each.result().state for each in taken]
        gone = {each.result() for each in left}
    assert states == ["done"] * 3
    assert {journeys.decision(env, person) for person in gone} == {"withdrawn"}
    assert {journeys.decision(env, person) for person in set(PEOPLE) - gone} == {"granted"}
    assert erasing.verify(env) == []
    with env.database.transaction() as session:
        assert projection.differences(session) == []


def take(env, people, status, day):
    content = ("email,status,occurred_at\n" + "".join(f"{each},{status},{day}\n" for each in people)).encode()
    layout = import_layouts.layout(CAMILLE)
    with env.database.transaction() as session:
        job = imports.begin(session, "list", "csv", layout, is_dry_run=False, size=len(content))
    return courier.run(env, job.id, lambda position: [content[position:]])


def leave(env, person):
    """Say no as a person does, just now."""

    def act(session):
        item = items(session).subscription("camille", "newsletter", "email")
        came = Provenance(PERSON, Source.CENTRE)
        record_consent.withdraw(session, item, parse_email(person), Told(clock.now()), came)

    env.database.write(act)
    return person
