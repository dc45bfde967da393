"""The second factor: codes of an app (TOTP, RFC 6238), recovery codes in their place, and what is open in between.

Nothing is kept of a secret before its app has shown one right code: until then it travels, signed, with the form.
"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.db import Session
from app.environment import environment
from app.kit import clock, one_time_codes
from app.kit.signing import Purpose
from app.models import RecoveryCodeRow, SecondFactorRow
from app.services import passwords
from app.services.challenges import Proof
from app.services.tokens import BadLink, ExpiredLink

RECOVERY_CODES = 10
RECOVERY_DIGITS = 12
"""40 bits or so, behind a keyed digest and ten tries in five minutes; digits alone, so that one field takes both."""
OFFER_LASTS = timedelta(minutes=15)
TICKET_LASTS = timedelta(minutes=5)


class Used(StrEnum):
    """What a code was."""

    OF_APP = "of_app"
    RECOVERY = "recovery"


@dataclass(frozen=True, slots=True)
class Ticket:
    """A sign-in whose password was right, and whose code is still to come. It opens nothing by itself."""

    account_id: uuid.UUID
    password_set_at: str
    proof: Proof
    """Spent with the first code that is right: one password, one session."""


def offer(session: Session, session_digest: bytes) -> tuple[str, str]:
    """Make a secret for a session to set up; give it, and the token that brings it back within `OFFER_LASTS`."""
    secret = one_time_codes.new_secret()
    return secret, environment(session).signer.sign(Purpose.SECOND_FACTOR, [session_digest.hex(), secret])


def read_offer(session: Session, session_digest: bytes, token: str) -> str | None:
    """Give the secret of a good token; None for one that is forged, old, or another session's."""
    try:
        made_for, secret = environment(session).signer.read(Purpose.SECOND_FACTOR, token, OFFER_LASTS)
    except (BadLink, ExpiredLink):
        return None
    return str(secret) if made_for == session_digest.hex() else None


def is_on(session: Session, account_id: uuid.UUID) -> bool:
    """Tell whether an account asks for a code after the password."""
    return (
        session.scalar(select(SecondFactorRow.account_id).where(SecondFactorRow.account_id == account_id)) is not None
    )


def switch_on(session: Session, account_id: uuid.UUID, secret: str, step: int) -> list[str]:
    """Ask for codes of `secret` from now on, later ones than that of `step`; give the recovery codes.

    None of them is readable again. Empty where it is on already. The caller has locked the account.
    """
    row = {
        "account_id": account_id, "sealed": environment(session).sealer.seal(secret), "confirmed_at": clock.now(),
        "last_step": step,
    }  # fmt: skip
    added = upsert(SecondFactorRow).values(row).on_conflict_do_nothing().returning(SecondFactorRow.account_id)
    return renew_recovery_codes(session, account_id) if session.scalar(added) is not None else []


def switch_off(session: Session, account_id: uuid.UUID) -> None:
    """Ask for the password alone, and forget secret and recovery codes."""
    session.execute(delete(SecondFactorRow).where(SecondFactorRow.account_id == account_id))
    session.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.account_id == account_id))


def renew_recovery_codes(session: Session, account_id: uuid.UUID) -> list[str]:
    """Make recovery codes in the place of all there were, used or not; only their digests are kept."""
    digester = environment(session).digester
    codes = [f"{secrets.randbelow(10**RECOVERY_DIGITS):0{RECOVERY_DIGITS}}" for _ in range(RECOVERY_CODES)]
    session.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.account_id == account_id))
    rows = [{"account_id": account_id, "digest": digester.recovery_code(account_id, code), "used_at": None}
            for code in codes]  # fmt: skip
    session.execute(insert(RecoveryCodeRow), rows)
    return codes


def recovery_codes_left(session: Session, account_id: uuid.UUID) -> int:
    """Count the recovery codes that were not used yet."""
    unused = (RecoveryCodeRow.account_id == account_id, RecoveryCodeRow.used_at.is_(None))
    return session.scalar(select(func.count()).where(*unused)) or 0


def use(session: Session, account_id: uuid.UUID, typed: str) -> Used | None:
    """Use up a code of the app, or a recovery code, however it was typed; None where it is neither (any more)."""
    code = one_time_codes.typed(typed)
    if len(code) == RECOVERY_DIGITS:
        return Used.RECOVERY if _use_recovery_code(session, account_id, code) else None
    return Used.OF_APP if len(code) == one_time_codes.DIGITS and _use_of_app(session, account_id, code) else None


def ticket(session: Session, account_id: uuid.UUID) -> str:
    """Sign that the password of an account was right just now. Another password makes it worth nothing."""
    what = [account_id.hex, str(passwords.set_at(session, account_id)), secrets.token_hex(8)]
    return environment(session).signer.sign(Purpose.SECOND_STEP, what)


def read_ticket(session: Session, token: str) -> Ticket | None:
    """Read what `ticket` made within `TICKET_LASTS`; None where it is anything else."""
    try:
        account, set_at, _nonce = environment(session).signer.read(Purpose.SECOND_STEP, token, TICKET_LASTS)
    except (BadLink, ExpiredLink):
        return None
    return Ticket(uuid.UUID(hex=account), set_at, Proof.of_token(token, TICKET_LASTS))


def is_good(session: Session, found: Ticket) -> bool:
    """Tell whether the password is still the one that was right and opens something, and a code still asked for."""
    is_same = str(passwords.set_at(session, found.account_id)) == found.password_set_at
    return is_same and not passwords.is_locked(session, found.account_id) and is_on(session, found.account_id)


def is_open(session: Session, token: str) -> bool:
    """Tell whether a ticket still leads to the question for a code."""
    found = read_ticket(session, token)
    return found is not None and is_good(session, found)


def _use_of_app(session: Session, account_id: uuid.UUID, code: str) -> bool:
    """Take each step once, and none before it again (RFC 6238, section 5.2), also where two posts race."""
    sealed = session.scalar(select(SecondFactorRow.sealed).where(SecondFactorRow.account_id == account_id))
    step = one_time_codes.step_of(environment(session).sealer.open(sealed), code) if sealed else None
    if step is None:
        return False
    unused = update(SecondFactorRow).where(SecondFactorRow.account_id == account_id, SecondFactorRow.last_step < step)
    return session.connection().execute(unused.values(last_step=step)).rowcount == 1


def _use_recovery_code(session: Session, account_id: uuid.UUID, code: str) -> bool:
    digest = environment(session).digester.recovery_code(account_id, code)
    unused = update(RecoveryCodeRow).where(
        RecoveryCodeRow.account_id == account_id, RecoveryCodeRow.digest == digest, RecoveryCodeRow.used_at.is_(None)
    )
    return session.connection().execute(unused.values(used_at=clock.now())).rowcount == 1
