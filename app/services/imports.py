"""Files of consents that are taken in: how far each has come, its rejects, and what of it is still kept.

What came over the API is kept in pieces, sealed, until the job ends: any courier on any machine can go on with it. How
far a job has come is written in the transaction of the rows themselves, under a lock on the job, so that killed at any
moment it goes on exactly there, and two who work on it at once do nothing twice.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from sqlalchemy import delete, func, insert, or_, select, text

from app.db import Session
from app.environment import Environment, environment
from app.errors import DomainError, TooMany
from app.kit import clock, ids
from app.models import ImportJob, ImportPiece, ImportRehearsal, ImportReject, OAuthClient
from app.services import outbox
from app.services.import_layouts import Layout
from app.services.import_rows import Reject

RECEIVING, WAITING, RUNNING, DONE, FAILED = "receiving", "waiting", "running", "done", "failed"
ENDED = (DONE, FAILED)
REJECTED = "rejected"
PIECE = 1 << 18
"""Bytes of a file that are kept together."""
RECEIVED_WITHIN = timedelta(days=1)
WORKED_OFF_WITHIN = timedelta(days=7)
"""A file that lies longer than this goes, whatever became of its job."""
MOST_UNFINISHED = 5
"""Files of a client that may wait to be worked off."""
MOST_REJECTS = 100_000
"""Rejected rows after which the file of a client is given up: what is kept of each is more than the row may be."""
KEPT = timedelta(days=90)
"""How long the counts and rejects of a job can be asked for."""


class Elsewhere(DomainError):
    """Somebody else works on this job, or it has ended."""

    code = "import_elsewhere"


def begin(
    session: Session, name: str, form: str, layout: Layout, *, is_dry_run: bool, client_id: str | None = None,
    fingerprint: bytes | None = None, size: int = 0,
) -> ImportJob:  # fmt: skip
    """Make a job: of a client, whose file is still to come, or of the operator, who has it.

    Raises `TooMany` while others of the client wait.
    """
    if client_id is not None:
        _see_room(session, client_id)
    job = ImportJob(
        id=ids.new_id(), client_id=client_id, name=name, fingerprint=fingerprint, format=form,
        mapping=layout.model_dump(mode="json"), is_dry_run=is_dry_run, state=RECEIVING if client_id else RUNNING,
        fault=None, size=size, position=0, next_line=1, counts={}, created_at=clock.now(), finished_at=None,
    )  # fmt: skip
    session.add(job)
    session.flush()
    return job


def receive(session: Session, job_id: uuid.UUID, start: int, piece: bytes) -> None:
    """Keep a piece of a file, sealed."""
    session.add(ImportPiece(job_id=job_id, start=start, sealed=environment(session).sealer.seal_bytes(piece)))


def received(session: Session, job_id: uuid.UUID, size: int) -> ImportJob:
    """Have a file worked off, now that all of it is here."""
    job = session.get_one(ImportJob, job_id)
    job.state, job.size = WAITING, size
    outbox.enqueue(session, outbox.IMPORT, import_id=job_id)
    return job


def find(session: Session, job_id: uuid.UUID, client_id: str | None = None) -> ImportJob | None:
    """Find a job, of a client where one is named."""
    job = session.get(ImportJob, job_id)
    return job if job is not None and (client_id is None or job.client_id == client_id) else None


def interrupted(session: Session, fingerprint: bytes) -> ImportJob | None:
    """Find the operator's run of the same file, read in the same way, that did not come to its end."""
    query = select(ImportJob).where(ImportJob.fingerprint == fingerprint, ImportJob.state == RUNNING)
    return session.scalars(query.order_by(ImportJob.created_at.desc())).first()


def hold(session: Session, job_id: uuid.UUID, position: int) -> ImportJob:
    """Lock a job that has come as far as the caller thinks; raise `Elsewhere` otherwise."""
    job = session.get(ImportJob, job_id, with_for_update=True, populate_existing=True)
    if job is None or job.state in (*ENDED, RECEIVING) or job.position != position:
        raise Elsewhere("Another run works on this file, or it has ended.")
    return job


def advance(
    session: Session, job: ImportJob, position: int, next_line: int, counts: Mapping[str, int],
    rejects: Sequence[Reject],
) -> None:  # fmt: skip
    """Note how far a job has come, which the caller holds, and what came of the rows up to there."""
    told = Counter(job.counts)
    told.update({**counts, REJECTED: len(rejects)})
    job.state, job.position, job.next_line, job.counts = RUNNING, position, next_line, dict(+told)
    if rejects:
        session.execute(insert(ImportReject), [
            {"job_id": job.id, "line": each.line, "start": each.start, "length": each.length, "code": each.code,
             "words": each.words} for each in rejects
        ])  # fmt: skip


def end(session: Session, job_id: uuid.UUID, fault: str | None = None) -> None:
    """End a job, well or with a fault; nothing personal of it stays."""
    job = session.get_one(ImportJob, job_id, with_for_update=True)
    if job.state not in ENDED:
        job.state, job.fault, job.finished_at = FAILED if fault else DONE, fault, clock.now()
    _forget_file(session, job_id)


def pieces(env: Environment, job_id: uuid.UUID, position: int) -> Iterator[bytes]:
    """Read a file from a place on, a piece in each transaction."""
    while True:
        query = select(ImportPiece.start, ImportPiece.sealed).where(ImportPiece.job_id == job_id)
        with env.database.transaction() as session:
            found = session.execute(
                query.where(ImportPiece.start <= position).order_by(ImportPiece.start.desc()).limit(1)
            ).first()
        content = env.sealer.open_bytes(found.sealed)[position - found.start :] if found else b""
        if not content:
            return
        yield content
        position += len(content)


def rejects(session: Session, job_id: uuid.UUID, after: int, limit: int) -> Sequence[ImportReject]:
    """List rejects in the order of the file, those after a line."""
    query = select(ImportReject).where(ImportReject.job_id == job_id, ImportReject.line > after)
    return session.scalars(query.order_by(ImportReject.line).limit(limit)).all()


def reasons(session: Session, job_id: uuid.UUID) -> dict[str, int]:
    """Count the rejects of a job by their codes."""
    query = select(ImportReject.code, func.count()).where(ImportReject.job_id == job_id).group_by(ImportReject.code)
    return {row[0]: row[1] for row in session.execute(query.order_by(ImportReject.code))}


def purge(session: Session, limit: int = 100) -> int:
    """Let go of files that were never sent to their end or never worked off, and of jobs of long ago; give how many."""
    now = clock.now()
    left = (ImportJob.state == RECEIVING) & (ImportJob.created_at < now - RECEIVED_WITHIN)
    stuck = ImportJob.state.in_((WAITING, RUNNING)) & (ImportJob.created_at < now - WORKED_OFF_WITHIN)
    for job_id in (given_up := session.scalars(select(ImportJob.id).where(or_(left, stuck)).limit(limit)).all()):
        end(session, job_id, "It was not finished in time; send it again.")
    session.execute(text("SET LOCAL statement_timeout = 0"))
    old = session.scalars(select(ImportJob.id).where(ImportJob.created_at < now - KEPT).limit(limit)).all()
    for table in (ImportReject, ImportPiece, ImportRehearsal):
        session.execute(delete(table).where(table.job_id.in_(old)))
    session.execute(delete(ImportJob).where(ImportJob.id.in_(old)))
    return len(given_up) + len(old)


def _see_room(session: Session, client_id: str) -> None:
    session.execute(select(OAuthClient.id).where(OAuthClient.id == client_id).with_for_update())
    unfinished = select(func.count()).select_from(ImportJob).where(
        ImportJob.client_id == client_id, ImportJob.state.not_in(ENDED),
        ImportJob.created_at > clock.now() - WORKED_OFF_WITHIN,
    )  # fmt: skip
    if (session.scalar(unfinished) or 0) >= MOST_UNFINISHED:
        raise TooMany(f"{MOST_UNFINISHED} files of this client are still to be worked off; wait for one of them.")


def _forget_file(session: Session, job_id: uuid.UUID) -> None:
    session.execute(text("SET LOCAL statement_timeout = 0"))  # two gigabytes take their time
    for table in (ImportPiece, ImportRehearsal):
        session.execute(delete(table).where(table.job_id == job_id))
