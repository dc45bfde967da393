"""The development mailbox: mails that were not sent anywhere, kept sealed to be looked at."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from app.db import Session
from app.environment import environment
from app.kit import clock
from app.kit.ids import new_id
from app.models import DevelopmentMail

LIMIT = 200
"""Mails kept and listed; older ones are deleted as new ones come."""


@dataclass(frozen=True, slots=True)
class Contents:
    """A mail as the mailbox keeps it; `sender` becomes `from`, a reserved word here."""

    to: str
    sender: str
    subject: str
    text: str
    html: str
    headers: dict[str, str]
    kind: str = ""


@dataclass(frozen=True, slots=True)
class KeptMail:
    """A mail in the mailbox."""

    id: uuid.UUID
    sent_at: datetime
    contents: Contents

    def as_json(self) -> dict[str, Any]:
        """Give the object of `/dev/mailbox.json`: to, from, subject, text, html, headers, sent_at."""
        found = asdict(self.contents)
        return {
            "to": found["to"],
            "from": found["sender"],
            **{name: found[name] for name in ("subject", "text", "html", "headers")},
            "sent_at": self.sent_at.isoformat(),
        }


def keep(session: Session, contents: Contents) -> uuid.UUID:
    """Store a mail and forget those beyond the newest `LIMIT`."""
    sealed = environment(session).sealer.seal(json.dumps(asdict(contents), ensure_ascii=False))
    row = DevelopmentMail(id=new_id(), sealed=sealed, sent_at=clock.now())
    session.add(row)
    session.flush()
    old = select(DevelopmentMail.id).order_by(DevelopmentMail.id.desc()).offset(LIMIT)
    session.execute(delete(DevelopmentMail).where(DevelopmentMail.id.in_(old.scalar_subquery())))
    return row.id


def newest(session: Session) -> list[KeptMail]:
    """List the mails, newest first."""
    rows = session.scalars(select(DevelopmentMail).order_by(DevelopmentMail.id.desc()).limit(LIMIT))
    return [_read(session, row) for row in rows]


def find(session: Session, mail_id: uuid.UUID) -> KeptMail | None:
    """Find one mail."""
    row = session.get(DevelopmentMail, mail_id)
    return _read(session, row) if row else None


def forget(session: Session, typed: Collection[str]) -> None:
    """Delete the mails that went to any of these addresses, or name one."""
    wanted = [address.casefold() for address in typed]
    for row in session.scalars(select(DevelopmentMail)).all():
        contents = environment(session).sealer.open(row.sealed).casefold()
        if any(address in contents for address in wanted):
            session.delete(row)
    session.flush()


def _read(session: Session, row: DevelopmentMail) -> KeptMail:
    contents = json.loads(environment(session).sealer.open(row.sealed))
    return KeptMail(row.id, row.sent_at, Contents(**contents))
