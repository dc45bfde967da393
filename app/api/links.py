"""`POST /api/v1/links`: what other senders put into their mails, so that each of them leads to the centre."""

from __future__ import annotations

from flask import Response

from app.api import bodies, guard
from app.api.answers import answer
from app.api.batch import INVALID, MOST_BYTES, gather
from app.api.shapes import LinksRequest
from app.db import Session
from app.http.context import env, transaction
from app.kit import clock
from app.services import questions, tokens
from app.services.decisions import Facts, Reason
from app.services.questions import Question
from app.services.tokens import LeaveTarget

SCOPE = "links:write"


def make_links() -> Response:
    """Make links to leave and to the preferences, one pair for each recipient of a mail.

    `unsubscribe_url` is for the header `List-Unsubscribe` (RFC 8058, with `List-Unsubscribe-Post`) and for the foot of
    the mail: it leaves this topic on this channel. `manage_url` shows nothing personal; its button mails a link to the
    preferences, or leaves. Both are good for ever, and nothing is stored for them. Whoever is not known has none: such
    an address must not be mailed at all.
    """
    parley = env()
    access = guard.access(parley, SCOPE)
    asked = bodies.read(LinksRequest, MOST_BYTES)
    guard.refuse_foreign_brand(parley, access, asked.brand)
    guard.charge_for_list(parley, access, len(asked.subjects))
    now = clock.now()
    question = questions.about_topic(parley, asked.brand, asked.topic, asked.channel, now.date())
    with transaction() as session:
        found = gather(session, access, question, asked, now)
        links = [
            {"subject": subject, **_links(session, question, each)}
            for subject, each in zip(asked.subjects, found, strict=True)
        ]
    return answer(parley, {"links": links})


def _links(session: Session, question: Question, facts: Facts | None) -> dict[str, str | None]:
    if facts is None or facts.account_id is None:
        reason = INVALID if facts is None else Reason.UNKNOWN_SUBJECT
        return {"unsubscribe_url": None, "manage_url": None, "reason": reason}
    target = LeaveTarget(facts.account_id, item_id=question.item.id)
    return {
        "unsubscribe_url": tokens.unsubscribe_link(session, question.brand, target),
        "manage_url": tokens.manage_link(session, question.brand, facts.account_id),
        "reason": None,
    }
