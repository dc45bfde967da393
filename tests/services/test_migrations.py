"""Migrations: up, down, up, and no difference from the models."""

from __future__ import annotations

from alembic import command
from sqlalchemy import create_engine, text

from app.commands.database import migration_config
from app.http import health
from tests import database


def test_up_down_and_up_again_leaves_what_the_models_say(cluster, worker_id):
    with database.fresh_database(cluster, f"parley_migrations_{worker_id}") as urls:
        config = migration_config(*urls)
        command.downgrade(config, "base")
        command.upgrade(config, "head")
        command.check(config)


def test_an_index_that_an_interrupted_run_left_is_made_anew(cluster, worker_id):
    """An invalid one can be made by no statement; one of the same name that is another stands for it."""
    left = {"ix_check_in_closed_at": "check_in", "ix_leaving_reason_kept": "leaving_reason"}
    with database.fresh_database(cluster, f"parley_indexes_{worker_id}") as urls:
        config = migration_config(*urls)
        command.downgrade(config, "0023")
        engine = create_engine(urls.owner, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for name, table in left.items():
                connection.execute(text(f"CREATE INDEX {name} ON {table} (account_id)"))
        engine.dispose()
        command.upgrade(config, "head")
        command.check(config)


def test_readiness_names_a_schema_of_another_version(client, monkeypatch):
    assert client.get("/readyz").status_code == 200
    monkeypatch.setattr(health, "_older", {health._head})
    monkeypatch.setattr(health, "_head", "9999")
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "parley db upgrade" in answer.json["reasons"][0]
