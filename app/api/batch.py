"""`POST /api/v1/decisions/batch`: the one question about many people at once, as before a campaign."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from flask import Response, request

from app.api import bodies, guard
from app.api.answers import answer, answer_lines
from app.api.decisions import SCOPE, since
from app.api.shapes import BatchRequest, PurposeBatch
from app.errors import InvalidAddress
from app.http.context import env, transaction
from app.kit import clock
from app.kit.addresses import Address, parse_email, parse_phone
from app.kit.moments import shown
from app.services import batches, decisions, questions
from app.services.decisions import Facts
from app.services.questions import Question

MOST_BYTES = 4 * 1024 * 1024
"""For 10,000 of the longest addresses there can be."""
LINES = "application/x-ndjson"
INVALID = "invalid_subject"


def decide_all() -> Response:
    """Ask whether a brand may contact each of many people.

    `subjects` are up to 10,000 e-mail addresses (or telephone numbers, +33…). The results stand in the order asked,
    duplicates kept; what is no address gets the reason `invalid_subject`. With `Accept: application/x-ndjson` there is
    one result a line. All answers are true for the one moment `evaluated_at`.
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
    addresses = read_subjects(asked.subjects)
    known = [address for address in addresses if address is not None]
    with transaction() as session:
        facts = iter(batches.facts_of_all(session, question.item, question.brand, known, now))
    found = [next(facts) if address is not None else None for address in addresses]
    results = _results(question, asked.subjects, found, now)
    if LINES in request.accept_mimetypes.values():
        return answer_lines(parley, results, LINES)
    return answer(parley, {"evaluated_at": shown(now), "results": list(results)})


def read_subjects(subjects: Sequence[str]) -> list[Address | None]:
    """Read addresses, in their order; None for what is none."""
    return [_read(subject) for subject in subjects]


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
