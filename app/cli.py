"""The console script `parley`."""

import click

from app.commands import lifeline
from app.commands.accounts import accounts
from app.commands.backups import backup, restore
from app.commands.brands import brands
from app.commands.check_in import check_in
from app.commands.clients import clients
from app.commands.courier import courier
from app.commands.customers import customers
from app.commands.database import db
from app.commands.demo import demo
from app.commands.erasures import erasures
from app.commands.exports import export
from app.commands.feedback import feedback
from app.commands.imports import import_
from app.commands.keys import keys
from app.commands.ledger import ledger
from app.commands.mail import mail
from app.commands.privacy_requests import privacy_requests
from app.commands.sample_site import sample_site
from app.commands.serve import serve
from app.commands.suppressions import suppressions
from app.commands.up import up
from app.commands.webhooks import webhooks
from app.embedded import EmbeddedDatabaseError
from app.errors import DomainError


class Parley(click.Group):
    """The group of all commands. Failures an operator can mend are told in one line, without a traceback."""

    def invoke(self, context: click.Context) -> object:
        """Run the chosen command."""
        try:
            return super().invoke(context)
        except (DomainError, EmbeddedDatabaseError) as failure:
            raise click.ClickException(str(failure)) from failure


@click.group(cls=Parley, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="parley")
def main() -> None:
    """Parley asks people what they want to receive, remembers it, and proves it."""
    lifeline.follow()


for command in (
    accounts, backup, brands, check_in, clients, courier, customers, db, demo, erasures, export, feedback, import_,
    keys, ledger, mail, privacy_requests, restore, sample_site, serve, suppressions, up, webhooks,
):  # fmt: skip
    main.add_command(command)
