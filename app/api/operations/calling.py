"""Operations about webhooks, by which others are called when something happens."""

from __future__ import annotations

from app.api import webhook_log, webhooks
from app.api.operation import Operation
from app.api.webhook_shapes import (
    DeliveriesAnswer,
    DeliveryAnswer,
    NewWebhookAnswer,
    ReplayAnswer,
    ReplayRequest,
    WebhookAnswer,
    WebhookChange,
    WebhookRequest,
    WebhooksAnswer,
)

ALL = "/api/v1/webhooks"
ONE = f"{ALL}/{{webhook_id}}"
PARAMETERS = {"webhook_id": "The `id` of the webhook."}
WEBHOOK = {
    "id": "019ab3f0-5f4e-7c11-9d43-2f1a5b6c7d8e", "url": "https://crm.example.com/hooks/parley", "brands": ["camille"],
    "types": ["parley.consent.granted", "parley.consent.withdrawn"], "keys": None, "description": "CRM",
    "contact": "crm@example.com", "created_at": "2026-11-21T10:00:00Z", "reached": "MS4x", "failing_since": None,
    "disabled_at": None, "disabled_reason": None, "old_secret_until": None,
}  # fmt: skip
SECRET = "whsec_" + "A" * 42 + "E="
DELIVERY = {
    "id": "019ab3f0-6a10-7d22-8c01-0b5f6a7c8d9e",
    "webhook_id": "019ab3f0-5f4e-7c11-9d43-2f1a5b6c7d8e_1_9f86d081",
    "event_id": "019ab3f0-5f4e-7c11-9d43-2f1a5b6c7d8e.1.9f86d081", "type": "parley.consent.granted",
    "state": "queued", "attempts": 1, "created_at": "2026-11-21T10:00:01Z", "last_try_at": "2026-11-21T10:00:01Z",
    "next_try_at": "2026-11-21T10:00:16Z", "status_code": 500, "error": "answered 500", "replay_after": "MS4w",
}  # fmt: skip

OPERATIONS = (
    Operation(
        path=ALL,
        name="create_webhook",
        view=webhooks.create,
        method="POST",
        success=201,
        request=WebhookRequest,
        answer=NewWebhookAnswer,
        scope=webhooks.SCOPE,
        more_failures=(409, 410),
        asked={
            "what comes and goes at one house": {
                "url": "https://crm.example.com/hooks/parley", "brands": ["camille"],
                "types": ["parley.consent.granted", "parley.consent.withdrawn"], "description": "CRM",
                "contact": "crm@example.com",
            },
            "everything, from the start of the feed": {"url": "https://data.example.com/in", "after": "start"},
        },
        answered={**WEBHOOK, "secret": SECRET},
    ),
    Operation(
        path=ALL,
        name="webhooks",
        view=webhooks.list_all,
        answer=WebhooksAnswer,
        scope=webhooks.SCOPE,
        answered={"webhooks": [WEBHOOK]},
    ),
    Operation(
        path=ONE,
        name="webhook",
        view=webhooks.show,
        answer=WebhookAnswer,
        scope=webhooks.SCOPE,
        parameters=PARAMETERS,
        more_failures=(404,),
        answered=WEBHOOK,
    ),
    Operation(
        path=ONE,
        name="change_webhook",
        view=webhooks.change,
        method="PATCH",
        request=WebhookChange,
        answer=WebhookAnswer,
        scope=webhooks.SCOPE,
        parameters=PARAMETERS,
        more_failures=(404,),
        asked={
            "let it go on": {"enabled": True},
            "another address, for all types": {"url": "https://crm.example.com/v2", "types": None},
        },
        answered=WEBHOOK,
    ),
    Operation(
        path=ONE,
        name="remove_webhook",
        view=webhooks.remove,
        method="DELETE",
        success=204,
        answer=None,
        scope=webhooks.SCOPE,
        parameters=PARAMETERS,
        more_failures=(404,),
    ),
    Operation(
        path=f"{ONE}/secret",
        name="rotate_webhook_secret",
        view=webhooks.rotate,
        method="POST",
        answer=NewWebhookAnswer,
        scope=webhooks.SCOPE,
        parameters=PARAMETERS,
        more_failures=(404,),
        answered={**WEBHOOK, "old_secret_until": "2026-11-22T10:00:00Z", "secret": SECRET},
    ),
    Operation(
        path=f"{ONE}/deliveries",
        name="webhook_deliveries",
        view=webhook_log.read,
        answer=DeliveriesAnswer,
        scope=webhooks.SCOPE,
        parameters=PARAMETERS,
        query=webhook_log.QUERY,
        more_failures=(404, 422),
        answered={"deliveries": [DELIVERY], "next": None},
    ),
    Operation(
        path=f"{ONE}/replay",
        name="replay_webhook",
        view=webhook_log.replay,
        method="POST",
        request=ReplayRequest,
        answer=ReplayAnswer,
        scope=webhooks.SCOPE,
        parameters=PARAMETERS,
        more_failures=(404, 410),
        asked={"all after a place": {"after": "MS4w"}, "what was given up": {}},
        answered={"reached": "MS4w", "revived": 0},
    ),
    Operation(
        path=f"{ONE}/test",
        name="test_webhook",
        view=webhook_log.ping,
        method="POST",
        success=202,
        answer=DeliveryAnswer,
        scope=webhooks.SCOPE,
        parameters=PARAMETERS,
        more_failures=(404, 409),
        answered={
            **DELIVERY, "webhook_id": f"ping_{DELIVERY['id']}", "event_id": f"ping.{DELIVERY['id']}",
            "type": "parley.ping", "attempts": 0, "last_try_at": None, "status_code": None, "error": None,
            "replay_after": None,
        },
    ),
)  # fmt: skip
