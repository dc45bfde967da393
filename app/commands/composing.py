"""What most commands begin with: the settings, and a Parley put together on the database that serves."""

from collections.abc import Iterator
from contextlib import contextmanager

from app.config import Settings
from app.embedded import databases
from app.environment import Environment


@contextmanager
def composed() -> Iterator[Environment]:
    """Yield the environment on the application's role, and close its connections at the end."""
    settings = Settings.load()
    with databases(settings) as urls:
        environment = Environment.build(settings, urls.application)
        try:
            yield environment
        finally:
            environment.database.close()
