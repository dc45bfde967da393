"""Records of choices, for tests: checked against the schema and read as JSON-LD by a library of the field."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from pyld import jsonld
from sqlalchemy import select

from app.environment import Environment
from app.models import ContactPoint
from app.services import record_documents, records
from tests import journeys

SCHEMA = json.loads((Path(__file__).parents[1] / "app" / record_documents.SCHEMA_PATH.strip("/")).read_text())
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)


def faults(document: Any) -> list[str]:
    """List what is wrong with a document by the schema."""
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(document)]


def account_of(env: Environment, email: str) -> uuid.UUID:
    """Find whose address this is."""
    with env.database.transaction() as session:
        query = select(ContactPoint.account_id)
        return session.scalars(query.where(ContactPoint.address_digest == journeys.digest(env, email))).one()


def document(env: Environment, email: str, sequence: int) -> Any:
    """Give the record that ends with a line of somebody's ledger, as programs get it."""
    with env.database.transaction() as session:
        found = records.find(session, account_of(env, email), sequence)
        assert found, "there is no such record"
        return json.loads(record_documents.encode(record_documents.document(session, found)))


def triples(document: Any) -> list[tuple[str, str, str]]:
    """Read a document as JSON-LD, without fetching anything, and list its triples."""
    graph = jsonld.to_rdf(document, {"documentLoader": _no_fetching})["@default"]
    return [tuple(triple[part]["value"] for part in ("subject", "predicate", "object")) for triple in graph]  # type: ignore[misc]


def _no_fetching(url: str, _options: Any) -> Any:
    raise AssertionError(f"{url} would have to be fetched")
