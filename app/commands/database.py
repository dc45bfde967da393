"""`parley db`: the embedded PostgreSQL, and the migrations of whichever database serves."""

import time
from pathlib import Path

import click
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from app.config import Settings
from app.embedded import DatabaseUrls, databases, embedded_cluster
from app.environment import Environment
from app.services import items

MIGRATIONS = Path(__file__).parents[2] / "migrations"


@click.group()
def db() -> None:
    """Run and upgrade the database."""


@db.command()
def run() -> None:
    """Run the embedded PostgreSQL until it is told to stop, and start it again when it dies."""
    cluster = embedded_cluster(Settings.load())
    if cluster is None:
        message = "DATABASE_URL names a database; there is no embedded one to run"
        raise click.ClickException(message)
    cluster.supervise(click.echo)


@db.command("upgrade")
@click.option("--patience", default=60.0, show_default=True, help="Seconds to wait for the database.")
def upgrade_command(patience: float) -> None:
    """Bring the tables to the newest version, as the role that owns them, and the items into step with `brands/`."""
    settings = Settings.load()
    with databases(settings) as urls:
        owner = owner_of(urls)
        await_database(owner, patience)
        upgrade(owner, urls.application)
        catalogue(settings, urls.application)


def owner_of(urls: DatabaseUrls) -> str:
    """Give the URL of the role that owns the tables; raise `click.ClickException` where none is set."""
    if urls.owner is None:
        message = "PARLEY_OWNER_DATABASE_URL is not set; this logs in as the owner of the tables"
        raise click.ClickException(message)
    return urls.owner


def await_database(url: str, patience_seconds: float) -> None:
    """Return once the database lets us in. Raises the last `OperationalError` when patience runs out."""
    engine = create_engine(url)
    deadline = time.monotonic() + patience_seconds
    while True:
        try:
            engine.connect().close()
        except OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
        else:
            engine.dispose()
            return


def upgrade(owner_url: str, application_url: str) -> None:
    """Run the migrations up to the newest one on the database behind `owner_url`.

    They grant the role that `application_url` logs in as what it needs.
    """
    command.upgrade(migration_config(owner_url, application_url), "head")


def catalogue(settings: Settings, application_url: str) -> None:
    """Bring the table of items into step with `brands/`: what is not offered any more is retired from now on."""
    environment = Environment.build(settings, application_url)
    environment.database.write(items.sync)
    environment.database.close()


def migration_config(owner_url: str, application_url: str) -> Config:
    """Alembic's configuration, made here so that no file has to name a database. Percent signs are its escapes."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("sqlalchemy.url", owner_url.replace("%", "%%"))
    config.attributes["application_role"] = role_of(application_url)
    return config


def role_of(url: str) -> str:
    """Give the role that a URL logs in as; raise `click.ClickException` where it names none."""
    parts = make_url(url)
    role = parts.username or parts.query.get("user")
    if not isinstance(role, str) or not role:
        message = "DATABASE_URL names no role; migrations must know whom to grant what Parley needs"
        raise click.ClickException(message)
    return role
