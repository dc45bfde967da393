"""`parley keys`: the keys that sign access tokens of the API."""

import click

from app.commands.composing import composed
from app.db import Session
from app.services import signing_keys


@click.group()
def keys() -> None:
    """Look after the keys that sign access tokens."""


@keys.command()
@click.option("--retire-older", is_flag=True, help="Refuse at once what older keys signed; for a key that leaked.")
def rotate(*, retire_older: bool) -> None:
    """Make a new signing key and print its id. Every worker signs with it within a minute.

    Older keys keep verifying what they signed, unless they are retired.
    """

    def act(session: Session) -> str:
        key_id = signing_keys.rotate(session)
        if retire_older:
            signing_keys.retire_older(session, key_id)
        return key_id

    with composed() as environment:
        click.echo(environment.database.write(act))
