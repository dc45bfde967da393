"""Fixtures of the tests of services and commands."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from app.cli import main
from app.config import KEY_LISTS
from tests.environments import BRANDS


@pytest.fixture
def parley(committing_env, database_urls, tmp_path):
    """Give `parley` as an operator types it, on the database of `committing_env` and with its keys."""
    keys = {name: getattr(committing_env.settings, name) for name in KEY_LISTS}
    (tmp_path / "secrets.json").write_text(json.dumps(keys))
    settings = {
        "DATABASE_URL": database_urls.application,
        "PARLEY_INSTANCE": str(tmp_path),
        "PARLEY_BRANDS_DIR": str(BRANDS),
        "PARLEY_ENV": "development",
    }
    return lambda *words, **more: CliRunner().invoke(main, words, env=settings, **more)
