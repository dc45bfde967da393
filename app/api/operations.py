"""The operations of the API: what the blueprint serves and the OpenAPI document describes, in one list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import Response
from pydantic import BaseModel

from app.api import decisions, lookup, signals
from app.api.shapes import (
    DecisionAnswer,
    DecisionRequest,
    LookupAnswer,
    LookupRequest,
    SignalAnswer,
    SignalRequest,
)

Example = Mapping[str, object]

FAILURES = (400, 401, 403, 405, 413, 415, 422, 429, 500, 503)
"""What every operation may answer besides 200."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One POST operation."""

    path: str
    name: str
    view: Callable[[], Response]
    request: type[BaseModel]
    answer: type[BaseModel]
    scope: str
    asked: Mapping[str, Example]
    """Examples of requests; the first one leads to `answered`."""
    answered: Example


OPERATIONS = (
    Operation(
        path="/api/v1/decisions",
        name="decide",
        view=decisions.decide,
        request=DecisionRequest,
        answer=DecisionAnswer,
        scope=decisions.SCOPE,
        asked={
            "a topic on a channel": {
                "subject": {"email": "ana@example.com"}, "brand": "camille", "topic": "newsletter", "channel": "email",
            },
            "a purpose": {
                "subject": {"external_id": {"system": "shop", "id": "4711"}}, "brand": "camille",
                "purpose": "personalisation",
            },
        },
        answered={
            "allowed": True, "reason": "granted", "status": "granted", "since": "2026-11-21T10:00:00Z",
            "frequency": "weekly", "expires_at": None, "legal_basis": "consent", "evaluated_at": "2026-11-23T08:15:30Z",
        },
    ),
    Operation(
        path="/api/v1/signals",
        name="signal",
        view=signals.take_signal,
        request=SignalRequest,
        answer=SignalAnswer,
        scope=signals.SCOPE,
        asked={"a browser says no": {"subject": {"email": "ana@example.com"}, "brand": "camille", "signal": "gpc"}},
        answered={"ended": [{"brand": None, "purpose": "share-within-group"}]},
    ),
    Operation(
        path="/api/v1/consents/lookup",
        name="lookup",
        view=lookup.look_up,
        request=LookupRequest,
        answer=LookupAnswer,
        scope=lookup.SCOPE,
        asked={
            "everything": {"subject": {"email": "ana@example.com"}},
            "one brand, as of a past moment": {
                "subject": {"phone": "+33123456789"}, "brand": "camille", "as_of": "2026-01-01T00:00:00Z",
            },
        },
        answered={
            "subject": {"account_id": "019ab3f0-5f4e-7c11-9d43-2f1a5b6c7d8e", "kind": "lite", "locale": "fr"},
            "as_of": "2026-11-23T08:15:30Z",
            "consents": [
                {
                    "brand": "camille", "kind": "subscription", "key": "newsletter", "channel": "email",
                    "status": "granted", "granted_at": "2026-11-21T09:58:12Z", "confirmed_at": "2026-11-21T10:00:00Z",
                    "withdrawn_at": None, "expires_at": None, "paused_until": None, "frequency": "weekly",
                    "legal_basis": "consent", "document_version": None, "source": "confirmation",
                    "updated_at": "2026-11-21T10:00:00Z", "pending": False,
                    "effective": {"allowed": True, "reason": "granted"},
                    "receipt_id": "019ab3f0-5f4e-7c11-9d43-2f1a5b6c7d8e.1",
                },
            ],
        },
    ),
)  # fmt: skip
