"""Mails that came back, or were complained about: which of ours a report is about, and whose.

Reports come through a mailbox that anybody can write to, so what they say is only believed where they show a mail that
was sent: by its Message-ID, which holds 74 random bits, or by a signed link to leave out of its header.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from app.db import Session
from app.environment import environment
from app.models import ContactPoint, Message
from app.services import tokens
from app.services.items import items
from app.services.tokens import BadLink, LeaveTarget

BOUNCED, COMPLAINED = "bounced", "complained"
"""Why a mail that was sent did no good (`state_reason`); its state stays, since the server had taken it."""


_TOKEN = re.compile(r"/unsubscribe/([A-Za-z0-9_.=-]+)$")


@dataclass(frozen=True, slots=True)
class Proof:
    """What shows that a report is about a mail of ours: the mail itself, or the link of another sender's."""

    digests: tuple[bytes, ...]
    """The address it went to; of a link all that the person has."""
    brand: str | None
    sent_at: datetime | None = None
    message: uuid.UUID | None = None


def find(session: Session, message_ids: Iterable[str], links: Iterable[str]) -> Proof | None:
    """Find what a report is about: the mail itself first, else by a link that Parley gave to whoever sent it."""
    for message_id in message_ids:
        if (message := sent(session, message_id)) is not None:
            brand = message.brand if message.brand != environment(session).group.slug else None
            return Proof((message.address_digest,), brand, message.created_at, message.id)
    return next((found for link in links if (found := _linked(session, link)) is not None), None)


def sent(session: Session, message_id: str) -> Message | None:
    """Find a mail by the Message-ID it was sent with, exactly: its first part is the mail's own id."""
    local = message_id.strip().removeprefix("<").partition("@")[0]
    try:
        found = session.get(Message, uuid.UUID(local), populate_existing=True)
    except ValueError:
        return None
    exact = f"<{message_id.strip().removeprefix('<').removesuffix('>')}>"
    return found if found is not None and found.message_id == exact else None


def mark(session: Session, message_id: uuid.UUID, reason: str) -> None:
    """Note at a mail that was sent what was reported about it."""
    session.execute(update(Message).where(Message.id == message_id).values(state_reason=reason))


def _linked(session: Session, link: str) -> Proof | None:
    token = _TOKEN.search(link)
    if token is None:
        return None
    try:
        target = tokens.read_unsubscribe(session, token.group(1))
    except BadLink:
        return None
    query = select(ContactPoint.address_digest).where(ContactPoint.account_id == target.account_id)
    return Proof(tuple(session.scalars(query.order_by(ContactPoint.address_digest))), _brand_of(session, target))


def _brand_of(session: Session, target: LeaveTarget) -> str | None:
    if target.item_id is not None:
        item = items(session).find(target.item_id)
        return item.brand if item else None
    return None if target.brand == environment(session).group.slug else target.brand
