"""`parley privacy-requests`: what people asked about their data that is not done yet, and until when it must be."""

from __future__ import annotations

import sys

import click

from app.commands.composing import composed
from app.services.privacy_deadlines import open_wishes


@click.command()
def privacy_requests() -> None:
    """List open privacy requests with the day by which the law wants them answered, a month after they came.

    Those that people made on their page, and those that they told another system (the clients' privacy-requests).
    Ends with 1 where one is overdue.
    """
    with composed() as environment, environment.database.transaction() as session:
        found = open_wishes(session)
    for each in found:
        mark = "OVERDUE" if each.is_overdue else "open"
        asked = f"asked {each.asked_at:%Y-%m-%d}, answer by {each.answer_by:%Y-%m-%d}"
        through = f"through {each.through}" if each.through else "on their page"
        click.echo(f"{mark:<8} {each.kind:<14} {asked}  {each.brand:<16} {each.account_id}  {through}")
    overdue = sum(each.is_overdue for each in found)
    click.echo(f"Open: {len(found):,}. Overdue: {overdue:,}.")
    if overdue:
        sys.exit(1)
