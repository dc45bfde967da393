"""The operations of the API: what the blueprint serves and the OpenAPI document describes, in one list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Response
from pydantic import BaseModel

from app.api import batch, catalogue, consents, decisions, events, links, lookup, receipts, signals
from app.api.catalogue_shapes import CatalogueAnswer
from app.api.consent_shapes import ConsentAnswer, ConsentRequest
from app.api.event_shapes import EventsAnswer
from app.api.shapes import (
    BatchAnswer,
    BatchRequest,
    DecisionAnswer,
    DecisionRequest,
    LinksAnswer,
    LinksRequest,
    LookupAnswer,
    LookupRequest,
    SignalAnswer,
    SignalRequest,
)
from app.services.record_documents import MEDIA_TYPE, SIGNED_MEDIA_TYPE

Example = Mapping[str, object]

FAILURES = (400, 401, 403, 405, 413, 415, 422, 429, 500, 503)
"""What every operation with a body may answer besides 200."""

FAILURES_WITHOUT_BODY = (401, 403, 404, 405, 429, 500, 503)
"""The same of one whose question is its address."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. A POST has a `request`; a GET has `parameters` in its path, by name, with what they are."""

    path: str
    name: str
    view: Callable[..., Response]
    answer: type[BaseModel] | Mapping[str, Any]
    """A model, or a schema made by hand."""
    scope: str
    answered: Example
    request: type[BaseModel] | None = None
    asked: Mapping[str, Example] = field(default_factory=dict)
    """Examples of requests; the first one leads to `answered`."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    media_types: Sequence[str] = ("application/json",)
    """How the answer may come, the plain one first."""
    more_successes: Mapping[int, str] = field(default_factory=dict)
    """What it may answer as well, in the same form, and when."""
    query: Mapping[str, tuple[Mapping[str, Any], str]] = field(default_factory=dict)
    """What may be asked in the address: schema and meaning by name."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers that must be sent, and what they are."""

    @property
    def method(self) -> str:
        """Its one method."""
        return "POST" if self.request else "GET"

    @property
    def rule(self) -> str:
        """Its path as Flask writes it."""
        return self.path.replace("{", "<").replace("}", ">")

    @property
    def failures(self) -> tuple[int, ...]:
        """What it may answer besides 200."""
        usual = FAILURES if self.request else FAILURES_WITHOUT_BODY
        return (*usual, *((409,) if self.headers else ()), *((410, 422) if self.query else ()))


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
        path="/api/v1/decisions/batch",
        name="decide_all",
        view=batch.decide_all,
        request=BatchRequest,
        answer=BatchAnswer,
        scope=decisions.SCOPE,
        asked={
            "a topic on a channel": {
                "brand": "camille", "topic": "newsletter", "channel": "email",
                "subjects": ["ana@example.com", "not an address"],
            },
        },
        answered={
            "evaluated_at": "2026-11-23T08:15:30Z",
            "results": [
                {
                    "subject": "ana@example.com", "allowed": True, "reason": "granted",
                    "since": "2026-11-21T10:00:00Z", "frequency": "weekly",
                },
                {
                    "subject": "not an address", "allowed": False, "reason": "invalid_subject", "since": None,
                    "frequency": None,
                },
            ],
        },
    ),
    Operation(
        path="/api/v1/consents",
        name="record",
        view=consents.record,
        request=ConsentRequest,
        answer=ConsentAnswer,
        scope=consents.SCOPE,
        more_successes={201: "A line was written", 202: "A mail asks"},
        headers={consents.HEADER: "Names this request: whatever is sent again under it is done once."},
        asked={
            "a yes at a till": {
                "subject": {"email": "ana@example.com"}, "brand": "camille", "topic": "newsletter", "channel": "email",
                "action": "grant", "occurred_at": "2026-11-21T10:00:00Z", "locale": "fr",
                "evidence": {"till": "Paris 3", "form": "2026-117"},
                "wording": "Oui, envoyez-moi les lettres de l’atelier par e-mail.",
            },
            "a no on the telephone": {
                "subject": {"phone": "+33123456789"}, "brand": "camille", "purpose": "personalisation",
                "action": "withdraw",
            },
            "a mail that asks": {
                "subject": {"email": "ana@example.com"}, "brand": "camille", "topic": "newsletter", "channel": "email",
                "action": "request",
            },
        },
        answered={
            "event": {
                "id": "019ab3f0-5f4e-7c11-9d43-2f1a5b6c7d8e.1", "account_id": "019ab3f0-5f4e-7c11-9d43-2f1a5b6c7d8e",
                "sequence": 1, "brand": "camille", "kind": "subscription", "key": "newsletter", "channel": "email",
                "action": "granted", "status": "granted", "occurred_at": "2026-11-21T10:00:00Z",
                "recorded_at": "2026-11-23T08:15:30Z",
            },
            "status": "granted", "receipt_id": "019ab3f0-5f4e-7c11-9d43-2f1a5b6c7d8e.1",
        },
    ),
    Operation(
        path="/api/v1/events",
        name="events",
        view=events.follow,
        answer=EventsAnswer,
        scope=events.SCOPE,
        query=events.QUERY,
        answered={
            "events": [
                {
                    "specversion": "1.0", "id": "019ab3f0-5f4e-7c11-9d43-2f1a5b6c7d8e.1",
                    "source": "https://parley.example.com/api/v1/events", "type": "parley.consent.granted",
                    "subject": "019ab3f0-5f4e-7c11-9d43-2f1a5b6c7d8e", "time": "2026-11-21T10:00:00Z",
                    "datacontenttype": "application/json",
                    "data": {
                        "account_id": "019ab3f0-5f4e-7c11-9d43-2f1a5b6c7d8e", "sequence": 1, "brand": "camille",
                        "kind": "subscription", "key": "newsletter", "channel": "email", "action": "granted",
                        "status": "granted", "occurred_at": "2026-11-21T10:00:00Z", "legal_basis": "consent",
                        "source": "confirmation", "actor": "person", "locale": "fr", "document_version": "2026-01-15",
                        "frequency": None, "paused_until": None, "expires_at": None,
                    },
                },
            ],
            "next": "MS4x", "has_more": False,
        },
    ),
    Operation(
        path="/api/v1/links",
        name="links",
        view=links.make_links,
        request=LinksRequest,
        answer=LinksAnswer,
        scope=links.SCOPE,
        asked={
            "the recipients of a letter": {
                "brand": "camille", "topic": "newsletter", "channel": "email", "subjects": ["ana@example.com"],
            },
        },
        answered={
            "links": [
                {
                    "subject": "ana@example.com",
                    "unsubscribe_url": "https://parley.example.com/camille/unsubscribe/WyJBWnF6...",
                    "manage_url": "https://parley.example.com/camille/manage/WyJBWnF6...",
                    "reason": None,
                },
            ],
        },
    ),
    Operation(
        path="/api/v1/catalogue",
        name="catalogue",
        view=catalogue.show_catalogue,
        answer=CatalogueAnswer,
        scope=catalogue.SCOPE,
        answered={
            "group": {
                "slug": "luxe", "name": "LÜXE", "locales": ["en", "fr"],
                "purposes": [
                    {
                        "key": "analytics", "name": {"en": "Counting what works"},
                        "legal_basis": "legitimate_interest", "sale_or_sharing": False,
                    },
                ],
                "documents": [
                    {
                        "slug": "privacy", "title": {"en": "Privacy notice"}, "version": "2026-01-15",
                        "url": "https://parley.example.com/luxe/documents/privacy?version=2026-01-15",
                    },
                ],
            },
            "brands": [
                {
                    "slug": "camille", "name": "Camille", "locales": ["en", "fr"], "purposes": [], "documents": [],
                    "confirmation_days": 7,
                    "topics": [
                        {
                            "key": "newsletter", "name": {"en": "Letters from the atelier"}, "channels": ["email"],
                            "frequencies": ["weekly", "monthly"], "opt_in": "double", "legal_basis": "consent",
                            "minimum_age": None,
                        },
                    ],
                },
            ],
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
    Operation(
        path="/api/v1/receipts/{receipt_id}",
        name="receipt",
        view=receipts.read_receipt,
        answer=receipts.schema(),
        scope=receipts.SCOPE,
        parameters={"receipt_id": "The name of a record, as a look-up gives it."},
        media_types=(MEDIA_TYPE, SIGNED_MEDIA_TYPE),
        answered=receipts.example(),
    ),
)  # fmt: skip
