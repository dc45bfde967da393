"""`parley webhooks`: who is told of events, and how that goes."""

from __future__ import annotations

import click

from app.commands.composing import composed
from app.services import webhook_log


@click.group()
def webhooks() -> None:
    """See where clients have events posted."""


@webhooks.command("list")
def list_all() -> None:
    """List all webhooks: whose, where, how much waits, how much was given up, and since when it fails or is disabled.

    Of the address only the host is shown; the rest may hold a secret of the receiver.
    """
    with composed() as environment, environment.database.transaction() as session:
        for each in webhook_log.overview(session):
            told = [str(each.id), each.client, each.host, f"{each.waiting:,} waiting", f"{each.dead:,} given up"]
            if each.disabled_at:
                told.append(f"disabled since {each.disabled_at:%Y-%m-%d %H:%M} ({each.disabled_reason})")
            elif each.failing_since:
                told.append(f"failing since {each.failing_since:%Y-%m-%d %H:%M}")
            click.echo("  ".join(told))
