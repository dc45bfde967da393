"""`parley demo`: fills a database with a plausible population."""

import time

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from app.config import Settings
from app.embedded import databases
from app.environment import Environment
from app.services import population


@click.command()
@click.option("--people", type=click.IntRange(1), required=True, metavar="N", help="How many to add.")
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed tells other stories.")
def demo(people: int, seed: int) -> None:
    """Add N invented people, with consents over three years.

    They are called person-000001@example.com and so on; a second run continues the numbering. All of it is one
    transaction: interrupted, it leaves nothing behind.
    """
    settings = Settings.load()
    started = time.monotonic()
    with databases(settings) as urls, _progress() as progress:
        task = progress.add_task("People", total=people)
        environment = Environment.build(settings, urls.application)
        with environment.database.transaction() as session:
            filled = population.fill(session, people, seed, lambda some: progress.advance(task, some))
        environment.database.close()
    seconds = time.monotonic() - started
    last = filled.first + filled.people - 1
    click.echo(f"Added people {filled.first:,} to {last:,} with {filled.lines:,} ledger lines in {seconds:.0f} s,")
    click.echo(f"{filled.people / seconds:,.0f} people a second.")


def _progress() -> Progress:
    return Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
