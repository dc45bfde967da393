"""`parley ledger`: proves that nobody changed the ledger, and that consents are what it says."""

import sys
import time

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

from app.commands.composing import composed
from app.services import checkpoints, projection, verification


@click.group()
def ledger() -> None:
    """Prove the ledger, and fold consents from it."""


@ledger.command()
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="Stop after so many faults.")
def verify(limit: int) -> None:
    """Check every line, its detail, its place and what follows from it; take a checkpoint when all is well.

    Exits with 1 and names the first bad line of each account when something is wrong.
    """
    started = time.monotonic()
    with (
        composed() as environment,
        Progress(
            SpinnerColumn(), TextColumn("{task.completed:,} lines"), console=Console(stderr=True), transient=True
        ) as progress,
    ):
        task = progress.add_task("", total=None)
        with environment.database.transaction() as session:
            report = verification.verify(session, limit, lambda lines: progress.advance(task, lines))
        seconds = time.monotonic() - started
        # A transaction of its own: that of `verify` can't see what the courier has marked since.
        with environment.database.transaction() as session:
            faults = [*map(str, report.faults), *checkpoints.check(session)]
            taken = None if faults else checkpoints.take(session)
    click.echo(f"{report.lines:,} lines in {seconds:.1f} s, {report.lines / max(seconds, 0.001):,.0f} lines a second.")
    for fault in faults:
        click.echo(fault)
    if faults:
        sys.exit(1)
    click.echo("All is well." + (f" Checkpoint taken at position {taken.position:,}." if taken else ""))


@ledger.command()
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 if something differs.")
def rebuild(*, check: bool) -> None:
    """Fold all consents from the ledger and put right those that differ."""
    with composed() as environment, environment.database.transaction() as session:
        found = projection.differences(session) if check else []
        changed = 0 if check else projection.rebuild(session)
    for difference in found:
        click.echo(difference)
    if found:
        sys.exit(1)
    click.echo("All consents are what the ledger says." if check else f"Consents put right: {changed:,}.")
