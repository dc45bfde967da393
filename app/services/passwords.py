"""Passwords: which are good enough, whose they are, and wrong ones in a row.

They are hashed by the callers (`kit.hashing`), outside of any transaction: it takes a tenth of a second.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.branding.models import SiteGroup
from app.db import Session
from app.kit import clock, hashing
from app.models import Account, ContactPoint, Message, PasswordRow
from app.services.accounts import MAY_SIGN_IN

SHORTEST, LONGEST = 15, 128
"""Code points (NIST SP 800-63B-4, 3.1.1.2: at least 15 where the password is all there is)."""

SHORTEST_OF_TWO = 8
"""The same where a second factor is asked for as well."""

LEAST_SCORE = 3
"""Of zxcvbn: safely unguessable offline would be 4; 3 withstands ten billion guesses."""

JUDGED = 72
"""Characters that zxcvbn looks at; its time grows with their square."""

SHORTEST_WORD = 4
MOST_FAILURES = 100
"""Wrong passwords in a row until only a mail helps, however slowly they come (NIST SP 800-63B-4, 3.2.2)."""


class Weakness(StrEnum):
    """Why a password is not taken."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    PERSONAL = "personal"
    """It holds the name of a house, or part of the person's address."""
    GUESSABLE = "guessable"


@dataclass(frozen=True, slots=True)
class Known:
    """What is on record for an address: an account that has a password, and its hash."""

    account_id: uuid.UUID
    hash: str


def weakness(password: str, known_words: Iterable[str], shortest: int = SHORTEST) -> Weakness | None:
    """Judge a new password; `known_words` are those that an attacker would try first.

    `shortest` is in code points: `SHORTEST_OF_TWO` where a second factor is on. What is hashed is judged, not how it
    was spelt: wide letters, say, would be guessed as narrow ones.
    """
    password = hashing.normal(password)
    if len(password) < shortest:
        return Weakness.TOO_SHORT
    if len(password) > LONGEST:
        return Weakness.TOO_LONG
    words = _worth_refusing(known_words)
    if known_word_in(password, words):
        return Weakness.PERSONAL
    # Its lists of words take 12 MB, in workers that may never see a new password.
    from zxcvbn import zxcvbn  # noqa: PLC0415

    judged = zxcvbn(password[:JUDGED], user_inputs=sorted(words))
    return Weakness.GUESSABLE if judged["score"] < LEAST_SCORE else None


def known_word_in(password: str, known_words: Iterable[str]) -> str:
    """Give the longest of the words that an attacker would try first and this password holds; empty for none."""
    spelt = hashing.normal(password).casefold()
    held = (word for word in _worth_refusing(known_words) if word in spelt)
    return max(held, key=lambda word: (len(word), word), default="")


def known_words(group: SiteGroup, email: str) -> set[str]:
    """List the words of the houses and of an address that its password must not hold."""
    names = [name for site in (group, *group.brands.values()) for name in (site.name, site.slug)]
    return {part for text in (*names, email) for part in (text, *re.split(r"[\W_]+", text))}


def _worth_refusing(known_words: Iterable[str]) -> set[str]:
    return {word.casefold() for word in known_words if len(word) >= SHORTEST_WORD}


def keep(session: Session, account_id: uuid.UUID, hashed: str) -> None:
    """Let `hashed` be the account's password. The caller has locked the account."""
    row = {"account_id": account_id, "hash": hashed, "set_at": clock.now(), "failures": 0}
    statement = upsert(PasswordRow).values(row)
    session.execute(statement.on_conflict_do_update(index_elements=["account_id"], set_=row))


def of_address(session: Session, probes: list[bytes]) -> Known | None:
    """Find the account with a password behind an address, under any of its digests; None while it is locked."""
    query = (
        select(PasswordRow.account_id, PasswordRow.hash)
        .join(ContactPoint, ContactPoint.account_id == PasswordRow.account_id)
        .join(Account, Account.id == PasswordRow.account_id)
        .where(
            ContactPoint.address_digest.in_(probes),
            Account.status.in_(MAY_SIGN_IN),
            PasswordRow.failures < MOST_FAILURES,
        )
    )
    row = session.execute(query).first()
    return Known(row.account_id, row.hash) if row else None


def set_at(session: Session, account_id: uuid.UUID) -> datetime | None:
    """Tell since when an account has its present password; None where it has none."""
    return session.scalar(select(PasswordRow.set_at).where(PasswordRow.account_id == account_id))


def hash_of(session: Session, account_id: uuid.UUID) -> str | None:
    """Give the hash of an account's password; None where it has none."""
    return session.scalar(select(PasswordRow.hash).where(PasswordRow.account_id == account_id))


def is_set_since(session: Session, message_id: uuid.UUID) -> bool:
    """Tell whether whoever has the address of a mail set a password after it: its link is good for none any more.

    Else somebody who got at an older mail could undo what its owner did about that.
    """
    of_owner = (
        ContactPoint.address_digest == Message.address_digest,
        ContactPoint.account_id == PasswordRow.account_id,
    )
    query = select(PasswordRow.account_id).where(
        Message.id == message_id, *of_owner, PasswordRow.set_at > Message.created_at
    )
    return session.scalar(query) is not None


def is_locked(session: Session, account_id: uuid.UUID) -> bool:
    """Tell whether the password was wrong so often that it opens nothing until another one is set."""
    failures = session.scalar(select(PasswordRow.failures).where(PasswordRow.account_id == account_id))
    return failures is not None and failures >= MOST_FAILURES


def lock(session: Session, account_id: uuid.UUID) -> None:
    """Let the password open nothing until another one is set by a link in the mailbox."""
    session.execute(update(PasswordRow).where(PasswordRow.account_id == account_id).values(failures=MOST_FAILURES))


def count_failure(session: Session, account_id: uuid.UUID) -> bool:
    """Count a wrong password, or a wrong code after a right one, and tell whether it was the one that locks it.

    The id may be nobody's.
    """
    failed = update(PasswordRow).where(PasswordRow.account_id == account_id)
    counted = session.scalar(failed.values(failures=PasswordRow.failures + 1).returning(PasswordRow.failures))
    return counted == MOST_FAILURES


def rehash(session: Session, account_id: uuid.UUID, rehashed: str) -> None:
    """Keep the same password under today's parameters."""
    session.execute(update(PasswordRow).where(PasswordRow.account_id == account_id).values(hash=rehashed))


def forgive(session: Session, account_id: uuid.UUID) -> None:
    """Forget what was wrong, since all that was asked for came right."""
    session.execute(update(PasswordRow).where(PasswordRow.account_id == account_id).values(failures=0))
