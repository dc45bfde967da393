"""Databases to restore into, and the commands of an operator who does it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from sqlalchemy import create_engine, text

from app.cli import main
from app.config import KEY_LISTS
from app.embedded import Cluster, DatabaseUrls, roles
from app.environment import Environment
from tests.environments import BRANDS


@contextmanager
def empty_database(cluster: Cluster, name: str) -> Iterator[DatabaseUrls]:
    """Yield the URLs of a database without any tables."""
    roles.drop_database(cluster.server, name)
    roles.create_database(cluster.server, name)
    try:
        yield DatabaseUrls(cluster.url(roles.OWNER, name), cluster.url(roles.APPLICATION, name))
    finally:
        roles.drop_database(cluster.server, name)


def command(env: Environment, urls: DatabaseUrls, *words: object) -> Any:
    """Run `parley` as an operator types it on a database, with the keys and the instance folder of `env`."""
    folder = env.settings.instance_path
    keys = {name: getattr(env.settings, name) for name in KEY_LISTS}
    Path(folder, "secrets.json").write_text(json.dumps(keys))
    settings = {
        **os.environ, "DATABASE_URL": urls.application, "PARLEY_OWNER_DATABASE_URL": urls.owner or "",
        "PARLEY_INSTANCE": str(folder), "PARLEY_BRANDS_DIR": str(BRANDS), "PARLEY_ENV": "development",
    }  # fmt: skip
    return CliRunner().invoke(main, [str(word) for word in words], env=settings)


@contextmanager
def another_epoch(urls: DatabaseUrls, position: int = 1) -> Iterator[None]:
    """Let the feed be one of after a restore, for the while; up to `position` it is as before."""
    engine = create_engine(urls.owner, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("INSERT INTO feed_state (id, epoch, position) VALUES (2, 2, :at)"), {"at": position})
        try:
            yield
        finally:
            connection.execute(text("DELETE FROM feed_state WHERE id = 2"))
    engine.dispose()
