"""Schemathesis attacks the whole API: all of its checks, over the OpenAPI document, against a server that runs.

The everyday run tries a few random requests, always the same; PARLEY_TEST_SCALE=1 tries many more, every edge of the
document (the phase "coverage"), and what follows from each other ("stateful").
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from sqlalchemy import select

from app.models import Consent
from app.services import access_tokens, oauth, population
from app.services.items import items
from tests.reliability.figures import SCALE, scaled, tell
from tests.reliability.processes import ROOT

EVERY_DAY = ("--seed", "1", "--phases", "examples,fuzzing")
LONGEST_SECONDS = 540
"""A token lives for ten minutes."""


def somebody(env):
    """Fill in a few people and give the account of one who said something to Camille."""
    with env.database.transaction() as session:
        population.fill(session, 20)
        ours = {item.id for item in items(session).of_brand("camille")}
        return str(session.scalars(select(Consent.account_id).where(Consent.item_id.in_(ours))).first())


def token(env):
    """Issue a token for everything a service may, without a quota to speak of."""
    with env.database.transaction() as session:
        made = oauth.create(session, "camille-shop", oauth.SCOPES, ["camille", "vantour"], 1_000_000_000)
        client = oauth.authenticate(session, *made)
    return access_tokens.issue(env, client, " ".join(client.scopes))


def attack(house, report, *options):
    """Let schemathesis loose and give its report and what it said."""
    words = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", "tests/fuzzing.toml", "run",
        f"http://127.0.0.1:{house.port}/openapi.json", "--url", f"http://127.0.0.1:{house.port}",
        "-H", f"Authorization: Bearer {token(house.environment)}", "--checks", "all",
        "--max-examples", str(scaled(50, 5)), "--report-json-path", str(report), "--generation-database", "none",
        "--no-color", *options,
    ]  # fmt: skip
    account = somebody(house.environment)
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "tests.fuzzing_checks", "PARLEY_TEST_ACCOUNT": account}
    done = subprocess.run(
        words, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=LONGEST_SECONDS, check=False
    )
    assert report.exists(), done.stdout + done.stderr
    return json.loads(report.read_text()), done.stdout


@pytest.fixture
def house(install):
    with install(workers=2) as parley:
        yield parley


def test_no_answer_is_wrong_or_undocumented(house, tmp_path):
    server = house.start("serve")
    house.await_ready(server)
    report, said = attack(house, tmp_path / "report.json", *(EVERY_DAY if SCALE <= 0.1 else ()))
    cases, failures = report["test_cases"], report["failures"]
    tell("Schemathesis, all checks over the whole document", operations=report["operations"]["tested"],
         cases=cases["generated"], failures=failures, errors=report["errors"], seed=report["seed"])  # fmt: skip
    assert report["operations"]["tested"] == report["operations"]["total"]
    assert cases["generated"] > 100
    assert (failures, report["errors"], cases["with_failures"]) == ([], [], 0), said
