"""Many mails at once, of kinds that the limits leave out: each with its job, in two statements."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert

from app.db import Session
from app.kit import clock
from app.models import Message
from app.services import messages, outbox
from app.services.locks import Locked
from app.services.message_kinds import PATIENT, UNCOUNTED, MessageKind
from app.services.messages import MessageState


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail to be, to the primary address of an account that is locked."""

    id: uuid.UUID
    kind: MessageKind
    brand: str
    locale: str
    to: Locked
    context: Mapping[str, Any] = field(default_factory=dict)


def queue_all(session: Session, mails: Sequence[Mail]) -> None:
    """Queue mails of one kind, which is not counted, behind those that people wait for."""
    if not mails:
        return
    kind = mails[0].kind
    assert kind in UNCOUNTED and kind in PATIENT  # noqa: S101, PT018 - others go through `messages.queue`
    session.flush()
    session.execute(insert(Message), [_row(session, each) for each in mails])
    outbox.enqueue_all(session, outbox.DELIVER, [{"message_id": each.id} for each in mails], priority=-1)


def _row(session: Session, mail: Mail) -> dict[str, Any]:
    return {
        "id": mail.id, "kind": mail.kind.value, "brand": mail.brand, "locale": mail.locale,
        "address_digest": mail.to.digest, "abuse_digest": mail.to.abuse_digest, "account_id": mail.to.account_id,
        "context": dict(mail.context), "state": MessageState.QUEUED.value, "attempts": 0,
        "message_id": messages.message_id_of(session, mail.brand, mail.id), "created_at": clock.now(),
    }  # fmt: skip
