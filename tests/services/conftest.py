"""Fixtures of the tests of services and commands."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from app.cli import main
from tests.environments import BRANDS


@pytest.fixture
def parley(committing_env, database_urls, tmp_path):
    """Give `parley` as an operator types it, on the database of `committing_env`."""
    settings = {
        "DATABASE_URL": database_urls.application,
        "PARLEY_INSTANCE": str(tmp_path),
        "PARLEY_BRANDS_DIR": str(BRANDS),
        "PARLEY_ENV": "development",
    }
    return lambda *words, **more: CliRunner().invoke(main, words, env=settings, **more)
