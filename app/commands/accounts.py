"""`parley accounts`: help for people who can't help themselves any more."""

from __future__ import annotations

import sys

import click
import structlog

from app.commands.composing import composed
from app.commands.suppression_file import read_address
from app.flows.second_factor import switch_off_for

log = structlog.get_logger(__name__)


@click.group()
def accounts() -> None:
    """Look after single accounts."""


@accounts.command()
@click.argument("address")
@click.option("--document", required=True, metavar="REF", help="Where it stands who showed that the account is theirs.")
def reset_second_factor(address: str, document: str) -> None:
    """Ask for no code any more when the owner of ADDRESS signs in, who lost the app and the recovery codes.

    See first that it is the owner: whoever reads their mail gets in afterwards, by setting another password.
    All sessions end and a mail tells it. Passkeys stay. "-" reads the address from standard input. Ends with 1 where
    no code is asked for.
    """
    typed = sys.stdin.readline().strip() if address == "-" else address
    with composed() as environment:
        wanted = read_address(typed)
        account = environment.database.write(lambda session: switch_off_for(session, wanted))
    if account is None:
        click.echo("There is no such account, or no code is asked for.")
        sys.exit(1)
    log.warning("second_factor_reset", account=str(account), document=document)
    click.echo("No code is asked for any more. The owner was told by mail.")
