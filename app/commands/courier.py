"""`parley courier`: delivers mails and does the work that waits in the queue."""

import click

from app.config import Settings
from app.courier.worker import Pace, run
from app.embedded import databases
from app.environment import Environment


@click.command()
@click.option("--concurrency", type=click.IntRange(1, 64), default=4, show_default=True, help="Mails sent at once.")
def courier(concurrency: int) -> None:
    """Deliver mails, place the change feed and clear what has served its time. Run as many as needed."""
    settings = Settings.load()
    with databases(settings) as urls:
        run(Environment.build(settings, urls.application), Pace(concurrency=concurrency))
