"""What the trials of reliability run on: a database and a Parley of their own."""

from __future__ import annotations

import pytest

from tests import database
from tests.reliability.installation import installed
from tests.reliability.mailserver import listening


@pytest.fixture
def own_database(cluster, worker_id):
    """Give the URLs of a new, migrated database for one trial."""
    with database.fresh_database(cluster, f"parley_trial_{worker_id}") as urls:
        yield urls


@pytest.fixture
def post_office():
    """Give a mail server on loopback that takes its time."""
    with listening() as office:
        yield office


@pytest.fixture
def install(tmp_path, group, own_database):
    """Give a way to set a Parley up on the trial's database, with further settings."""
    return lambda **more: installed(tmp_path, group, own_database.application, **more)
