"""`parley feedback`: why people left, in numbers."""

from __future__ import annotations

from datetime import datetime, timedelta

import click

from app.commands.composing import composed
from app.kit import clock
from app.services import feedback as service


@click.command()
@click.option("--brand", metavar="SLUG", help="One brand; all of them without it.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="The first day; 90 days ago without it.")
def feedback(brand: str | None, since: datetime | None) -> None:
    """Count the reasons that people gave after having left, by brand and topic."""
    first = since.date() if since else (clock.now() - timedelta(days=90)).date()
    with composed() as environment:
        if brand is not None and brand not in environment.group.brands:
            raise click.BadParameter(f"there is no brand {brand}", param_hint="--brand")
        with environment.database.transaction() as session:
            found = service.counts(session, brand, first)
    for house, topic, code, count in found:
        click.echo(f"{count:>8,}  {house:<20} {topic:<24} {code}")
    click.echo(f"{sum(each[3] for each in found):>8,}  in all since {first}")
