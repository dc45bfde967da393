"""`parley mail`: mails that were given up."""

import click

from app.commands.composing import composed
from app.services import messages


@click.group()
def mail() -> None:
    """Look after mails."""


@mail.command()
@click.option("--limit", type=click.IntRange(1), default=1000, show_default=True, help="Queue so many at most.")
def replay(limit: int) -> None:
    """Queue the mails that were given up once more, oldest first, each with all its tries.

    For when a mail server that was away is back. What must not be mailed any more is still dropped.
    """
    with composed() as environment:
        queued = environment.database.write(lambda session: messages.replay_all(session, limit))
    click.echo(f"Queued again: {queued:,}.")
