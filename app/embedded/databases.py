"""Which database serves: the one the settings name, or in development the embedded one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from app.config import Settings
from app.embedded.cluster import Cluster


class DatabaseUrls(NamedTuple):
    """SQLAlchemy URLs of the role that owns the tables (None: not configured here) and of the application's role."""

    owner: str | None
    application: str


def embedded_cluster(settings: Settings) -> Cluster | None:
    """Return the embedded cluster of this installation, or None where the settings name a database.

    Production always names one (see `Settings`): an embedded database would look like data loss to somebody who
    forgot a variable.
    """
    if settings.database_url is not None:
        return None
    return Cluster(settings.instance_path / "postgres")


@contextmanager
def databases(settings: Settings) -> Iterator[DatabaseUrls]:
    """Yield the URLs of a database that runs; an embedded one is started for the duration unless it runs already."""
    cluster = embedded_cluster(settings)
    if cluster is not None:
        with cluster.running():
            yield DatabaseUrls(cluster.owner_url, cluster.application_url)
    elif settings.database_url is not None:
        yield DatabaseUrls(settings.owner_database_url, settings.database_url)
