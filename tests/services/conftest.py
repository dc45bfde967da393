"""Fixtures of the tests of services and commands."""

from __future__ import annotations

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
