"""A decision about 10,000 people in one request, against the same SQL by psycopg alone."""

from __future__ import annotations

import http.client
import json
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from functools import partial
from statistics import median
from typing import Any

import psycopg

from app.branding.models import Channel
from app.kit import clock
from app.kit.addresses import Address
from app.services import batches, questions
from app.services.biographies import address
from benchmarks.stage import Row, Stage

SUBJECTS = 10_000
HEADERS = {"Content-Type": "application/json"}


def measure(stage: Stage, seconds: float, rounds: int) -> Iterator[Row]:
    """Alternate both for `rounds` rounds, each about other people, and compare the medians of all."""
    ours, alone = [], []
    headers = HEADERS | {"Authorization": f"Bearer {stage.token()}"}
    with (
        stage.server("wsgi:app") as (port, _),
        closing(http.client.HTTPConnection("127.0.0.1", port)) as parley,
        psycopg.connect(stage.cluster.url("parley_app", scheme="postgresql"), autocommit=True) as database,
    ):
        for number in range(rounds + 1):
            chance = random.Random(number)
            people = [address(each) for each in chance.sample(range(1, stage.people + 1), SUBJECTS)]
            alone += _repeat(partial(_read, database, _values(stage, people)), seconds / 2)
            ours += _repeat(partial(_ask, parley, headers, [each.typed for each in people]), seconds / 2)
            if number == 0:  # both warm up
                ours.clear()
                alone.clear()
    yield Row(
        f"batch decision of {SUBJECTS:,}", f"{median(ours) * 1000:.0f} ms",
        f"the same SQL {median(alone) * 1000:.0f} ms",
        f"{median(alone) / median(ours):.2f}", ">= 0.50",
    )  # fmt: skip


def _repeat(act: Callable[[], float], seconds: float) -> list[float]:
    """Act for so many seconds; give what each act says it took."""
    taken, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end:
        taken.append(act())
    return taken


def _ask(parley: http.client.HTTPConnection, headers: Mapping[str, str], asked: list[str]) -> float:
    body = json.dumps({"brand": "camille", "topic": "newsletter", "channel": "email", "subjects": asked})
    started = time.perf_counter()
    parley.request("POST", "/api/v1/decisions/batch", body, headers)
    answer = parley.getresponse()
    said = answer.read()
    taken = time.perf_counter() - started
    if answer.status != 200 or len(json.loads(said)["results"]) != len(asked):
        raise RuntimeError(f"not every subject was answered: {answer.status}")
    return taken


def _read(database: psycopg.Connection[Any], values: Mapping[str, Any]) -> float:
    started = time.perf_counter()
    found = database.execute(batches.statement(Channel.EMAIL, "email"), values, prepare=True).fetchall()
    taken = time.perf_counter() - started
    if len(found) != SUBJECTS:
        raise RuntimeError("not every subject was found")
    return taken


def _values(stage: Stage, people: list[Address]) -> dict[str, Any]:
    """Give what the statement is asked with, addresses digested already."""
    now, env = clock.now(), stage.environment
    question = questions.about_topic(env, "camille", "newsletter", Channel.EMAIL, now.date())
    pairs = [(place, env.digester.probes(each)[0]) for place, each in enumerate(people)]
    return {
        **batches.arrays(pairs), "item": question.item.id, "brand": question.brand, "channel": "email", "now": now,
    }  # fmt: skip
