"""Mail somebody, once, that a document is about to change which their consents rest on."""

from __future__ import annotations

import uuid

from app.db import Session
from app.services import accounts, messages, reconsent, suppressions
from app.services.locks import Locked, lock_account
from app.services.messages import QUESTION, MessageKind
from app.services.reconsent import Change


def ask_anew(session: Session, account_id: uuid.UUID, change: Change) -> bool:
    """Queue the mail about `change`, and note it in the same transaction; tell whether one was queued.

    Nothing is queued for somebody who was mailed about it already, has answered, left, paused or been restricted, whose
    address is not proved, or must not be written to.
    """
    locked = lock_account(session, account_id)
    account = locked.account(session)
    if account is None or not accounts.is_email_proved(session, locked.digest):
        return False
    question = next((each for each in reconsent.questions(session, account_id) if each.name == change.name), None)
    if question is None or question.is_past:
        return False
    writer = reconsent.writer(session, question).slug
    if not _may_write(session, locked, writer) or not reconsent.note_asked(session, account_id, change):
        return False
    messages.queue(
        session, kind=MessageKind.RECONSENT, brand=writer, address_digest=locked.digest,
        abuse_digest=locked.abuse_digest, locale=account.locale, account_id=account_id, context={QUESTION: change.name},
    )  # fmt: skip
    return True


def _may_write(session: Session, locked: Locked, writer: str) -> bool:
    """Ask before noting it: somebody who lets mails come again in time is mailed after all."""
    standing = suppressions.in_force(session, [locked.digest])
    return not any(row.brand in {None, writer} and row.channel in {None, "email"} for row in standing)
