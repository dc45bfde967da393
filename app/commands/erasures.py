"""`parley erasures`: what the erasure journal tells."""

import click

from app.commands.composing import composed
from app.courier import erasures as courier
from app.services import erasure_journal


@click.group()
def erasures() -> None:
    """Look after people who asked to be erased."""


@erasures.command()
def replay() -> None:
    """Erase once more whom a backup brought back, as the journal in the instance folder tells.

    After every restore, before anything else is started. Twice is as good as once.
    """
    with composed() as environment:
        known = len(erasure_journal.erased(environment.settings))
        again = courier.replay(environment)
    click.echo(f"The journal knows {known:,}; erased once more: {again:,}.")
