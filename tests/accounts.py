"""People who are known, made without a mail."""

from __future__ import annotations

import uuid
from datetime import timedelta

from app.db import Session
from app.kit import clock
from app.kit.addresses import parse_email
from app.services import accounts
from app.services.locks import lock_address


def person(session: Session, email: str = "ana@example.com", *, is_proved: bool = True) -> uuid.UUID:
    """Make a lite account and give its id."""
    locked = lock_address(session, parse_email(email))
    verified_at = clock.now() - timedelta(days=1) if is_proved else None
    return accounts.create_lite(session, locked.digest, "en", verified_at).id
