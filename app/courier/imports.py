"""Takes in a file of consents, batch by batch; killed at any moment, the next run goes on where this one was."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice

from app.branding.models import Brand
from app.db import Session
from app.environment import Environment
from app.flows import import_consents
from app.kit import clock, rows
from app.kit.provenance import Actor, ActorKind, Provenance, Source
from app.kit.rows import Lines, Row, UnreadableFile
from app.models import ImportJob
from app.services import imports, oauth, trust
from app.services.import_layouts import Layout
from app.services.import_rows import Interpreter, Reject, Telling
from app.services.items import ItemRef, items

BATCH = 5_000
"""Rows in a transaction. Their people wait as long as it lasts, about a second; with fewer, each costs more."""
BATCH_BYTES = 4 << 20
"""Bytes of rows after which a batch ends, however few they are."""
SUBJECTS = ("email", "phone", "account_id")
SUPPRESSES = "suppressions:write"
"""The scope of a client whose rows may stop an address."""

_FAULT = (
    "A fault of ours, at line {line:,} or soon after it. What stands before that line was taken; tell the operator."
)

Open = Callable[[int], Iterable[bytes]]
"""Gives the bytes of the file from a place on."""
Told = Callable[[ImportJob], None]
Stopped = Callable[[], bool]


def run(
    environment: Environment, job_id: uuid.UUID, opened: Open | None = None, told: Told = lambda _: None,
    stopped: Stopped = lambda: False,
) -> ImportJob | None:  # fmt: skip
    """Work off a job to its end, or until `stopped`; give it as it is then. None for one that is not there.

    The file is the one that came over the API, or what the caller `opened`. `told` hears of the job after each batch.
    Raises `imports.Elsewhere` when somebody else is at it.
    """
    with environment.database.transaction() as session:
        job = imports.find(session, job_id)
    if job is None or job.state in imports.ENDED:
        return job
    try:
        told(job)
        for _batch in _batches(environment, job, opened or partial(imports.pieces, environment, job_id), stopped):
            told(job)
    except UnreadableFile as fault:
        environment.database.write(partial(imports.end, job_id=job_id, fault=str(fault)))
    else:
        if job.position < job.size and stopped():
            return job
        environment.database.write(partial(imports.end, job_id=job_id))
    with environment.database.transaction() as session:
        return imports.find(session, job_id)


def give_up(environment: Environment, job_id: uuid.UUID) -> None:
    """End a job that fails in a way that nobody foresaw, however often it is tried."""

    def end(session: Session) -> None:
        job = imports.find(session, job_id)
        if job is not None:
            imports.end(session, job_id, _FAULT.format(line=job.next_line))

    environment.database.write(end)


def _batches(environment: Environment, job: ImportJob, opened: Open, stopped: Stopped) -> Iterator[None]:
    """Take in one batch after another; `job` is kept up to date."""
    layout = Layout.model_validate(job.mapping)
    interpreter, provenance = _interpreter(environment, job, layout)
    read = _rows(job, layout, opened, interpreter)

    def ahead() -> list[tuple[Row, Telling | Reject]]:
        return [(row, interpreter.read(row)) for row in _within(islice(read, BATCH), BATCH_BYTES)]

    # The next batch is read while PostgreSQL takes this one.
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(ahead)
        while not stopped() and (batch := coming.result()):
            coming = pool.submit(ahead)
            environment.database.write(partial(_take, job=job, batch=batch, provenance=provenance))
            with environment.database.transaction() as session:
                now = imports.find(session, job.id)
            if now is not None:
                job.position, job.next_line, job.counts, job.state = now.position, now.next_line, now.counts, now.state
            _refuse_rubbish(job)
            yield


def _refuse_rubbish(job: ImportJob) -> None:
    if job.client_id is not None and job.counts.get(imports.REJECTED, 0) > imports.MOST_REJECTS:
        raise UnreadableFile(
            f"More than {imports.MOST_REJECTS:,} rows before line {job.next_line:,} can't be taken: mend the file, or "
            "the mapping. Those that can be were."
        )  # fmt: skip


def _within(read: Iterable[Row], most_bytes: int) -> Iterator[Row]:
    """Give rows up to the one with which they are as large as that."""
    held = 0
    for row in read:
        yield row
        held += row.end - row.start
        if held >= most_bytes:
            return


def _take(
    session: Session, job: ImportJob, batch: Sequence[tuple[Row, Telling | Reject]], provenance: Provenance
) -> None:  # fmt: skip
    held = imports.hold(session, job.id, job.position)
    telling = [each for _row, each in batch if isinstance(each, Telling)]
    taken = import_consents.take(session, telling, provenance, job.id if job.is_dry_run else None)
    rejects = [each for _row, each in batch if isinstance(each, Reject)] + taken.rejects
    last, _told = batch[-1]
    imports.advance(session, held, last.end, last.next_line, taken.counts, rejects)


def _rows(job: ImportJob, layout: Layout, opened: Open, interpreter: Interpreter) -> Iterator[Row]:
    """Read the rows that are still to come; raise `UnreadableFile`."""
    if job.format == "ndjson":
        return rows.json_rows(Lines(opened(job.position), job.position, job.next_line))
    header = rows.read_header(Lines(opened(0)), layout.delimiter, layout.names)
    _require_subject(layout, header.columns)
    interpreter.narrow(header.columns)
    begun = job.position > 0
    position, line = (job.position, job.next_line) if begun else (header.end, header.next_line)
    read = rows.list_rows if layout.is_list else rows.csv_rows
    return read(Lines(opened(position), position, line), header)


def _require_subject(layout: Layout, columns: Sequence[str]) -> None:
    wanted = [column for name in SUBJECTS for column in layout.columns.get(name, ())]  # type: ignore[call-overload]
    if not {column.lower() for column in wanted} & set(columns):
        raise UnreadableFile(f"Line 1 names no column that says whom a row is about: {' or '.join(wanted)}.")


def _interpreter(environment: Environment, job: ImportJob, layout: Layout) -> tuple[Interpreter, Provenance]:
    """Prepare for the rows of a client, which may tell of its brands as far as they trust it, or of the operator."""
    group = environment.group
    with environment.database.transaction() as session:
        registry = items(session)
        client = oauth.active(session, job.client_id) if job.client_id else None
    if job.client_id is None:
        actor = Actor(ActorKind.IMPORT, layout.title or None)
    elif client is None:
        raise UnreadableFile("The client that sent this was revoked.")
    else:
        actor = Actor(ActorKind.CLIENT, client.id)

    def is_trusted(brand: Brand, item: ItemRef) -> bool:
        return client is None or trust.is_trusted(group, client.name, brand, item)

    brands = set(client.brands) if client else None
    may_suppress = client is None or SUPPRESSES in client.scopes
    interpreter = Interpreter(
        group, registry, layout, clock.now(), job.name, brands, is_trusted, may_suppress=may_suppress
    )
    return interpreter, Provenance(actor, Source.FILE, group.locales[0])
