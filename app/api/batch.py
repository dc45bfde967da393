"""`POST /api/v1/decisions/batch`: the one question about many people at once, as before a campaign."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from flask import Response, request

from app.api import bodies, guard
from app.api.answers import answer, answer_lines
from app.api.decisions import SCOPE, since
from app.api.shapes import LONGEST_ID, BatchRequest, PurposeBatch, TopicBatch
from app.db import Session
from app.errors import InvalidAddress
from app.http.context import env, transaction
from app.kit import clock
from app.kit.addresses import Address, parse_email, parse_phone
from app.kit.moments import shown
from app.services import batches, decisions, oauth, questions
from app.services.access_tokens import Access
from app.services.batches import ClientIds
from app.services.decisions import Facts
from app.services.questions import Question

MOST_BYTES = 4 * 1024 * 1024
"""For 10,000 of the longest addresses there can be."""
LINES = "application/x-ndjson"
INVALID = "invalid_subject"


def decide_all() -> Response:
    """Ask whether a brand may contact each of many people.

    `subjects` are up to 10,000 e-mail addresses (or telephone numbers, +33…), or with `system` ids of your own there.
    The results stand in the order asked, duplicates kept; what is no subject gets the reason `invalid_subject`. With
    `Accept: application/x-ndjson` there is one result a line. All answers are true for the one moment `evaluated_at`.
    """
    parley = env()
    access = guard.access(parley, SCOPE)
    asked = bodies.read(BatchRequest, MOST_BYTES).root
    guard.refuse_foreign_brand(parley, access, asked.brand)
    guard.charge_for_list(parley, access, len(asked.subjects))
    now = clock.now()
    if isinstance(asked, PurposeBatch):
        question = questions.about_purpose(parley, asked.brand, asked.purpose, now.date())
    else:
        question = questions.about_topic(parley, asked.brand, asked.topic, asked.channel, now.date())
    with transaction() as session:
        found = gather(session, access, question, asked, now)
    results = _results(question, asked.subjects, found, now)
    if LINES in request.accept_mimetypes.values():
        return answer_lines(parley, results, LINES)
    return answer(parley, {"evaluated_at": shown(now), "results": list(results)})


def gather(
    session: Session, access: Access, question: Question, asked: TopicBatch | PurposeBatch, now: datetime
) -> list[Facts | None]:  # fmt: skip
    """Gather the facts about each of the subjects asked about, in their order; None for what is no subject."""
    if asked.system is None:
        addresses = [_read(subject) for subject in asked.subjects]
        known = [address for address in addresses if address is not None]
        facts = iter(batches.facts_of_all(session, question.item, question.brand, known, now))
        return [next(facts) if address is not None else None for address in addresses]
    values = [subject if _is_id(subject) else None for subject in asked.subjects]
    client = oauth.name_of(session, access.client_id) or ""
    ids = ClientIds(client, asked.system, [value for value in values if value is not None])
    facts = iter(batches.facts_by_ids(session, question.item, question.brand, ids, now))
    return [next(facts) if value is not None else None for value in values]


def _is_id(subject: str) -> bool:
    return 0 < len(subject) <= LONGEST_ID and "\0" not in subject


def _read(subject: str) -> Address | None:
    try:
        return parse_phone(subject) if subject.startswith("+") else parse_email(subject)
    except InvalidAddress:
        return None


def _results(
    question: Question, subjects: Sequence[str], found: Sequence[Facts | None], now: datetime
) -> Iterable[dict[str, object]]:  # fmt: skip
    for subject, facts in zip(subjects, found, strict=True):
        if facts is None:
            yield {"subject": subject, "allowed": False, "reason": INVALID, "since": None, "frequency": None}
            continue
        decision = decisions.decide(question.rules, facts, now)
        yield {
            "subject": subject, "allowed": decision.allowed, "reason": decision.reason, "since": shown(since(facts)),
            "frequency": facts.frequency,
        }  # fmt: skip
