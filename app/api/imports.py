"""`/api/v1/imports` and `/api/v1/exports`: many consents at once, in and out."""

from __future__ import annotations

import csv
import io
import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from flask import Response, abort, request

from app.api import guard, queries
from app.api.accounts import asker_of
from app.api.answers import answer, answer_stream
from app.api.problems import Refused
from app.db import Session
from app.environment import Environment
from app.errors import UnknownItem
from app.http.context import env, transaction, write
from app.kit.moments import shown
from app.kit.rows import Format
from app.models import ImportJob, ImportReject
from app.services import consent_exports, import_layouts, imports
from app.services.access_tokens import Access
from app.services.import_layouts import Layout

SCOPE = "imports:write"
READ, ADDRESSES = "consents:read", "accounts:read"
CSV, LINES = "text/csv", "application/x-ndjson"
FORMATS: Mapping[str, Format] = {CSV: "csv", LINES: "ndjson"}
DIGITS = 15
"""Of the number of a line, at most."""
MOST_BYTES = 2 * 1024**3
MOST, USUAL = 1_000, 100
LONGEST_NAME = 200
PAGE = 5_000
"""Rejects read at a time, where all are given."""

Schema = Mapping[str, Any]
TEXT: Schema = {"type": "string"}
TOLD = ("preset", "brand", "topic", "channel", "purpose", "timezone", "as_of")
QUERY: Mapping[str, tuple[Schema, str]] = {
    "preset": (TEXT, "Which tool wrote the file: `parley` (the default), `mailchimp`, `brevo` and others."),
    "mapping": (TEXT, "How to read the file, as JSON: the same as in a mapping file of `parley import`."),
    "brand": (TEXT, "For rows that name none."),
    "topic": (TEXT, "For rows that name none."),
    "channel": (TEXT, "For rows that name none."),
    "purpose": (TEXT, "For rows that name none, instead of topic and channel."),
    "timezone": (TEXT, "Of times that name none, such as Europe/Paris; UTC without it."),
    "as_of": ({"type": "string", "format": "date"}, "When the file was written, for rows without a date."),
    "name": ({"type": "string", "maxLength": LONGEST_NAME}, "What the file is called; it stands in the evidence."),
    "dry_run": ({"type": "boolean"}, "Tell what would come of it, and change nothing."),
}
PAGES: Mapping[str, tuple[Schema, str]] = {
    "after": (
        {"type": "integer", "minimum": 0, "maximum": 10**DIGITS - 1, "default": 0},
        "Rejects after this line of the file.",
    ),
    "limit": ({"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL}, "How many rejects at most."),
}
OF_BRAND: Mapping[str, tuple[Schema, str]] = {"brand": (TEXT, "Only of this brand.")}


def start() -> Response:
    """Take in a file of consents.

    The body is the file, CSV or one JSON object a line, in UTF-8, of up to 2 GB; it is kept sealed until it has been
    worked off. Answers 202 with the job; ask for it until its state is `done` or `failed`. No mail is sent. A yes
    counts as far as the brand lists the client under `trusted_evidence`, and never over a later no. Rows that are not
    taken are told with the reason; after 100,000 of them the job fails. The same file may be sent again. While five
    files of a client wait to be worked off, the next one is refused (`too_many`).
    """
    parley = env()
    access = guard.access(parley, SCOPE)
    form = FORMATS.get(request.mimetype)
    if form is None:
        raise Refused("unsupported_media_type", f"Send Content-Type: {CSV} or {LINES}.")
    layout = _layout()
    if layout.brand:
        guard.refuse_foreign_brand(parley, access, layout.brand)
    begin = partial(
        imports.begin, name=_name(), form=form, layout=layout, is_dry_run=_flag("dry_run"), client_id=access.client_id
    )
    job_id = write(lambda session: begin(session).id)
    try:
        size = _receive(job_id)
    except Exception:
        write(partial(imports.end, job_id=job_id, fault="The file did not come to its end."))
        raise
    if not size:
        write(partial(imports.end, job_id=job_id, fault="The file is empty."))
        raise Refused("empty_file")
    job = write(partial(imports.received, job_id=job_id, size=size))
    response = answer(parley, _present(job, {}, (), has_more=False))
    response.status_code = 202
    return response


def show(import_id: str) -> Response:
    """Ask how far an import has come.

    Rejects come in pages, in the order of the file. Jobs are kept for 90 days, and known to the client alone that sent
    them.
    """
    parley = env()
    access = guard.access(parley, SCOPE)
    limit, after = queries.limit(MOST, USUAL), queries.after(DIGITS, "number of a line")
    with transaction() as session:
        job = _find(session, import_id, access)
        rejects = imports.rejects(session, job.id, after, limit + 1)
        reasons = imports.reasons(session, job.id)
    return answer(parley, _present(job, reasons, rejects[:limit], has_more=len(rejects) > limit))


def show_rejects(import_id: str) -> Response:
    """Fetch all rejects of an import.

    One JSON object a line, or with `Accept: text/csv` a table, in the order of the file.
    """
    parley = env()
    access = guard.access(parley, SCOPE)
    with transaction() as session:
        job = _find(session, import_id, access)
    is_table = request.accept_mimetypes.best_match((LINES, "application/json", CSV)) == CSV
    pages = _pages_of_rejects(parley, job.id)
    if is_table:
        return answer_stream(parley, _as_table(pages), CSV)
    return answer_stream(parley, _as_lines(map(_shown_reject, page) for page in pages), LINES)


def export() -> Response:
    """Export all consents with the client's brands and with the whole group.

    One JSON object a line, in constant memory, however many there are: what the person said (`status`), and what a
    decision would answer now (`allowed`, `reason`). People are named by their account ids; with a token that has the
    scope `accounts:read` too, their e-mail addresses and telephone numbers stand beside, but of whom has their data
    held still. What is the whole group's, and addresses, come only of people the client has to do with. What is written
    can be taken in by an import.
    """
    parley = env()
    access = guard.access(parley, READ)
    brands: Iterable[str] = access.brands
    if brand := request.args.get("brand"):
        guard.refuse_foreign_brand(parley, access, brand)
        if brand not in parley.group.brands:
            raise UnknownItem(f"There is no brand “{brand}”.")
        brands = [brand]
    with transaction() as session:
        asker = asker_of(session, access)
    rows = consent_exports.rows(parley, frozenset(brands), asker=asker, with_addresses=ADDRESSES in access.scopes)
    return answer_stream(parley, _as_lines(map(_shown_row, page) for page in _paged(rows)), LINES)


def _layout() -> Layout:
    told = {name: request.args[name] for name in TOLD if request.args.get(name)}
    return import_layouts.layout(import_layouts.read_mapping(request.args.get("mapping", "{}")), told)


def _name() -> str:
    name = request.args.get("name", "file")
    if not name.isprintable() or len(name) > LONGEST_NAME or "@" in name:
        queries.misfit("name", f"has at most {LONGEST_NAME} printable characters, and no address in it")
    return name


def _flag(name: str) -> bool:
    told = request.args.get(name, "false")
    if told not in {"true", "false"}:
        queries.misfit(name, "must be true or false")
    return told == "true"


def _receive(job_id: uuid.UUID) -> int:
    """Keep the body in pieces, each in a transaction of its own: it comes as slowly as the client sends it."""
    request.max_content_length = MOST_BYTES
    position, piece = 0, bytearray()
    while block := request.stream.read(imports.PIECE - len(piece)):
        piece += block
        if len(piece) == imports.PIECE:
            write(partial(imports.receive, job_id=job_id, start=position, piece=bytes(piece)))
            position += len(piece)
            piece.clear()
    if piece:
        write(partial(imports.receive, job_id=job_id, start=position, piece=bytes(piece)))
    return position + len(piece)


def _find(session: Session, import_id: str, access: Access) -> ImportJob:
    return imports.find(session, queries.read_id(import_id), access.client_id) or abort(404)


def _present(
    job: ImportJob, reasons: Mapping[str, int], rejects: Iterable[ImportReject], *, has_more: bool
) -> dict[str, object]:  # fmt: skip
    return {
        "id": str(job.id), "state": job.state, "fault": job.fault, "name": job.name, "dry_run": job.is_dry_run,
        "created_at": shown(job.created_at), "finished_at": shown(job.finished_at), "bytes": job.size,
        "bytes_done": job.position, "counts": job.counts, "reasons": reasons,
        "rejects": [_shown_reject(each) for each in rejects], "has_more": has_more,
    }  # fmt: skip


def _shown_reject(reject: ImportReject) -> dict[str, object]:
    return {"line": reject.line, "code": reject.code, "words": reject.words}


def _shown_row(row: Mapping[str, object]) -> dict[str, object]:
    return {name: shown(value) if isinstance(value, datetime) else value for name, value in row.items()}


def _pages_of_rejects(parley: Environment, job_id: uuid.UUID) -> Iterator[list[ImportReject]]:
    after = 0
    while True:
        with parley.database.transaction() as session:
            page = list(imports.rejects(session, job_id, after, PAGE))
        yield page
        if len(page) < PAGE:
            return
        after = page[-1].line


def _paged(rows: Iterator[Mapping[str, object]]) -> Iterator[list[Mapping[str, object]]]:
    page: list[Mapping[str, object]] = []
    for row in rows:
        page.append(row)
        if len(page) == MOST:
            yield page
            page = []
    yield page


def _as_lines(pages: Iterable[Iterable[object]]) -> Iterator[bytes]:
    for page in pages:
        yield "".join(f"{json.dumps(row, separators=(',', ':'))}\n" for row in page).encode()


def _as_table(pages: Iterable[Iterable[ImportReject]]) -> Iterator[bytes]:
    yield b"line,code,words\r\n"
    for page in pages:
        written = io.StringIO()
        csv.writer(written).writerows((each.line, each.code, each.words) for each in page)
        yield written.getvalue().encode()
