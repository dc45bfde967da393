"""`parley clients`: who may use the API."""

import json
from datetime import datetime, timedelta

import click

from app.commands.composing import composed
from app.kit import clock
from app.services import oauth
from app.services import usage as usages

USUAL_DAYS = 30


@click.group()
def clients() -> None:
    """Let other services use the API."""


@clients.command()
@click.argument("name")
@click.option(
    "--scope", "scopes", multiple=True, required=True, type=click.Choice(list(oauth.SCOPES)), metavar="S",
    help="What the client may do, such as consents:read; may be given several times.",
)  # fmt: skip
@click.option(
    "--brand", "brands", multiple=True, required=True, metavar="B",
    help="A brand that the client may ask about; may be given several times.",
)  # fmt: skip
@click.option(
    "--quota", type=click.IntRange(1), metavar="N",
    help="Requests a minute that it may send; the setting PARLEY_CLIENT_QUOTA without it.",
)  # fmt: skip
def create(name: str, scopes: tuple[str, ...], brands: tuple[str, ...], quota: int | None) -> None:
    """Create a client called NAME and print its id and secret as JSON.

    The secret is not kept and can't be shown again.
    """
    with composed() as environment, environment.database.transaction() as session:
        client_id, secret = oauth.create(session, name, scopes, brands, quota)
    click.echo(json.dumps({"client_id": client_id, "client_secret": secret}))


@clients.command()
@click.argument("client_id")
def revoke(client_id: str) -> None:
    """Refuse new tokens to the client CLIENT_ID; those it has die within ten minutes."""
    with composed() as environment, environment.database.transaction() as session:
        is_revoked = oauth.revoke(session, client_id)
    if not is_revoked:
        message = f"There is no client {client_id}, or it is revoked already."
        raise click.ClickException(message)
    click.echo(f"Revoked {client_id}.")


@clients.command()
@click.argument("client_id")
@click.argument("quota", type=click.IntRange(1), required=False)
def quota(client_id: str, quota: int | None) -> None:
    """Let the client CLIENT_ID send QUOTA requests a minute; without one, as many as the settings say.

    It holds with the client's next token, which is within ten minutes.
    """
    with composed() as environment, environment.database.transaction() as session:
        if not oauth.set_quota(session, client_id, quota):
            raise click.ClickException(f"There is no client {client_id}, or it is revoked.")
    click.echo(f"{client_id} may send {f'{quota:,}' if quota else 'the usual number of'} requests a minute.")


@clients.command()
@click.option("--client", "client_id", metavar="ID", help="One client; all of them without it.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help=f"The first day; {USUAL_DAYS} days ago without it.")
def usage(client_id: str | None, since: datetime | None) -> None:
    """Show what clients asked for, by day (UTC) and operation."""
    first = (since or clock.now() - timedelta(days=USUAL_DAYS)).date()
    with composed() as environment, environment.database.transaction() as session:
        names, found = oauth.names(session), usages.since(session, first, client_id)
    click.echo(f"{'day':<10}  {'requests':>12} {'counted as':>12} {'above quota':>12}  operation and client")
    for row in found:
        counts = f"{row.requests:>12,} {row.units:>12,} {row.refused:>12,}"
        click.echo(f"{row.day}  {counts}  {row.operation:<16} {row.client_id} {names.get(row.client_id, '')}")
