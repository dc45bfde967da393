"""Requests with an `Idempotency-Key`: done once, answered alike for a day."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from flask import Response, request
from pydantic import BaseModel

from app.api.answers import answer
from app.api.problems import Refused
from app.db import Session
from app.environment import Environment
from app.http.context import write
from app.services import idempotency
from app.services.access_tokens import Access
from app.services.idempotency import Answered

HEADER = "Idempotency-Key"
LONGEST_KEY = 200
_SCHEMA = {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!-~]([ -~]*[!-~])?$"}
HEADERS: Mapping[str, tuple[Mapping[str, object], str]] = {
    HEADER: (_SCHEMA, "Names this request: whatever is sent again under it is done once."),
}


def key() -> str:
    """Give the key of this request; raise `Refused` without a good one."""
    found = request.headers.get(HEADER, "")
    if not found or len(found) > LONGEST_KEY or not found.isprintable() or not found.isascii():
        raise Refused("missing_idempotency_key")
    return found


def answer_once(
    parley: Environment, access: Access, named: str, asked: BaseModel, act: Callable[[Session], Answered]
) -> Response:
    """Do what was `asked` under the key `named`, unless it was done before, and give its answer, or the one from then.

    Two operations share no key: the same body to another path is another request.
    """
    body = json.dumps(asked.model_dump(mode="json", warnings=False), sort_keys=True)
    fingerprint = f"{request.path} {body}".encode()

    def once(session: Session) -> Answered:
        return idempotency.once(session, access.client_id, named, fingerprint, lambda: act(session))

    found = write(once)
    response = answer(parley, found.body)
    response.status_code = found.status
    return response
