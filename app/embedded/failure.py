"""The one error of this package."""


class EmbeddedDatabaseError(RuntimeError):
    """The embedded PostgreSQL can't be prepared, started or stopped; the message tells an operator why."""
