"""`parley suppressions`: addresses that must not be contacted, met before or not."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path

import click

from app.branding.models import Channel
from app.commands import tables
from app.commands.composing import composed
from app.commands.suppression_file import Row, order, read_address, rows
from app.commands.tables import Mistake
from app.db import Session
from app.environment import Environment
from app.flows.suppress import Order, suppress
from app.kit import clock
from app.kit.provenance import Actor, ActorKind, Provenance, Source
from app.models import Suppression
from app.services import suppressions as service
from app.services.locks import known_digest, lock_unread
from app.services.suppressions import Noted, Reason

BATCH = 1_000
STAFF = Provenance(Actor(ActorKind.STAFF), Source.COMMAND)
FROM_A_FILE = Provenance(Actor(ActorKind.IMPORT), Source.FILE)

REASON = click.option(
    "--reason", type=click.Choice([each.value for each in Reason]), default=Reason.DO_NOT_CONTACT.value,
    show_default=True, help="Why; decides which mails still go.",
)  # fmt: skip
BRAND = click.option("--brand", metavar="SLUG", help="One brand; the whole group without it.")
CHANNEL = click.option(
    "--channel", type=click.Choice([each.value for each in Channel]), help="One channel; all of them without it."
)


class NotForGood(Exception):
    """Ends a transaction that was only a rehearsal."""

    def __init__(self, noted: list[Noted]) -> None:
        super().__init__()
        self.noted = noted


@click.group()
def suppressions() -> None:
    """Keep the list of addresses that must not be contacted.

    ADDRESS is an e-mail address or a phone number (+33…); "-" reads it from standard input, which leaves no trace of
    it in the history of a shell.
    """


@suppressions.command()
@click.argument("address")
@REASON
@BRAND
@CHANNEL
@click.option("--document", metavar="REF", help="A reference to the paper that says so; no addresses.")
def add(address: str, reason: str, brand: str | None, channel: str | None, document: str | None) -> None:
    """Never contact ADDRESS, whether anybody knows it or not."""
    with composed() as environment:
        told = {"address": _typed(address), "reason": reason, "brand": brand, "channel": channel}
        reference = _reference(document) if document else ""
        wanted = replace(order(told, environment.group), at=clock.now(), document=reference)
        (noted,) = environment.database.write(lambda session: suppress(session, [wanted], STAFF))
    click.echo("Suppressed." if noted is Noted.ADDED else "It was suppressed already.")


@suppressions.command(name="list")
def list_() -> None:
    """Count what is in force, by reason, brand and channel. Addresses are kept as digests and can't be listed."""
    with composed() as environment, environment.database.transaction() as session:
        found = service.counts(session)
    for reason, brand, channel, count in found:
        click.echo(f"{count:>12,}  {reason:<15} {brand or 'all brands':<20} {channel or 'all channels'}")
    click.echo(f"{sum(each[3] for each in found):>12,}  in all")


@suppressions.command()
@click.argument("address")
def show(address: str) -> None:
    """Tell what was ever said about ADDRESS. Ends with 1 when nothing was."""
    with composed() as environment, environment.database.transaction() as session:
        digest = known_digest(session, read_address(_typed(address)))
        found = [_described(row) for row in service.on_record(session, digest)]
    for line in found:
        click.echo(line)
    if not found:
        click.echo("Nothing stands on this address.")
        sys.exit(1)


@suppressions.command()
@click.argument("address")
@click.option("--document", required=True, metavar="REF", help="A reference to the paper that allows it; no addresses.")
@click.option("--reason", type=click.Choice([each.value for each in Reason]), help="Only what stands for this reason.")
@click.option("--brand", metavar="SLUG", help="Only what stands for this brand alone.")
@click.option(
    "--channel", type=click.Choice([each.value for each in Channel]), help="Only what stands for this channel alone."
)
def lift(address: str, document: str, reason: str | None, brand: str | None, channel: str | None) -> None:
    """Let ADDRESS be contacted again, on a document. Ends with 1 when nothing stood in the way."""
    reference, wanted = _reference(document), {"reason": reason, "brand": brand, "channel": channel}

    def act(session: Session) -> int:
        (digest,) = lock_unread(session, [read_address(typed)])
        standing = service.in_force(session, [digest])
        meant = [row for row in standing if all(getattr(row, key) == value for key, value in wanted.items() if value)]
        return service.lift(session, meant, STAFF, reference)

    typed = _typed(address)
    with composed() as environment:
        lifted = environment.database.write(act)
    click.echo(f"Lifted: {lifted}." if lifted else "There was nothing to lift.")
    if not lifted:
        sys.exit(1)


@suppressions.command(name="import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True))
@REASON
@BRAND
@CHANNEL
@click.option("--rejects", type=click.Path(path_type=Path, dir_okay=False), help="Where rows go that make no sense.")
@click.option("--after", type=click.IntRange(0), default=0, metavar="LINE", help="Begin after this line of the file.")
@click.option("--dry-run", is_flag=True, help="Tell what would come of it, and change nothing.")
def import_(
    file: Path, reason: str, brand: str | None, channel: str | None, rejects: Path | None, after: int, *, dry_run: bool
) -> None:  # fmt: skip
    """Take in FILE: CSV in UTF-8 whose first line names its columns, address and any of reason, brand, channel, date.

    The options stand for what a row leaves open. The same file may be taken in again: what stands already, and what
    was lifted since the date of a row (or, without a date, ever), stays as it is. Rows that make no sense are written
    to FILE.rejects.csv with line and mistake, and then the command ends with 1. Each 1,000 rows are one transaction.
    """
    rejects = rejects or Path(f"{'suppressions' if str(file) == '-' else file}.rejects.csv")
    unsaid = {"reason": reason, "brand": brand, "channel": channel}
    counted: Counter[str] = Counter()
    line = after
    with composed() as environment, click.open_file(str(file), encoding="utf-8-sig", errors="replace") as opened:
        read = (row for row in rows(opened, environment.group, unsaid) if row.line > after)
        try:
            with tables.rejects(rejects) as write_reject, tables.progress() as progress:
                task = progress.add_task("", total=None)
                while batch := list(islice(read, BATCH)):
                    counted.update(_take(environment, batch, dry_run=dry_run))
                    write_reject([(row.line, row.mistake) for row in batch if row.order is None])
                    line = batch[-1].line
                    progress.advance(task, len(batch))
        except BaseException:
            if line > after and not dry_run:
                click.echo(f"Stopped. Up to line {line:,} all is done; go on with --after {line}.", err=True)
            raise
    _report(counted, rejects, dry_run=dry_run)


def _take(environment: Environment, batch: Sequence[Row], *, dry_run: bool) -> Counter[str]:
    orders = [row.order for row in batch if row.order is not None]
    counted = Counter({"rejected": len(batch) - len(orders)})
    act = partial(_rehearse if dry_run else suppress, orders=orders, provenance=FROM_A_FILE)
    try:
        noted = environment.database.write(act)
    except NotForGood as rehearsed:
        noted = rehearsed.noted
    counted.update(each.value for each in noted)
    return counted


def _rehearse(session: Session, orders: Sequence[Order], provenance: Provenance) -> list[Noted]:
    raise NotForGood(suppress(session, orders, provenance))


def _report(counted: Counter[str], rejects: Path, *, dry_run: bool) -> None:
    verb = "Would be suppressed" if dry_run else "Suppressed"
    click.echo(
        f"{verb}: {counted[Noted.ADDED]:,}. Already: {counted[Noted.STANDING]:,}. "
        f"Lifted since: {counted[Noted.LIFTED]:,}. Lapsed: {counted[Noted.LAPSED]:,}. "
        f"Rejected: {counted['rejected']:,}."
    )
    if counted["rejected"]:
        click.echo(f"The rows that make no sense are in {rejects}.", err=True)
        sys.exit(1)


def _described(row: Suppression) -> str:
    scope = f"{row.brand or 'all brands'}, {row.channel or 'all channels'}"
    told = f"{row.reason}: {scope}, since {row.created_at:%Y-%m-%d %H:%M} UTC by {row.provenance['actor']}"
    through = f" ({row.provenance['source']})"
    if row.lifted_at is not None:
        paper = row.provenance.get("lifted_by", {}).get("document")
        return f"{told}{through}; lifted {row.lifted_at:%Y-%m-%d %H:%M} UTC" + (f" on {paper}" if paper else "")
    if row.lapses_at is not None:
        lapse = "lapsed" if row.lapses_at <= clock.now() else "lapses"
        return f"{told}{through}; {lapse} {row.lapses_at:%Y-%m-%d %H:%M} UTC"
    return f"{told}{through}; in force"


def _typed(address: str) -> str:
    return sys.stdin.readline().strip() if address == "-" else address


def _reference(document: str) -> str:
    """Refuse what is no reference: it is kept for as long as the suppression, also after an erasure."""
    if not document.strip() or "@" in document or not document.isprintable() or len(document) > 200:
        raise Mistake("The reference to a document has at most 200 characters, and no address in it.")
    return document.strip()
