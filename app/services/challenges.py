"""Proof of work for forms on other sites: a challenge that costs a visitor's machine a moment, and pays once.

A challenge is nothing but signed words, made by the library altcha; what was spent is a row until it expires.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import altcha
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert as upsert

from app.db import Session
from app.environment import Environment
from app.errors import ProofRefused, ProofSpent
from app.kit import clock
from app.kit.signing import Purpose
from app.models import SpentProof

VERSION = 2
"""Of altcha's challenges; named in each, so that solvers may refuse what they don't know."""
ALGORITHM = "PBKDF2/SHA-256"
ITERATIONS = 5_000
"""Rounds of one try. Making a challenge costs us one try (measured: 3 ms); checking one costs none."""
FEWEST_TRIES = 150
MOST_TRIES = 300
"""A million rounds or so: about a second of a phone of the middle class; measured 0.3 s in Chromium on two cores."""
LASTS = timedelta(minutes=20)
LONGEST_PROOF = 2_000


@dataclass(frozen=True, slots=True)
class Proof:
    """What is good once: work that was done for a sign-up, or something signed that was answered."""

    digest: bytes
    expires_at: datetime

    @classmethod
    def of_token(cls, token: str, lasts: timedelta) -> Proof:
        """Give the proof that a signed token is, which lasts at most so long from now."""
        return cls(hashlib.sha256(token.encode()).digest(), clock.now() + lasts)


def issue(env: Environment, brand: str) -> dict[str, Any]:
    """Make a challenge for a form of `brand`, as JSON. How many tries it takes is chosen here, so that luck is bounded.

    `data.most` is the number that solvers reckon their progress by.
    """
    key = env.signer.derived_keys(Purpose.CHALLENGE)[0]
    challenge = altcha.create_challenge(
        ALGORITHM, ITERATIONS, counter=FEWEST_TRIES + secrets.randbelow(MOST_TRIES - FEWEST_TRIES),
        data={"brand": brand, "most": MOST_TRIES, "version": VERSION},
        expires_at=clock.now() + LASTS, hmac_secret=key, hmac_key_secret=key,
    )  # fmt: skip
    return challenge.to_dict()


def read(env: Environment, brand: str, solved: str) -> Proof:
    """Check a solved challenge, base64 of JSON with `challenge` and `solution`; nothing is spent yet.

    Raises `ProofRefused` when it is malformed, forged, wrong, older than `LASTS`, or another brand's.
    """
    payload = _parse(solved)
    parameters, signature = payload.challenge.parameters, payload.challenge.signature
    keys = env.signer.derived_keys(Purpose.CHALLENGE)
    is_good = any(altcha.verify_solution(payload, key, hmac_key_secret=key).verified for key in keys)
    if not is_good or signature is None or (parameters.data or {}).get("brand") != brand:
        raise ProofRefused("The proof of work is not good. Ask for a new challenge.")
    expires_at = datetime.fromtimestamp(parameters.expires_at or 0, UTC)
    return Proof(hashlib.sha256(signature.encode()).digest(), expires_at)


def spend(session: Session, proof: Proof) -> None:
    """Spend a proof in the caller's transaction; a second one that races for it waits for the first.

    Raises `ProofSpent` when it paid already. The one lock that is taken before those of `services.locks`; whoever
    holds it waits for nobody that could want it.
    """
    if not spend_once(session, proof):
        raise ProofSpent("The proof of work was spent. Ask for a new challenge.")


def spend_once(session: Session, proof: Proof) -> bool:
    """Spend a proof of any kind in the caller's transaction; False where it was spent already."""
    row = {"digest": proof.digest, "expires_at": proof.expires_at}
    taken = upsert(SpentProof).values(row).on_conflict_do_nothing().returning(SpentProof.digest)
    return session.scalar(taken) is not None


def purge(session: Session) -> int:
    """Delete what is too old to be spent again; give how many rows."""
    expired = SpentProof.expires_at < clock.now()
    rows = session.scalar(select(func.count()).select_from(SpentProof).where(expired)) or 0
    session.execute(delete(SpentProof).where(expired))
    return rows


def _parse(solved: str) -> altcha.Payload:
    if len(solved) > LONGEST_PROOF:
        raise ProofRefused("The proof of work is too long.")
    try:
        return altcha.Payload.from_base64(solved)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ProofRefused("The proof of work can't be read.") from None
