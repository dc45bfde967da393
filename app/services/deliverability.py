"""Whether a suppressed address may still get one mail: the table "Suppression, by reason and kind of mail"."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import or_, select

from app.db import Session
from app.kit import clock
from app.models import ContactPoint, Message, Suppression
from app.services.locks import every_digest
from app.services.message_kinds import TEXTS
from app.services.messages import MessageKind

SUPPRESSED = "suppressed"
FROM_OWN_SESSION = "from_own_session"
"""Key of a message's context: the person asked while signed in, which outweighs an earlier complaint."""

_A_DAY = timedelta(days=1)


class Column(StrEnum):
    """The columns of the table."""

    MARKETING = "marketing"
    CONFIRMATION = "confirmation"
    ACCESS = "access"


COLUMNS = {
    MessageKind.CONFIRM: Column.CONFIRMATION,
    MessageKind.ACCESS: Column.ACCESS,
    MessageKind.ADDRESS_AGREE: Column.ACCESS,
    MessageKind.ADDRESS_PROVE: Column.ACCESS,
    MessageKind.ADDRESS_MOVED: Column.ACCESS,
    MessageKind.ADDRESS_LEFT: Column.ACCESS,
    MessageKind.REGISTER: Column.ACCESS,
    MessageKind.PASSWORD_RESET: Column.ACCESS,
    MessageKind.PASSWORD_CHANGED: Column.ACCESS,
    MessageKind.NEW_DEVICE: Column.ACCESS,
    MessageKind.STEP_UP: Column.ACCESS,
    MessageKind.EXPORT_READY: Column.ACCESS,
    MessageKind.ERASURE_ASKED: Column.ACCESS,
    MessageKind.SECURITY_CHANGED: Column.ACCESS,
    MessageKind.PHONE_CODE: Column.ACCESS,
    MessageKind.PRIVACY_REFERRAL: Column.ACCESS,
    # Nobody waits for these, so an address that must not be contacted is left in peace.
    MessageKind.WELCOME: Column.MARKETING,
    MessageKind.SUMMARY: Column.MARKETING,
    MessageKind.CHECK_IN: Column.MARKETING,
    MessageKind.CHECK_IN_REMINDER: Column.MARKETING,
    MessageKind.RECONSENT: Column.MARKETING,
}

TO_STRANGERS = (MessageKind.ADDRESS_PROVE, MessageKind.PHONE_CODE, MessageKind.PRIVACY_REFERRAL)
"""Kinds that somebody may ask for who does not own the address."""


def refusal(session: Session, message: Message, column: Column | None = None) -> str | None:
    """Give the reason not to send `message` to its address, or None when it may go.

    `column` stands for the message's own kind where what is sent differs from what was asked.
    """
    column = column or COLUMNS[MessageKind(message.kind)]
    now = clock.now()
    for suppression in _standing(session, message):
        if not _may_pass(session, message, column, suppression, now):
            return SUPPRESSED
    return None


def _standing(session: Session, message: Message) -> list[Suppression]:
    query = select(Suppression).where(
        Suppression.address_digest.in_(every_digest(session, message.address_digest)),
        Suppression.lifted_at.is_(None),
        or_(Suppression.brand.is_(None), Suppression.brand == message.brand),
        or_(Suppression.channel.is_(None), Suppression.channel == ("sms" if message.kind in TEXTS else "email")),
    )
    return list(session.scalars(query))


def _may_pass(session: Session, message: Message, column: Column, suppression: Suppression, now: datetime) -> bool:
    has_lapsed = suppression.lapses_at is not None and suppression.lapses_at <= now
    if suppression.reason == "hard_bounce":
        return _may_try(session, message, column, suppression.lapses_at if has_lapsed else None, now)
    if has_lapsed:
        return True
    if column is Column.ACCESS:
        # Whoever asked this for a strange mailbox need not be its owner, who wished to be left in peace.
        return message.kind not in TO_STRANGERS or not _tried_since(session, message, now - _A_DAY)
    is_own_wish = bool(message.context.get(FROM_OWN_SESSION))
    return column is Column.CONFIRMATION and suppression.reason == "complaint" and is_own_wish


def _may_try(session: Session, message: Message, column: Column, lapsed_at: datetime | None, now: datetime) -> bool:
    """Judge a hard bounce, which lapses: one access link a day while it stands, one confirmation after it lapsed."""
    if lapsed_at is None:
        return column is Column.ACCESS and not _tried_since(session, message, now - _A_DAY)
    if column is not Column.CONFIRMATION or _proved_since(session, message.address_digest, lapsed_at):
        return True
    return not _tried_since(session, message, lapsed_at)


def _tried_since(session: Session, message: Message, since: datetime) -> bool:
    query = select(Message.id).where(
        Message.address_digest == message.address_digest,
        Message.kind == message.kind,
        Message.id != message.id,
        Message.created_at > since,
        Message.state.in_(("sent", "dead")),
    )
    return session.scalar(query.limit(1)) is not None


def _proved_since(session: Session, address_digest: bytes, since: datetime) -> bool:
    query = select(ContactPoint.verified_at).where(ContactPoint.address_digest == address_digest)
    verified_at = session.scalar(query)
    return verified_at is not None and verified_at > since
