"""`POST /api/v1/decisions`: the one question, asked many times a second.

The way is kept short on purpose: a remembered token, one small validation, one statement, bytes out. Whatever is done
here once more costs every caller (`benchmarks/`).
"""

from __future__ import annotations

from datetime import datetime

from flask import Response

from app.api import bodies, guard
from app.api.answers import answer
from app.api.shapes import DecisionRequest, PurposeQuestion, TopicQuestion
from app.api.subjects import identify
from app.environment import Environment
from app.http.context import env
from app.kit import clock
from app.kit.moments import shown
from app.services import decisions, questions
from app.services.decisions import Decision, Facts, Reason
from app.services.folding import Status
from app.services.questions import Question

SCOPE = "consents:read"


def decide() -> Response:
    """Ask whether a brand may contact someone.

    Answers `allowed` with the one `reason` that decided, for a topic on a channel or for a purpose. An unknown subject
    is an answer (`allowed: false`), not an error; an unknown brand, topic, purpose or channel is an error that never
    depends on the subject. The answer sees every change acknowledged before it was asked.
    """
    parley = env()
    access = guard.access(parley, SCOPE)
    asked = bodies.read(DecisionRequest).root
    guard.refuse_foreign_brand(parley, access, asked.brand)
    now = clock.now()
    question = _question(parley, asked, now)
    facts = decisions.ask(parley, question.item, question.brand, identify(asked.subject, access), now)
    return answer(parley, present(question, facts, decisions.decide(question.rules, facts, now), now))


def present(question: Question, facts: Facts, decision: Decision, now: datetime) -> dict[str, object]:
    """Give the answer as JSON."""
    basis = facts.legal_basis
    if basis is None and decision.allowed:
        basis = question.rules.legal_basis
    return {
        "allowed": decision.allowed,
        "reason": decision.reason,
        "status": facts.status or (Reason.PENDING if facts.is_pending else None),
        "since": shown(since(facts)),
        "frequency": facts.frequency,
        "expires_at": shown(facts.expires_at),
        "legal_basis": basis,
        "evaluated_at": shown(now),
    }


def since(facts: Facts) -> datetime | None:
    """Tell when the person acted: confirmed (else granted), or left. Nobody acts when a consent runs out."""
    if facts.status is Status.GRANTED:
        return facts.confirmed_at or facts.granted_at
    return None if facts.status in (None, Status.EXPIRED) else facts.withdrawn_at


def _question(parley: Environment, asked: TopicQuestion | PurposeQuestion, now: datetime) -> Question:
    if isinstance(asked, PurposeQuestion):
        return questions.about_purpose(parley, asked.brand, asked.purpose, now.date())
    return questions.about_topic(parley, asked.brand, asked.topic, asked.channel, now.date())
