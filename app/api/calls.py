"""What the OpenAPI document says of the calls that webhooks make: what a receiver gets, and what it may answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.services.webhook_deliveries import MEDIA_TYPE

EVENT = "#/components/schemas/EventsAnswer.ChangeEvent"
HEADERS = {
    "webhook-id": "Names the event: the same whenever it is sent, to whomever.",
    "webhook-timestamp": "When this was sent, in seconds since 1970. Refuse what is minutes old.",
    "webhook-signature": "`v1,` and the signature after Standard Webhooks; two of them, with a space between, while an "
    "old secret signs beside a new one.",
}
ANSWERS = {
    "2XX": "It is taken.",
    "410": "Send nothing any more: the webhook is disabled.",
    "default": "It is sent again later, as `Retry-After` of 429, 502, 503 and 504 asks. No redirection is followed.",
}


def described() -> Mapping[str, Any]:
    """Give the `webhooks` of the document (OpenAPI 3.1, section 4.8.1)."""
    call = {
        "operationId": "event",
        "summary": "Be told of an event",
        "description": "One event, as the feed gives it. A test sends the type `parley.ping` with empty `data`.",
        "tags": ["Consents"],
        "parameters": [
            {"name": name, "in": "header", "required": True, "schema": {"type": "string"}, "description": meaning}
            for name, meaning in HEADERS.items()
        ],
        "requestBody": {"required": True, "content": {MEDIA_TYPE: {"schema": {"$ref": EVENT}}}},
        "responses": {status: {"description": meaning} for status, meaning in ANSWERS.items()},
    }
    return {"event": {"post": call}}
