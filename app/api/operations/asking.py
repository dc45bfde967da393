"""Operations that ask: what is allowed, what is known, and what proves it."""

from __future__ import annotations

from app.api import batch, catalogue, decisions, lookup, receipts
from app.api.catalogue_shapes import CatalogueAnswer
from app.api.operation import Operation
from app.api.shapes import (
    BatchAnswer,
    BatchRequest,
    DecisionAnswer,
    DecisionRequest,
    LookupAnswer,
    LookupRequest,
)
from app.services.record_documents import MEDIA_TYPE, SIGNED_MEDIA_TYPE

OPERATIONS = (
    Operation(
        path="/api/v1/decisions",
        name="decide",
        method="POST",
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
        method="POST",
        view=batch.decide_all,
        request=BatchRequest,
        answer=BatchAnswer,
        scope=decisions.SCOPE,
        asked={
            "a topic on a channel": {
                "brand": "camille", "topic": "newsletter", "channel": "email",
                "subjects": ["ana@example.com", "not an address"],
            },
            "by the ids of a system of yours": {
                "brand": "camille", "purpose": "personalisation", "system": "shop", "subjects": ["4711", "4712"],
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
        path="/api/v1/consents/lookup",
        name="lookup",
        method="POST",
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
        example_path=receipts.EXAMPLE_PATH,
        more_failures=(404,),
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
)  # fmt: skip
