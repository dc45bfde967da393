"""Mails to deliver: queued with their cause, counted against floods, and what became of them.

States: `queued`, then `sent`, `dropped` (must not or need not go; `state_reason` says why) or `dead` (given up;
staff can `replay` it).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import delete, select, update

from app.db import Database, Session, run
from app.environment import environment
from app.kit import clock
from app.kit.ids import first_id_at, new_id
from app.models import ContactPoint, Message, OptInRequest
from app.services import outbox
from app.services.message_kinds import PATIENT, UNCOUNTED, MessageKind

__all__ = ["MessageKind", "MessageState"]

WINDOW, KEPT = timedelta(hours=24), timedelta(days=90)
PER_ADDRESS_AND_BRAND = 3
PER_MAILBOX = 10


class MessageState(StrEnum):
    """What became of a mail."""

    QUEUED = "queued"
    SENT = "sent"
    DROPPED = "dropped"
    DEAD = "dead"


DEVICE, SESSION, REQUEST, QUESTION, WISH = "device", "session", "request", "question", "wish"
"""Keys of contexts: the name of a new device, the digest of the session a code is for, the id of a privacy request,
the name of a document's version (`reconsent.Question.name`), what is asked for (`privacy_referrals.Kind`)."""

_UNSENT_SUMMARY = (
    Message.kind == MessageKind.SUMMARY, Message.state == MessageState.QUEUED, Message.attempts == 0,
)  # fmt: skip

_INSERT = """
    INSERT INTO message (id, kind, brand, locale, address_digest, abuse_digest, account_id, request_id, context,
                         state, attempts, message_id, created_at)
    SELECT %(id)s, %(kind)s, %(brand)s, %(locale)s, %(address)s, %(abuse)s, %(account)s, %(request)s, %(context)s,
           'queued', 0, %(message_id)s, %(now)s
     WHERE %(uncounted)s::boolean OR (
       (SELECT count(*) FROM (SELECT 1 FROM message
         WHERE address_digest = %(address)s AND brand = %(brand)s AND created_at > %(since)s AND kind <> ALL(%(free)s)
         LIMIT %(per_address)s) AS same_brand) < %(per_address)s
       AND
       (SELECT count(*) FROM (SELECT 1 FROM message
         WHERE abuse_digest = %(abuse)s AND created_at > %(since)s AND kind <> ALL(%(free)s)
         LIMIT %(per_mailbox)s) AS same_mailbox) < %(per_mailbox)s)
    RETURNING id"""


def queue(
    session: Session,
    *,
    kind: MessageKind | str,
    brand: str,
    address_digest: bytes,
    abuse_digest: bytes,
    locale: str,
    account_id: uuid.UUID | None = None,
    request_id: uuid.UUID | None = None,
    context: dict[str, Any] | None = None,
    schedule_in_seconds: int = 0,
) -> uuid.UUID | None:
    """Queue one mail with its job and give its id; None, with nothing queued, when the address had its share.

    The caller holds the advisory lock on `abuse_digest`, else racing requests could each see room for one more.
    In 24 h an address gets at most 3 mails of a brand, a mailbox at most 10 of all brands, counted over all kinds but
    the `UNCOUNTED` ones. Mails that were dropped later count too: were a suppressed or unknown address not charged, the
    fourth request for it would still write rows while the fourth for a known one does not, and the time would tell
    them apart. `brand` may be the group's slug; `context` holds ids, never addresses. Two round trips.
    """
    kind, message = MessageKind(kind), new_id()
    values = {
        "id": message, "kind": kind.value, "brand": brand, "locale": locale, "address": address_digest,
        "abuse": abuse_digest, "account": account_id, "request": request_id, "context": Jsonb(context or {}),
        "message_id": message_id_of(session, brand, message), "now": clock.now(), **_limits(kind),
    }  # fmt: skip
    if run(session, _INSERT, values).fetchone() is None:
        return None
    priority = -1 if kind in PATIENT else 0
    outbox.enqueue(
        session, outbox.DELIVER, schedule_in_seconds=schedule_in_seconds, priority=priority, message_id=message
    )
    return message


def purge(session: Session, limit: int = 5_000) -> int:
    """Delete up to `limit` mails settled more than 90 days ago; what they prove stands in the details of the ledger.

    Their ids are UUIDv7, so the primary key finds the old ones.
    """
    oldest_kept = first_id_at(clock.now() - KEPT)
    old = select(Message.id).where(Message.id < oldest_kept, Message.state != MessageState.QUEUED)
    gone = session.scalars(delete(Message).where(Message.id.in_(old.limit(limit))).returning(Message.id))
    return len(gone.all())


def replay(session: Session, message_id: uuid.UUID) -> bool:
    """Queue a dead message once more, with all its tries; False if it is not dead. Its Message-ID stays."""
    revived = (
        update(Message)
        .where(Message.id == message_id, Message.state == MessageState.DEAD)
        .values(state=MessageState.QUEUED, state_reason=None, attempts=0)
    )
    if not session.connection().execute(revived).rowcount:
        return False
    outbox.enqueue(session, outbox.DELIVER, message_id=message_id)
    return True


def replay_all(session: Session, limit: int = 1000) -> int:
    """Queue up to `limit` dead messages once more, oldest first, and give their number."""
    dead = select(Message.id).where(Message.state == MessageState.DEAD).order_by(Message.created_at).limit(limit)
    return sum(replay(session, message) for message in session.scalars(dead).all())


def begin_attempt(session: Session, message_id: uuid.UUID) -> Message | None:
    """Count one more try and give the message; None when there is nothing to send (any more).

    Counting before sending makes an end also for a message that kills its worker each time.
    """
    started = (
        update(Message)
        .where(Message.id == message_id, Message.state == MessageState.QUEUED)
        .values(attempts=Message.attempts + 1)
        .returning(Message)
    )
    return session.scalars(started).one_or_none()


def settle(
    session: Session,
    message: Message,
    state: MessageState,
    *,
    reason: str | None = None,
    answer: str | None = None,
    request_id: uuid.UUID | None = None,
) -> None:
    """Record what became of a message. One that was erased meanwhile stays erased.

    `request_id` names the opt-in request whose link went out; it counts the mail too.
    """
    now = clock.now()
    values: dict[str, Any] = {"state": state, "state_reason": reason, "server_answer": answer}
    if state is MessageState.SENT:
        values |= {"sent_at": now, "request_id": request_id}
    if not session.connection().execute(update(Message).where(Message.id == message.id).values(values)).rowcount:
        return
    if request_id is not None:
        sent_for = (OptInRequest.address_digest == message.address_digest, OptInRequest.id == request_id)
        counted = {"mails_sent": OptInRequest.mails_sent + 1, "last_mail_at": now}
        session.execute(update(OptInRequest).where(*sent_for).values(counted))


def is_queued(session: Session, kind: MessageKind | str, account_id: uuid.UUID, brand: str) -> bool:
    """Tell whether such a mail waits that will still tell of what this transaction changes.

    The row is held until the end of the transaction, so that the courier, which writes to it before it reads what to
    say, waits for the change.
    """
    own = select(ContactPoint.address_digest).where(ContactPoint.account_id == account_id)
    waiting = select(Message.id).where(
        Message.address_digest.in_(own),
        Message.account_id == account_id,
        Message.brand == brand,
        Message.kind == MessageKind(kind),
        Message.state == MessageState.QUEUED,
        Message.attempts == 0,
    )
    return session.scalar(waiting.limit(1).with_for_update(read=True)) is not None


def withdraw_summaries(session: Session, account_id: uuid.UUID) -> list[dict[str, Any]]:
    """Drop the summaries that wait for an account, since another mail will tell it all; give their contexts."""
    own = select(ContactPoint.address_digest).where(ContactPoint.account_id == account_id)
    waiting = (Message.address_digest.in_(own), Message.account_id == account_id, *_UNSENT_SUMMARY)
    withdrawn = update(Message).where(*waiting).values(state=MessageState.DROPPED, state_reason="gathered")
    return list(session.scalars(withdrawn.returning(Message.context)))


def redirect(session: Session, account_id: uuid.UUID, old: bytes, new: bytes, abuse_digest: bytes) -> None:
    """Let what waits to tell an account of its own acts go to its new address, however often it was tried."""
    own_acts = Message.kind.in_([MessageKind.SUMMARY, MessageKind.WELCOME, MessageKind.RECONSENT])
    of_account = (Message.address_digest == old, Message.account_id == account_id)
    waiting = (*of_account, own_acts, Message.state == MessageState.QUEUED)
    session.execute(update(Message).where(*waiting).values(address_digest=new, abuse_digest=abuse_digest))


def is_asked(session: Session, address_digest: bytes, request_id: uuid.UUID, since: datetime) -> bool:
    """Tell whether a mail to confirm this request was queued at `since` or later."""
    of_request = (Message.address_digest == address_digest, Message.request_id == request_id)
    query = select(Message.id).where(*of_request, Message.created_at >= since).limit(1)
    return session.scalar(query) is not None


def is_followed(session: Session, message: Message) -> bool:
    """Tell whether a younger mail of the same kind, brand and request waits for the same address."""
    query = select(Message.id).where(
        Message.address_digest == message.address_digest,
        Message.brand == message.brand,
        Message.kind == message.kind,
        Message.request_id.is_not_distinct_from(message.request_id),
        Message.id > message.id,
        Message.state == MessageState.QUEUED,
    )
    return session.scalar(query.limit(1)) is not None


def address_of(session: Session, message_id: uuid.UUID) -> bytes | None:
    """Give the digest of the address a mail went to; None when the mail is gone."""
    return session.scalar(select(Message.address_digest).where(Message.id == message_id))


def has_link(session: Session, message_id: uuid.UUID) -> bool:
    """Tell whether the link of a mail was not used yet."""
    unused = select(Message.id).where(Message.id == message_id, Message.link_used_at.is_(None))
    return session.scalar(unused) is not None


def use_link(session: Session, message_id: uuid.UUID) -> bool:
    """Use up the link that came with a mail: True for the first who does, False ever after."""
    unused = update(Message).where(Message.id == message_id, Message.link_used_at.is_(None))
    return session.connection().execute(unused.values(link_used_at=clock.now())).rowcount == 1


def evidence(session: Session, request_id: uuid.UUID) -> dict[str, Any]:
    """Give the Message-ID and the server's answer of the last mail that carried the link of a request, as JSON."""
    # The address comes first in the index that finds a mail, hence the way through the request.
    owner = select(OptInRequest.address_digest).where(OptInRequest.id == request_id).scalar_subquery()
    query = select(Message).where(
        Message.address_digest == owner, Message.request_id == request_id, Message.state == MessageState.SENT
    )
    mail = session.scalar(query.order_by(Message.sent_at.desc()).limit(1))
    if mail is None or mail.sent_at is None:
        return {}
    return {
        "message_id": mail.message_id,
        "sent_at": mail.sent_at.isoformat(),
        "server_answer": mail.server_answer,
    }


@contextmanager
def claim(database: Database, message_id: uuid.UUID) -> Iterator[bool]:
    """Hold a message for one worker while it is sent; yields False when another one holds it.

    An advisory lock of this thread's own connection: no row stays locked and no transaction open during a slow SMTP
    conversation, and PostgreSQL drops the claim with the connection when the worker dies.
    """
    key = int.from_bytes(message_id.bytes[8:], signed=True)
    row = database.read(b"SELECT pg_try_advisory_lock($1::bigint)", [b"%d" % key])
    if row is None or row[0] != b"t":
        yield False
        return
    reader = database.reader()
    try:
        yield True
    finally:
        try:
            reader.execute("SELECT pg_advisory_unlock(%s)", (key,))
        except psycopg.OperationalError:
            reader.close()


def message_id_of(session: Session, brand: str, message: uuid.UUID) -> str:
    """Give the Message-ID (RFC 5322, section 3.6.4) that a mail carries, however often it is sent."""
    site = environment(session).group.site(brand)
    if site is None:
        raise LookupError(brand)
    return f"<{message}@{site.sender.address.rpartition('@')[2]}>"


def _limits(kind: MessageKind) -> dict[str, Any]:
    return {
        "uncounted": kind in UNCOUNTED,
        "free": [each.value for each in UNCOUNTED],
        "since": clock.now() - WINDOW,
        "per_address": PER_ADDRESS_AND_BRAND,
        "per_mailbox": PER_MAILBOX,
    }
