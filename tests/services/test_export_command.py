"""`parley export`, and that what it writes can be taken in again, here and elsewhere."""

from __future__ import annotations

import csv
import io
import json
import stat

import pytest
from sqlalchemy import func, select

from app.factory import create_app
from app.models import ConsentEvent
from app.services import consent_exports
from app.services.folding import Action
from app.services.items import items
from tests import centres, environments, journeys

ANA, BEA = "ana@example.com", "bea@example.com"


@pytest.fixture
def env(committing_env, monkeypatch):
    """Give an environment with two people: one in, one out."""
    monkeypatch.setattr(consent_exports, "PAGE", 1)
    client = create_app(committing_env.settings, committing_env).test_client()
    for who in (ANA, BEA):
        journeys.subscribe(client, committing_env, who)
    centres.record(committing_env, BEA, "camille:newsletter:email", Action.WITHDRAWN)
    centres.record(committing_env, ANA, "camille:private-sales:email", Action.GRANTED, legal_basis="soft_opt_in")
    return committing_env


def count(env):
    with env.database.transaction() as session:
        return session.scalar(select(func.count()).select_from(ConsentEvent))


def told(file):
    with file.open(newline="") as opened:
        return {(row["email"], row["topic"], row["status"]) for row in csv.DictReader(opened)}


def test_what_comes_out_can_come_in_again_and_changes_nothing(parley, env, tmp_path):
    for form in ("csv", "ndjson"):
        file, before = tmp_path / f"all.{form}", count(env)
        result = parley("export", "--format", form, "--output", str(file))
        assert result.exit_code == 0, result.output
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert "2  unchanged" in parley("import", str(file)).output
        assert count(env) == before


def test_elsewhere_it_comes_to_the_same_but_for_what_nobody_said(parley, env, database_urls, tmp_path):
    file, again = tmp_path / "all.csv", tmp_path / "again.csv"
    parley("export", "--output", str(file))
    environments.empty(database_urls.owner)
    result = parley("import", str(file))
    assert "1  rejected" in result.output, "what came of a purchase is no yes"
    parley("export", "--output", str(again))
    assert told(again) == {(ANA, "newsletter", "granted"), (BEA, "newsletter", "refused")}
    assert told(file) == {(ANA, "newsletter", "granted"), (BEA, "newsletter", "withdrawn"),
                          (ANA, "private-sales", "granted")}  # fmt: skip
    with env.database.transaction() as session:
        attributes = session.scalars(select(ConsentEvent.attributes).where(ConsentEvent.status == "granted")).one()
    assert attributes["confirmed"], "both acts of the double opt-in are kept"


def test_a_no_to_the_whole_group_comes_in_again_where_no_brand_stands_beside_it(parley, env, database_urls, tmp_path):
    with env.database.transaction() as session:
        purpose = items(session).own_purpose(None, "personalisation")
    centres.record(env, BEA, purpose, Action.REFUSED)
    file, again = tmp_path / "all.csv", tmp_path / "again.csv"
    parley("export", "--output", str(file))
    assert "3  unchanged" in parley("import", str(file)).output
    environments.empty(database_urls.owner)
    parley("import", str(file))
    parley("export", "--output", str(again))
    with again.open(newline="") as opened:
        found = [row for row in csv.DictReader(opened) if row["purpose"]]
    assert [(row["email"], row["brand"], row["purpose"], row["status"]) for row in found] == [
        (BEA, "", purpose.key, "refused")
    ]


def test_one_brand_on_the_way_to_another_program(parley, env):
    result = parley("export", "--format", "ndjson", "--brand", "ostra")
    assert [line for line in result.stdout.splitlines() if line.startswith("{")] == []
    told = parley("export", "--format", "ndjson", "--brand", "camille").stdout
    rows = [json.loads(line) for line in told.splitlines() if line.startswith("{")]
    assert {row["email"] for row in rows} == {ANA, BEA}
    assert parley("export", "--brand", "nobody").exit_code == 1


def test_what_a_spreadsheet_would_run_is_neutral(parley, env, monkeypatch):
    real = consent_exports.rows

    def rows(*arguments, **options):
        return ({**row, "source": "=1+1", "phone": "+33612345678"} for row in real(*arguments, **options))

    monkeypatch.setattr(consent_exports, "rows", rows)
    told = parley("export").stdout
    row = next(csv.DictReader(io.StringIO(told[told.index("email,") :])))
    assert (row["source"], row["phone"]) == ("'=1+1", "'+33612345678")
