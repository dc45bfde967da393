"""`parley import`: takes in the consents of another tool, or of another Parley."""

from __future__ import annotations

import csv
import hashlib
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from app.branding.models import Channel
from app.commands.composing import composed
from app.courier import imports as courier
from app.courier.logs import describe
from app.environment import Environment
from app.errors import DomainError
from app.kit import rows
from app.kit.spreadsheets import neutral
from app.models import ImportJob, ImportReject
from app.services import import_layouts, imports
from app.services.import_layouts import Layout, Meaning

BLOCK = 1 << 20
PAGE = 5_000
"""Rejects read at a time."""
LONGEST_SHOWN = 2_000
"""Characters of a row that stand in the file of rejects."""
MEANINGS = [each.value for each in (Meaning.GRANT, Meaning.WITHDRAW, Meaning.BOUNCED, Meaning.COMPLAINED)]
WORDS = {
    "granted": "granted", "renewed": "renewed", "withdrawn": "withdrawn", "refused": "refused", "objected": "objected",
    "suppressed": "suppressed", "unchanged": "unchanged", "unknown": "unknown", imports.REJECTED: "rejected",
}  # fmt: skip


@click.command(name="import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--preset", type=click.Choice(sorted(import_layouts.presets())), help="Which tool wrote the file.")
@click.option("--mapping", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="TOML; what says what.")
@click.option("--brand", metavar="SLUG", help="For rows that name none.")
@click.option("--topic", metavar="KEY", help="For rows that name none.")
@click.option("--channel", type=click.Choice([each.value for each in Channel]), help="For rows that name none.")
@click.option("--purpose", metavar="KEY", help="A use of data, instead of topic and channel.")
@click.option("--means", type=click.Choice(MEANINGS), help="What the rows mean; a no that they tell stays one.")
@click.option("--as-of", type=click.DateTime(), help="When the file was written, for rows without a date.")
@click.option("--timezone", metavar="NAME", help="Of times that name none; UTC, unless the preset says otherwise.")
@click.option("--date-format", multiple=True, metavar="FORMAT", help="iso, go, or as strptime has it; may be repeated.")
@click.option("--rejects", type=click.Path(path_type=Path, dir_okay=False), help="Where rows go that are not taken.")
@click.option("--dry-run", is_flag=True, help="Tell what would come of it, and change nothing.")
@click.option("--from-start", is_flag=True, help="Do not go on where an interrupted run of this file was.")
def import_(
    file: Path, preset: str | None, mapping: Path | None, rejects: Path | None, *, dry_run: bool, from_start: bool,
    **told: Any,
) -> None:  # fmt: skip
    """Take in FILE: consents and opt-outs, CSV or JSON lines in UTF-8, of any size.

    No mail is sent. Whoever said no stays left alone, unless a row proves a later yes. The same file may be taken in
    again; one that was interrupted goes on where it was. Rows that are not taken are written to FILE.rejects.csv with
    the reason, and then the command ends with 1.
    """
    layout = _layout(preset, mapping, told)
    rejects = rejects or Path(f"{file}.rejects.csv")
    _see_writable(rejects, file)
    began = time.monotonic()
    with composed() as environment:
        job = _job(environment, file, layout, is_dry_run=dry_run, from_start=from_start)
        before = sum(job.counts.values())
        with _progress() as progress:
            task = progress.add_task("", total=job.size, rows=before)

            def show(job: ImportJob) -> None:
                progress.update(task, completed=job.position, rows=sum(job.counts.values()))

            done = _run(environment, job, file, show)
        if done.state == imports.FAILED:
            raise click.ClickException(done.fault or "The file could not be read.")
        _write_rejects(environment, done, file, rejects)
    _report(done.counts, sum(done.counts.values()) - before, time.monotonic() - began, dry_run=dry_run)
    if done.counts.get(imports.REJECTED):
        click.echo(f"The rows that were not taken are in {rejects}, with the reasons.", err=True)
        sys.exit(1)


def _see_writable(rejects: Path, file: Path) -> None:
    """Refuse to write rejects over the file itself, under whatever name, or over what is no file at all."""
    if rejects.exists() and (rejects.samefile(file) or not rejects.is_file()):
        raise click.BadParameter("the rejects need a file of their own", param_hint="--rejects")
    if not os.access(rejects.parent, os.W_OK):
        raise click.BadParameter(f"no file can be made in {rejects.parent}", param_hint="--rejects")


def _run(environment: Environment, job: ImportJob, file: Path, show: Callable[[ImportJob], None]) -> ImportJob:
    """Work the job off; what nobody foresaw is told in words, without the row that may be in its message."""
    try:
        done = courier.run(environment, job.id, partial(_blocks, file), show)
    except DomainError:
        raise
    except Exception as fault:  # noqa: BLE001 - whatever it is
        raise click.ClickException(
            f"A fault of ours at line {job.next_line:,} or soon after it ({describe(fault)}). "
            "What stands before that line was taken; the same command goes on there."
        ) from None
    assert done is not None  # noqa: S101 - it was made before
    return done


def _layout(preset: str | None, mapping: Path | None, told: Mapping[str, Any]) -> Layout:
    options = {name: told[name] for name in ("brand", "topic", "channel", "purpose", "timezone", "as_of") if told[name]}
    if told["date_format"]:
        options["formats"] = list(told["date_format"])
    if told["means"]:
        options["unsaid"] = told["means"]
        if told["means"] != Meaning.GRANT:  # a no that the file tells stays one
            options["status"] = []
    if isinstance(as_of := options.get("as_of"), datetime) and as_of.time() == datetime.min.time():
        options["as_of"] = as_of.date()
    from_file = import_layouts.read_mapping(mapping.read_text(encoding="utf-8")) if mapping else {}
    return import_layouts.layout(from_file, {"preset": preset} if preset else {}, options)


def _job(environment: Environment, file: Path, layout: Layout, *, is_dry_run: bool, from_start: bool) -> ImportJob:
    """Find the interrupted run of the same file, or begin one."""
    with file.open("rb") as opened:
        content = hashlib.file_digest(opened, "sha256").digest()
        opened.seek(0)
        form = rows.guess_format(file.name, opened.read(100))
    told = content + layout.model_dump_json().encode() + bytes([is_dry_run])
    fingerprint, size = environment.digester.request(told), file.stat().st_size
    with environment.database.transaction() as session:
        job = None if from_start else imports.interrupted(session, fingerprint)
        if job is not None:
            click.echo(f"Going on at line {job.next_line:,}.", err=True)
            return job
        name = file.name.encode("utf-8", "replace").decode().replace("\0", "")[:200]
        return imports.begin(
            session, name, form, layout, is_dry_run=is_dry_run, fingerprint=fingerprint, size=size
        )  # fmt: skip


def _blocks(file: Path, position: int) -> Iterator[bytes]:
    with file.open("rb") as opened:
        opened.seek(position)
        while block := opened.read(BLOCK):
            yield block


def _write_rejects(environment: Environment, job: ImportJob, source: Path, target: Path) -> None:
    """Write the rows that were not taken, with what is wrong. Where all were, at most an old file is emptied.

    The file appears once it is whole, for its owner alone.
    """
    if not job.counts.get(imports.REJECTED) and not target.exists():
        return
    draft = target.with_name(f"{target.name}.{job.id}.part")
    try:
        made = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(made, "w", encoding="utf-8", newline="") as file, source.open("rb") as opened:
            written = csv.writer(file)
            written.writerow(("line", "reason", "words", "row"))
            for each in _rejects(environment, job):
                opened.seek(each.start)
                row = opened.read(min(each.length, LONGEST_SHOWN)).decode("utf-8", "replace").rstrip("\r\n")
                written.writerow((each.line, each.code, each.words, neutral(row)))
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def _rejects(environment: Environment, job: ImportJob) -> Iterator[ImportReject]:
    after = 0
    while True:
        with environment.database.transaction() as session:
            page = imports.rejects(session, job.id, after, PAGE)
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1].line


def _progress() -> Progress:
    columns = (BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[rows]:,} rows"), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)


def _report(counts: Mapping[str, int], rows_done: int, seconds: float, *, dry_run: bool) -> None:
    if dry_run:
        click.echo("A dry run: nothing was changed. It would be:")
    for name, words in WORDS.items():
        if count := counts.get(name, 0):
            click.echo(f"{count:>12,}  {words}")
    rate = rows_done / seconds if seconds else 0
    click.echo(f"{sum(counts.values()):>12,}  rows in all, {rate:,.0f} a second.")
