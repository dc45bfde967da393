"""`parley customers`: who bought something, where a topic may come to customers until they object."""

from __future__ import annotations

import sys
from collections import Counter
from functools import partial
from itertools import islice
from pathlib import Path

import click

from app.branding.models import Brand, SiteGroup
from app.commands import tables
from app.commands.composing import composed
from app.commands.tables import Mistake, Told
from app.db import Session
from app.environment import Environment
from app.errors import DomainError, InvalidAddress, UnknownItem
from app.flows.note_relation import Noted, Relation, note_relation
from app.kit.addresses import parse_email
from app.kit.provenance import Actor, ActorKind, Provenance, Source

BATCH = 500
LONGEST_REFERENCE = 100
COLUMNS = ("email", "date", "country", "reference")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True))
@click.option("--brand", required=True, metavar="SLUG")
@click.option("--topic", required=True, metavar="KEY", help="One whose legal_basis is soft_opt_in or implied.")
@click.option("--channel", default="email", show_default=True)
@click.option("--system", required=True, metavar="NAME", help="Whose records these are, such as a shop's.")
@click.option("--rejects", type=click.Path(path_type=Path, dir_okay=False), help="Where rows go that can't be noted.")
def customers(file: Path, brand: str, topic: str, channel: str, system: str, rejects: Path | None) -> None:
    """Take in FILE: CSV in UTF-8 with email, date (of the purchase), country (FR) and maybe reference (of the order).

    Whoever said no stays left alone, whatever they buy; whoever said yes needs nothing of this. The same file may be
    taken in again. Rows that can't be noted are written to FILE.rejects.csv, and then the command ends with 1.
    """
    rejects = rejects or Path(f"{'customers' if str(file) == '-' else file}.rejects.csv")
    counted: Counter[str] = Counter()
    with composed() as environment, click.open_file(str(file), encoding="utf-8-sig", errors="replace") as opened:
        house = _brand(environment.group, brand)
        came = Provenance(Actor(ActorKind.IMPORT, system), Source.FILE, house.locales[0])
        take = partial(_take, environment, house, topic, channel, came)
        read = tables.read(opened, COLUMNS[:3], COLUMNS[3:])
        with tables.rejects(rejects) as write_reject, tables.progress() as progress:
            task = progress.add_task("", total=None)
            while batch := list(islice(read, BATCH)):
                outcomes = [(told.line, *take(told)) for told in batch]
                counted.update(noted or "rejected" for _line, noted, _mistake in outcomes)
                write_reject([(line, mistake) for line, _noted, mistake in outcomes if mistake])
                progress.advance(task, len(batch))
    _report(counted, rejects)


def _take(
    environment: Environment, brand: Brand, topic: str, channel: str, came: Provenance, told: Told
) -> tuple[Noted | None, str]:  # fmt: skip
    """Note one row in a transaction of its own; give what came of it, or what is wrong with it."""
    try:
        relation = _relation(told, came.actor.id or "")

        def act(session: Session) -> Noted:
            return note_relation(session, brand, topic, channel, relation, came)

        noted = environment.database.write(act)
    except UnknownItem:
        raise
    except DomainError as problem:
        return None, str(problem)
    return noted, "The person said no, or asked to have their data held still." if noted is Noted.CONFLICT else ""


def _relation(told: Told, system: str) -> Relation:
    if told.mistake:
        raise Mistake(told.mistake)
    try:
        address = parse_email(told.cells.get("email", ""))
    except InvalidAddress:
        raise Mistake("This is no e-mail address.") from None
    at = tables.read_moment(told.cells.get("date"))
    reference = told.cells.get("reference", "")
    if at is None:
        raise Mistake("The date of the purchase is missing.")
    if "@" in reference or not reference.isprintable() or len(reference) > LONGEST_REFERENCE:
        raise Mistake(f"A reference has at most {LONGEST_REFERENCE} characters, and no address in it.")
    evidence = {"system": system, **({"reference": reference} if reference else {})}
    return Relation(address, told.cells.get("country", "").upper(), at, evidence)


def _brand(group: SiteGroup, slug: str) -> Brand:
    if slug not in group.brands:
        raise Mistake(f"There is no brand “{slug[:40]}”.")
    return group.brands[slug]


def _report(counted: Counter[str], rejects: Path) -> None:
    refused = counted["rejected"] + counted[Noted.CONFLICT]
    click.echo(
        f"Noted: {counted[Noted.NOTED]:,}. Known: {counted[Noted.KNOWN]:,}. Too long ago: {counted[Noted.OVER]:,}. "
        f"Said no: {counted[Noted.CONFLICT]:,}. Rejected: {counted['rejected']:,}."
    )
    if refused:
        click.echo(f"The rows that were not noted are in {rejects}.", err=True)
        sys.exit(1)
