"""What stands behind the link of a mail that asks whether things go on."""

from __future__ import annotations

import uuid
from typing import NamedTuple

from app.db import Session
from app.models import Message
from app.services import locks, reconsent, tokens
from app.services.messages import QUESTION
from app.services.reconsent import Question


class Behind(NamedTuple):
    """Whom a link asks, and what. No account: the link is too old; no question: nothing is left to answer."""

    account_id: uuid.UUID | None = None
    question: Question | None = None


def read(session: Session, token: str) -> Behind:
    """Read a link: it is as good as the mail it came with, which must have gone to an address of the account of today.

    It asks about the one version that the mail told of. Raises `BadLink`.
    """
    try:
        message = session.get(Message, tokens.read_reconsent(session, token))
    except tokens.ExpiredLink:
        return Behind()
    if message is None or message.account_id is None:
        return Behind()
    if locks.owner_of(session, message.address_digest) != message.account_id:
        return Behind()
    asked = reconsent.questions(session, message.account_id)
    name = message.context.get(QUESTION)
    return Behind(message.account_id, next((each for each in asked if each.name == name), None))
