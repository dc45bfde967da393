"""`parley export`: all consents, with the addresses of whom they are, as a file."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import click

from app.commands import tables
from app.commands.composing import composed
from app.kit.spreadsheets import neutral
from app.services import consent_exports
from app.services.consent_exports import ADDRESSES, COLUMNS, Value

EVERY = 1_000
"""Rows between two reports of progress."""
Write = Callable[[Mapping[str, Value]], object]


@click.command(name="export")
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True), default="-", help="Where to."
)
@click.option("--format", "form", type=click.Choice(["csv", "ndjson"]), default="csv", show_default=True)
@click.option("--brand", "brands", multiple=True, metavar="SLUG", help="Only of this one; may be repeated.")
def export(output: Path, form: str, brands: tuple[str, ...]) -> None:
    """Write all consents, with the addresses of whom they are, and what a decision would answer now.

    Of people who have their data held still there is no address. What is written can be taken in by `parley import`,
    here or elsewhere. The file is readable by its owner alone. In CSV, what a spreadsheet would run as a formula gets
    an apostrophe.
    """
    count = 0
    with composed() as environment, _opened(output) as file, tables.progress() as progress:
        unknown = set(brands) - set(environment.group.brands)
        if unknown:
            raise click.ClickException(f"There is no brand “{min(unknown)}”.")
        task = progress.add_task("", total=None)
        write = _as_csv(file) if form == "csv" else _as_lines(file)
        wanted = brands or environment.group.brands
        for row in consent_exports.rows(environment, wanted, asker=None, with_addresses=True):
            write(row)
            count += 1
            if count % EVERY == 0:
                progress.update(task, completed=count)
    click.echo(f"Exported: {count:,} consents.", err=True)


def _as_csv(file: IO[str]) -> Write:
    written = csv.writer(file)
    names = (*ADDRESSES, *COLUMNS)
    written.writerow(names)
    return lambda row: written.writerow([_cell(row[name]) for name in names])


def _as_lines(file: IO[str]) -> Write:
    return lambda row: file.write(json.dumps({name: _text(value) for name, value in row.items()}) + "\n")


def _cell(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return neutral(str(_text(value) or ""))


def _text(value: Value) -> str | bool | None:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


@contextmanager
def _opened(output: Path) -> Iterator[IO[str]]:
    if str(output) == "-":
        yield sys.stdout
        return
    made = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(made, "w", encoding="utf-8", newline="") as file:
        yield file
