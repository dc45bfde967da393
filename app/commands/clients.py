"""`parley clients`: who may use the API."""

import json

import click

from app.commands.composing import composed
from app.services import oauth


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
def create(name: str, scopes: tuple[str, ...], brands: tuple[str, ...]) -> None:
    """Create a client called NAME and print its id and secret as JSON.

    The secret is not kept and can't be shown again.
    """
    with composed() as environment, environment.database.transaction() as session:
        client_id, secret = oauth.create(session, name, scopes, brands)
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
