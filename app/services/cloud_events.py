"""Events as other systems get them, from the feed or by webhook: CloudEvents 1.0 in their JSON format."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from app.db import Session
from app.environment import environment
from app.kit.ids import made_at
from app.kit.moments import shown
from app.models import ConsentEvent
from app.services.feed_pages import event_id
from app.services.items import ItemRef

PREFIX = "parley.consent."
"""What the types of events begin with; the action of the ledger line follows."""
PING = "parley.ping"

CloudEvent = Mapping[str, Any]


def of_line(session: Session, line: ConsentEvent, item: ItemRef) -> CloudEvent:
    """Tell a line of the ledger. Nobody is named but by the account's id; the same line is always told the same way."""
    return {
        "specversion": "1.0",
        "id": event_id(line),
        "source": _source(session),
        "type": type_of(line),
        "subject": str(line.account_id),
        "time": shown(line.recorded_at),
        "datacontenttype": "application/json",
        "data": {
            "account_id": str(line.account_id), "sequence": line.sequence, "brand": item.brand, "kind": item.kind,
            "key": item.key, "channel": item.channel, "action": line.action, "status": line.status,
            "occurred_at": shown(line.occurred_at), "legal_basis": line.legal_basis, "source": line.source,
            "actor": line.actor_kind, "locale": line.locale, "document_version": line.document_version,
            "frequency": line.attributes.get("frequency"), "paused_until": line.attributes.get("paused_until"),
            "expires_at": line.attributes.get("expires_at"),
        },
    }  # fmt: skip


def ping(session: Session, endpoint_id: uuid.UUID, delivery_id: uuid.UUID) -> CloudEvent:
    """Say hello to an endpoint; in the same words each time it is tried."""
    return {
        "specversion": "1.0",
        "id": ping_id(delivery_id),
        "source": _source(session),
        "type": PING,
        "subject": str(endpoint_id),
        "time": shown(made_at(delivery_id)),
        "datacontenttype": "application/json",
        "data": {},
    }


def type_of(line: ConsentEvent) -> str:
    """Give the type of the event of a line."""
    return f"{PREFIX}{line.action}"


def ping_id(delivery_id: uuid.UUID) -> str:
    """Name a ping."""
    return f"ping.{delivery_id}"


def _source(session: Session) -> str:
    return f"{environment(session).settings.origin}/api/v1/events"
