"""`parley backup` and `parley restore`: the whole database as one file, and back, with all that must follow."""

import time
from collections.abc import Mapping
from pathlib import Path

import click
from alembic.util import CommandError

from app.commands import archives
from app.commands.database import await_database, owner_of, role_of, upgrade
from app.config import Settings
from app.courier import erasures
from app.embedded import DatabaseUrls, databases
from app.environment import Environment
from app.services import checkpoints, erasure_journal, feed, items, restores
from app.services.restores import Stage

PATIENCE_SECONDS = 60.0


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Write the whole database to FILE, as it is at one moment; everybody works on meanwhile.

    An older FILE is replaced once the new one is whole. Keys and journals are not in it: keep them as well.
    """
    began = time.monotonic()
    try:
        with databases(Settings.load()) as urls:
            archives.write(owner_of(urls), file)
    except OSError as problem:
        raise click.ClickException(str(problem)) from problem
    size = file.stat().st_size / 1_000_000
    click.echo(f"Wrote {file}: {size:,.1f} MB in {time.monotonic() - began:.0f} s.")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--application-role", metavar="NAME", help="What the application's role was called in the backup.")
def restore(file: Path, application_role: str | None) -> None:
    """Put the backup FILE back into an empty database, and make it fit to serve.

    Brings the tables to this release's version, gives what waited its place in the change feed, tells followers by a
    new epoch where to go on, and erases whom the journal in the instance folder names. The application is let in last,
    with the rights that it had; nobody else is. Interrupted, run it again with the same FILE.
    """
    settings = Settings.load()
    with databases(settings) as urls:
        await_database(owner_of(urls), PATIENCE_SECONDS)
        environment = Environment.build(settings, owner_of(urls))
        try:
            _restore(environment, urls, file, application_role)
        finally:
            environment.database.close()


def _restore(environment: Environment, urls: DatabaseUrls, file: Path, former_role: str | None) -> None:
    owner, role = owner_of(urls), role_of(urls.application)
    grants = _grants(archives.grants(owner, file), former_role, role)
    digest = archives.digest(file)
    with environment.database.transaction() as session:
        stage = restores.stage(session, role, digest)
    if stage is Stage.OPEN:
        raise click.ClickException("The database is in use; restore into an empty one.")
    if stage is Stage.OTHER:
        raise click.ClickException("A restore of another file was interrupted here: end it, or empty the database.")
    if stage is Stage.CLOSED:
        click.echo("An earlier restore was interrupted; going on with it.")
    else:
        _read(environment, owner, file, digest)
    _migrate(urls)
    _take_up(environment)
    with environment.database.transaction() as session:
        restores.open_to(session, role, grants)
    click.echo("Restored. Run `parley ledger verify` to be sure of it.")


def _read(environment: Environment, owner: str, file: Path, digest: str) -> None:
    """Put the archive into the empty database, marked as of this file before anything of it is there."""
    with environment.database.transaction() as session:
        restores.begin(session, digest)
    try:
        archives.read(owner, file)
    except click.ClickException:
        with environment.database.transaction() as session:
            restores.forget(session)
        raise


def _grants(by_role: Mapping[str, list[str]], former: str | None, role: str) -> list[str]:
    """Choose what the application was granted: others may have been allowed what it never may (invariant 4)."""
    if former is None:
        former = role if role in by_role or len(by_role) != 1 else next(iter(by_role))
    if former not in by_role:
        known = ", ".join(sorted(by_role))
        raise click.ClickException(f"The backup knows no role “{former}”. Name the application's: {known}.")
    return by_role[former]


def _migrate(urls: DatabaseUrls) -> None:
    try:
        upgrade(owner_of(urls), urls.application)
    except CommandError as problem:
        raise click.ClickException(f"The backup is of a newer release than this: {problem}") from problem


def _take_up(environment: Environment) -> None:
    """Do what must have happened before anybody uses what was restored. Twice is as good as once."""
    environment.database.write(items.sync)
    try:
        with environment.database.transaction() as session:
            checkpoints.take(session, is_restored=True)
    except LookupError as fault:
        raise click.ClickException(f"{environment.settings.instance_path / checkpoints.FILE}: {fault}") from fault
    epoch = environment.database.write(feed.begin_epoch)
    click.echo(f"The change feed begins another epoch after position {epoch.position:,}.")
    journal = environment.settings.instance_path / erasure_journal.FILE
    if not journal.exists():
        click.echo(f"There is no {journal}: whom it names is back. See “People who are erased”.", err=True)
        return
    known = len(erasure_journal.erased(environment.settings))
    click.echo(f"The journal knows {known:,} erasures; erased once more: {erasures.replay(environment):,}.")
