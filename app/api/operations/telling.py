"""Operations that tell: what somebody said elsewhere, and what goes into other senders' mails."""

from __future__ import annotations

from app.api import consents, links, once, signals
from app.api.consent_shapes import ConsentAnswer, ConsentRequest
from app.api.operation import Operation
from app.api.shapes import LinksAnswer, LinksRequest, SignalAnswer, SignalRequest

OPERATIONS = (
    Operation(
        path="/api/v1/consents",
        name="record",
        method="POST",
        view=consents.record,
        request=ConsentRequest,
        answer=ConsentAnswer,
        scope=consents.SCOPE,
        more_successes={201: "A line was written", 202: "A mail asks"},
        more_failures=(409,),
        headers=once.HEADERS,
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
        path="/api/v1/signals",
        name="signal",
        method="POST",
        view=signals.take_signal,
        request=SignalRequest,
        answer=SignalAnswer,
        scope=signals.SCOPE,
        asked={"a browser says no": {"subject": {"email": "ana@example.com"}, "brand": "camille", "signal": "gpc"}},
        answered={"ended": [{"brand": None, "purpose": "share-within-group"}]},
    ),
    Operation(
        path="/api/v1/links",
        name="links",
        method="POST",
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
)  # fmt: skip
