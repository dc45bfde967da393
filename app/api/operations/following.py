"""Operations that follow what happens."""

from __future__ import annotations

from app.api import events
from app.api.event_shapes import EventsAnswer
from app.api.operation import Operation

OPERATIONS = (
    Operation(
        path="/api/v1/events",
        name="events",
        view=events.follow,
        answer=EventsAnswer,
        scope=events.SCOPE,
        query=events.QUERY,
        more_failures=(410, 422),
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
)  # fmt: skip
