"""Phone numbers of accounts: one each, proved by a code that was sent there.

A code is derived from the text it goes out with, under the secret keys: it stands nowhere but in that text, and one
that is sent again after a crash carries the same. It is good for ten minutes, one use and five tries, and only for the
account that asked for it.
"""

from __future__ import annotations

import hmac
import uuid
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.branding.models import Channel
from app.db import Session
from app.environment import environment
from app.kit import clock
from app.kit.signing import Purpose
from app.models import AddressRow, ContactPoint, PhoneProof

CHANNELS = (Channel.SMS, Channel.WHATSAPP, Channel.PHONE)
"""What a number is there for."""
DIGITS = 6
CODE_LASTS = timedelta(minutes=10)
TRIES = 5


def number_of(session: Session, account_id: uuid.UUID) -> str | None:
    """Read the number of an account, in the form of E.164; None where there is none."""
    sealed = session.scalar(
        select(AddressRow.sealed)
        .join(ContactPoint, ContactPoint.address_digest == AddressRow.digest)
        .where(ContactPoint.account_id == account_id, ContactPoint.kind == "phone")
    )
    return environment(session).sealer.open(sealed) if sealed else None


def digest_of(session: Session, account_id: uuid.UUID) -> bytes | None:
    """Give the digest of the number of an account."""
    query = select(ContactPoint.address_digest)
    return session.scalar(query.where(ContactPoint.account_id == account_id, ContactPoint.kind == "phone"))


def attach(session: Session, account_id: uuid.UUID, digest: bytes, at: datetime) -> None:
    """Let a number, just proved, be the account's, whoever had it before and whatever it had before.

    The caller holds the account and both numbers.
    """
    former = (ContactPoint.account_id == account_id) & (ContactPoint.kind == "phone")
    session.execute(delete(ContactPoint).where(former | (ContactPoint.address_digest == digest)))
    session.add(
        ContactPoint(address_digest=digest, account_id=account_id, kind="phone", verified_at=at, is_primary=False)
    )
    session.flush()


def detach(session: Session, account_id: uuid.UUID) -> None:
    """Take the number of an account away, and any code that is waited for. The caller holds both."""
    of_account = (ContactPoint.account_id == account_id, ContactPoint.kind == "phone")
    session.execute(delete(ContactPoint).where(*of_account))
    session.execute(delete(PhoneProof).where(PhoneProof.account_id == account_id))


def begin(session: Session, account_id: uuid.UUID, digest: bytes, message_id: uuid.UUID) -> None:
    """Wait for the code that goes out with a text; an earlier one proves nothing any more."""
    now = clock.now()
    values = {
        "address_digest": digest, "message_id": message_id, "created_at": now, "expires_at": now + CODE_LASTS,
        "tries_left": TRIES,
    }  # fmt: skip
    waiting = upsert(PhoneProof).values(account_id=account_id, **values)
    session.execute(waiting.on_conflict_do_update(index_elements=["account_id"], set_=values))


def waiting(session: Session, account_id: uuid.UUID) -> PhoneProof | None:
    """Give what an account has to prove still; None where its code is used, too old, or was tried too often."""
    proof = session.get(PhoneProof, account_id, populate_existing=True)
    return proof if proof is not None and proof.tries_left > 0 and proof.expires_at > clock.now() else None


def number_waiting(session: Session, account_id: uuid.UUID) -> str | None:
    """Read the number that an account was sent a code to."""
    proof = waiting(session, account_id)
    sealed = (
        session.scalar(select(AddressRow.sealed).where(AddressRow.digest == proof.address_digest)) if proof else None
    )
    return environment(session).sealer.open(sealed) if sealed else None


def code_of(session: Session, account_id: uuid.UUID, message_id: uuid.UUID) -> str | None:
    """Give the code that a text carries; None where it would prove nothing."""
    proof = waiting(session, account_id)
    return _code(_keys(session)[0], proof) if proof is not None and proof.message_id == message_id else None


def enter(session: Session, account_id: uuid.UUID, code: str) -> bool:
    """Use up the code of an account, once; False, with one try less, where it is not the one."""
    tried = (
        update(PhoneProof)
        .where(PhoneProof.account_id == account_id, PhoneProof.tries_left > 0, PhoneProof.expires_at > clock.now())
        .values(tries_left=PhoneProof.tries_left - 1)
        .returning(PhoneProof)
    )
    proof = session.scalars(tried, execution_options={"populate_existing": True}).one_or_none()
    typed = "".join(code.split()).encode()
    if proof is None or not any(hmac.compare_digest(_code(key, proof).encode(), typed) for key in _keys(session)):
        return False
    session.delete(proof)
    session.flush()
    return True


def purge(session: Session) -> int:
    """Delete codes that prove nothing any more; give how many."""
    gone = delete(PhoneProof).where(PhoneProof.expires_at <= clock.now()).returning(PhoneProof.account_id)
    return len(session.scalars(gone).all())


def _keys(session: Session) -> list[bytes]:
    return environment(session).signer.derived_keys(Purpose.PHONE)


def _code(key: bytes, proof: PhoneProof) -> str:
    drawn = int.from_bytes(
        hmac.digest(key, proof.account_id.bytes + proof.address_digest + proof.message_id.bytes, "sha256")
    )
    return f"{drawn % 10**DIGITS:0{DIGITS}d}"
