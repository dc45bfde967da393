"""Answer whether things go on under a new version of a document: in the centre, after signing in, or from the mail."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.branding.models import Site
from app.db import Session
from app.environment import environment
from app.errors import Gone
from app.kit.provenance import Provenance
from app.models import Account
from app.services import accounts, consents, notices, opt_in, reconsent, reconsent_links, reconsent_words, summaries
from app.services.folding import Line
from app.services.locks import Locked, lock_account
from app.services.reconsent import Question


class Outcome(StrEnum):
    """What came of an answer."""

    AGREED = "agreed"
    LEFT = "left"
    REWORDED = "reworded"
    """The words that were shown are not those of today; nothing was written."""
    OVER = "over"
    """The link asks nothing any more."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of an answer, and the lines it wrote."""

    outcome: Outcome
    lines: Sequence[Line] = ()


def answer(
    session: Session, account_id: uuid.UUID, seen: str, provenance: Provenance, site: Site, *, agrees: bool
) -> Answered:  # fmt: skip
    """Answer the question whose words have the digest `seen` (hexadecimal), from a session. Raises `Gone`.

    Yes is one `renewed` line for each thing it concerns; no withdraws them. Terms are accepted or not yet: no to
    them is nothing to write.
    """
    locked = lock_account(session, account_id)
    account = locked.account(session)
    if account is None or account.status == accounts.ERASED:
        raise Gone("This account is no more.")
    question = _find(session, reconsent.questions(session, account.id), seen, provenance.locale)
    if question is None or (question.change.is_of_account and not agrees):
        return Answered(Outcome.REWORDED)
    answered = _answer(session, locked, account, question, provenance, agrees=agrees)
    if answered.outcome is Outcome.LEFT:
        summaries.summarise(session, locked, account, site, provenance, answered.lines)
    return answered


def answer_by_link(session: Session, token: str, seen: str, provenance: Provenance, *, agrees: bool) -> Answered:
    """Answer the one question of a mail's link, and no other. Raises `BadLink`."""
    account_id = reconsent_links.read(session, token).account_id
    if account_id is None:
        return Answered(Outcome.OVER)
    locked = lock_account(session, account_id)
    account, behind = locked.account(session), reconsent_links.read(session, token)
    if account is None or behind.question is None:
        return Answered(Outcome.OVER)
    question = _find(session, [behind.question], seen, provenance.locale)
    if question is None:
        return Answered(Outcome.REWORDED)
    return _answer(session, locked, account, question, provenance, agrees=agrees)


def _find(session: Session, asked: Sequence[Question], seen: str, locale: str) -> Question | None:
    group = environment(session).group
    return next((each for each in asked if reconsent_words.told(group, each, locale).digest.hex() == seen), None)


def _answer(
    session: Session, locked: Locked, account: Account, question: Question, provenance: Provenance, *, agrees: bool
) -> Answered:  # fmt: skip
    if agrees:
        return Answered(Outcome.AGREED, _agree(session, account, question, provenance))
    opt_in.cancel(session, locked.digests, [item.id for item in question.items], provenance)
    return Answered(Outcome.LEFT, consents.withdraw(session, account, question.items, provenance))


def _agree(session: Session, account: Account, question: Question, provenance: Provenance) -> list[Line]:
    told = reconsent_words.told(environment(session).group, question, provenance.locale)
    seen = notices.keep_words(session, told.text, told.locale)
    slug, version = question.change.document.slug, question.change.version.version.isoformat()
    if question.change.is_of_account:
        consents.accept(session, account, slug, seen, version, provenance)
        return []
    return consents.agree_anew(session, account, question.items, seen, slug, version, provenance)
