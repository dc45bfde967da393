"""Fixtures of the tests of services and commands."""

from __future__ import annotations

import csv
import json
import os

import pytest
from click.testing import CliRunner

from app.cli import main
from app.config import KEY_LISTS
from tests.environments import BRANDS


@pytest.fixture
def parley(committing_env, database_urls, tmp_path):
    """Give `parley` as an operator types it, on the database of `committing_env` and with its keys."""
    settings = variables(committing_env, database_urls, tmp_path)
    return lambda *words, **more: CliRunner().invoke(main, words, env=settings, **more)


def variables(env, database_urls, folder):
    """Give the settings of a command on the database of `env`, with its keys."""
    keys = {name: getattr(env.settings, name) for name in KEY_LISTS}
    (folder / "secrets.json").write_text(json.dumps(keys))
    return {
        **os.environ,
        "DATABASE_URL": database_urls.application,
        "PARLEY_INSTANCE": str(folder),
        "PARLEY_BRANDS_DIR": str(BRANDS),
        "PARLEY_ENV": "development",
    }


@pytest.fixture
def import_list(parley, tmp_path):
    """Write a file and take it in by `parley import`; give the result."""

    def act(content, *words, name="list.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        result = parley("import", str(path), *words)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert "Error" not in result.output, result.output
        return result

    return act


@pytest.fixture
def rejected_rows(tmp_path):
    """Read the file of rejects of an import: line and reason."""

    def read(name="list.csv"):
        path = tmp_path / f"{name}.rejects.csv"
        if not path.exists():
            return []
        with path.open(newline="") as file:
            return [(int(row["line"]), row["reason"]) for row in csv.DictReader(file)]

    return read
