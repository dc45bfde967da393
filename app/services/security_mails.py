"""Mails that tell the owner of an account what happened to the ways into it."""

from __future__ import annotations

import uuid
from enum import StrEnum

from app.db import Session
from app.services import messages
from app.services.locks import Locked
from app.services.messages import MessageKind

EVENT = "event"
"""Key of the context of such a mail: what happened."""


class Event(StrEnum):
    """What happened."""

    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REMOVED = "passkey_removed"
    PASSWORD_LOCKED = "password_locked"  # noqa: S105 - what happened to it
    """It was wrong so often in a row that it opens nothing any more."""
    SECOND_FACTOR_ON = "second_factor_on"
    SECOND_FACTOR_OFF = "second_factor_off"
    SECOND_FACTOR_RESET = "second_factor_reset"
    """Staff switched it off for somebody who lost the app and the recovery codes."""
    RECOVERY_CODE_USED = "recovery_code_used"
    RECOVERY_CODES_RENEWED = "recovery_codes_renewed"
    PHONE_ADDED = "phone_added"
    PHONE_CHANGED = "phone_changed"
    PHONE_REMOVED = "phone_removed"
    PHONE_LOST = "phone_lost"
    """Somebody else proved that the number is theirs now."""


ABOUT_PHONES = (Event.PHONE_ADDED, Event.PHONE_CHANGED, Event.PHONE_REMOVED, Event.PHONE_LOST)


def tell(session: Session, site: str, locked: Locked, account_id: uuid.UUID, event: Event, locale: str) -> None:
    """Queue the mail about `event` to the account that is `locked`; none where it has no address."""
    if locked.digest:
        messages.queue(
            session, kind=MessageKind.SECURITY_CHANGED, brand=site, address_digest=locked.digest,
            abuse_digest=locked.abuse_digest, locale=locale, account_id=account_id,
            context={EVENT: event.value},
        )  # fmt: skip
