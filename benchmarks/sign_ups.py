"""A durable sign-up (opt-in request and mail queued, committed), against PostgreSQL alone writing the same rows."""

from __future__ import annotations

import multiprocessing
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from multiprocessing import Queue
from statistics import median
from typing import Any

from app.config import Settings
from app.embedded import programs
from app.environment import Environment
from app.flows.subscribe import subscribe
from app.kit.provenance import PERSON, Provenance, Source
from benchmarks.stage import Row, Stage

CLIENTS = 8
ASKED = ["newsletter:email"]
PROVENANCE = Provenance(PERSON, Source.FORM, "en", "192.0.2.1", "Mozilla/5.0 (benchmark)", "/camille/", "benchmark")

SAME_ROWS = """
\\set n random(1, 1000000000000)
BEGIN;
INSERT INTO address (digest, digest_key_id, kind, abuse_digest, sealed, created_at)
VALUES (sha256(:n::text::bytea), 'bench', 'email', sha256(('a' || :n)::bytea), repeat('s', 140)::bytea, now())
ON CONFLICT DO NOTHING;
INSERT INTO opt_in_request (address_digest, id, brand, locale, created_at, expires_at, mails_sent, outcome)
VALUES (sha256(:n::text::bytea), gen_random_uuid(), 'camille', 'en', now(), now() + interval '7 days', 0, 'pending')
ON CONFLICT DO NOTHING;
INSERT INTO opt_in_item (address_digest, request_id, item_id, asked_at, notice_digest, locale, provenance)
VALUES (sha256(:n::text::bytea), gen_random_uuid(), 1, now(), sha256('notice'), 'en',
        '{"source": "form", "ip": "192.0.2.1", "user_agent": "Mozilla/5.0 (benchmark)", "page": "/camille/"}');
INSERT INTO message (id, kind, brand, locale, address_digest, abuse_digest, context, state, attempts, message_id,
                     created_at)
VALUES (gen_random_uuid(), 'confirm', 'camille', 'en', sha256(:n::text::bytea), sha256(('a' || :n)::bytea), '{}',
        'queued', 0, '<' || :n || '@camille.example.com>', now());
INSERT INTO procrastinate_jobs (queue_name, task_name, args)
VALUES ('default', 'deliver', '{"message_id": "01997b1c-0000-7000-8000-000000000000"}');
COMMIT;
"""


def measure(stage: Stage, seconds: float, rounds: int) -> Iterator[Row]:
    """Alternate both with as many clients for `rounds` rounds and compare the medians."""
    ours, alone = [], []
    for number in range(rounds):
        alone.append(_pgbench(stage, seconds))
        ours.append(_sign_ups(stage, seconds, number))
    yield Row(
        f"durable sign-up, {CLIENTS} clients", f"{median(ours):,.0f}/s", f"PostgreSQL alone {median(alone):,.0f}/s",
        f"{median(ours) / median(alone):.2f}", ">= 0.25",
    )  # fmt: skip


def _pgbench(stage: Stage, seconds: float) -> float:
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(SAME_ROWS)
        script.flush()
        command = [programs.program("pgbench"), "--no-vacuum", "--file", script.name, "--client", str(CLIENTS),
                   "--jobs", "2", "--time", str(max(1, round(seconds))), "--protocol", "prepared",
                   stage.cluster.url("parley_app", scheme="postgresql")]  # fmt: skip
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = re.search(r"tps = ([\d.]+)", said)
    if found is None:
        raise RuntimeError(said)
    return float(found.group(1))


def _sign_ups(stage: Stage, seconds: float, number: int) -> float:
    answers: Queue[Any] = multiprocessing.Queue()
    settings = stage.environment.settings
    workers = [
        multiprocessing.Process(target=_worker, args=(settings, f"{number}-{each}", seconds, answers))
        for each in range(CLIENTS)
    ]
    for worker in workers:
        worker.start()
    done = sum(answers.get() for _ in workers)
    for worker in workers:
        worker.join()
    return float(done / seconds)


def _worker(settings: Settings, name: str, seconds: float, answers: Queue[Any]) -> None:
    environment = Environment.build(settings, settings.database_url or "")
    sign_up(environment, f"{name}@example.com")
    done, end = 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        sign_up(environment, f"{name}-{done}@example.com")
        done += 1
    environment.database.close()
    answers.put(done)


def sign_up(environment: Environment, email: str) -> None:
    site = environment.group.brands["camille"]
    environment.database.write(lambda session: subscribe(session, site, email, ASKED, PROVENANCE))
