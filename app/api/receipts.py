"""`GET /api/v1/receipts/{receipt_id}`: the record of one consent, as JSON-LD, plain or signed."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from flask import Response, abort, request

from app.api import guard
from app.api.answers import answer, answer_bytes
from app.http.context import env, transaction
from app.services import record_documents, records
from app.services.record_documents import MEDIA_TYPE, SIGNED_MEDIA_TYPE
from app.services.records import Record

SCOPE = "consents:read"
SCHEMA = Path(__file__).parents[1] / record_documents.SCHEMA_PATH.strip("/")
EXAMPLE_PATH = record_documents.SCHEMA_PATH.replace(".schema.", ".example.")
EXAMPLE = Path(__file__).parents[1] / EXAMPLE_PATH.strip("/")


def read_receipt(receipt_id: str) -> Response:
    """Fetch the record of a consent.

    Gives what was agreed to, on which words and basis, where it stands and every step, as JSON-LD in terms of the W3C
    community group's Data Privacy Vocabulary, shaped after its profile of ISO/IEC TS 27560. The name of a record is the
    `receipt_id` of a look-up; it is the record as of that line of the ledger and does not change. With
    `Accept: application/jose` it comes signed (JWS, RFC 7515, compact, `typ` `consent-record+jws`), to be verified with
    the keys under `/oauth/jwks.json`. Records of other brands, of erased accounts, and names that are none are not
    found. There is no address of the person in it.
    """
    parley = env()
    access = guard.access(parley, SCOPE)
    named = records.read_id(receipt_id)
    if named is None:
        _refuse()
    with transaction() as session:
        found = records.find(session, *named)
        if found is None or not _may_read(found, access.brands):
            _refuse()
        document = record_documents.document(session, found)
    if request.accept_mimetypes.best_match((MEDIA_TYPE, "application/json", SIGNED_MEDIA_TYPE)) == SIGNED_MEDIA_TYPE:
        return answer_bytes(parley, record_documents.sign(parley, document).encode(), SIGNED_MEDIA_TYPE)
    return answer(parley, document, MEDIA_TYPE)


@cache
def schema() -> dict[str, Any]:
    """Give the schema of a record as the OpenAPI document carries it: without the keys of a file of its own."""
    text = SCHEMA.read_text().replace("#/$defs/", "#/components/schemas/ConsentRecord/$defs/")
    found: dict[str, Any] = json.loads(text)
    return {key: value for key, value in found.items() if key != "$schema"}


def example() -> dict[str, Any]:
    """Give a record as an example."""
    found: dict[str, Any] = json.loads(EXAMPLE.read_text())
    return found


def _may_read(record: Record, brands: frozenset[str]) -> bool:
    return record.item.brand is None or record.item.brand in brands


def _refuse() -> NoReturn:
    abort(404)
