"""Passkeys (WebAuthn Level 3): whose they are, and what an authenticator must show to add one or to sign in.

A challenge is a signed token: it says what it is for and, of an addition, by which session; it is good for two minutes
and once. It comes back in the client data that the authenticator signs, so nothing needs to be kept until then.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

import webauthn
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from webauthn.helpers import (
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from app.db import Session
from app.environment import environment
from app.kit import clock
from app.kit.signing import BadLink, ExpiredLink, Purpose
from app.models import PasskeyRow
from app.services.challenges import Proof

LASTS = timedelta(minutes=2)
MOST = 20
"""Passkeys of one account."""
LONGEST_NAME = 60
LONGEST_ANSWER = 20_000
"""Characters of what a browser sends; real ones have 500 to 6,000."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """A passkey that an authenticator has made, checked; `proof` is to be spent with it."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    transports: list[str]
    proof: Proof


@dataclass(frozen=True, slots=True)
class Shown:
    """A passkey whose owner is there and verified; `proof` is to be spent with it."""

    account_id: uuid.UUID
    credential_id: bytes
    former_count: int
    sign_count: int
    proof: Proof


def options_to_add(session: Session, account_id: uuid.UUID, session_digest: bytes, email: str) -> str:
    """Give what a browser needs to have a passkey made, as JSON: discoverable, and with user verification.

    The user handle is the account id, which says nothing of the person (section 14.6.1). No attestation is asked for.
    """
    own = [
        PublicKeyCredentialDescriptor(row.credential_id, transports=[AuthenticatorTransport(t) for t in row.transports])
        for row in of_account(session, account_id)
    ]
    options = webauthn.generate_registration_options(
        rp_id=_host(session), rp_name=environment(session).group.name, user_id=account_id.bytes, user_name=email,
        challenge=_challenge(session, Purpose.PASSKEY_ADD, session_digest.hex()), exclude_credentials=own,
        timeout=_milliseconds(), authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
    )  # fmt: skip
    return webauthn.options_to_json(options)


def options_to_sign_in(session: Session) -> str:
    """Give what a browser needs to have a passkey chosen and shown, as JSON: the same for everybody."""
    options = webauthn.generate_authentication_options(
        rp_id=_host(session), challenge=_challenge(session, Purpose.PASSKEY_SIGN_IN, ""), timeout=_milliseconds(),
        user_verification=UserVerificationRequirement.REQUIRED,
    )  # fmt: skip
    return webauthn.options_to_json(options)


def read_new(session: Session, session_digest: bytes, answer: str) -> NewPasskey | None:
    """Check a new passkey (section 7.1), as JSON of the browser; None for all that is not as it should be."""
    credential = _tried(lambda: parse_registration_credential_json(_sized(answer)))
    if credential is None:
        return None
    challenge = _answered(session, Purpose.PASSKEY_ADD, credential.response.client_data_json, session_digest.hex())
    if challenge is None:
        return None
    expected = _expected(session, challenge)
    verified = _tried(lambda: webauthn.verify_registration_response(credential=credential, **expected))
    if verified is None:
        return None
    transports = [each.value for each in credential.response.transports or ()]
    proof = Proof.of_token(challenge, LASTS)
    return NewPasskey(
        verified.credential_id, verified.credential_public_key, verified.sign_count, transports, proof
    )  # fmt: skip


def read_shown(session: Session, answer: str) -> Shown | None:
    """Check what signs in (section 7.2), as JSON of the browser; None alike for unknown passkeys and all else.

    The user handle must be that of the owner. A count of signatures that does not grow tells of a copy; authenticators
    that keep none always say 0.
    """
    credential = _tried(lambda: parse_authentication_credential_json(_sized(answer)))
    if credential is None:
        return None
    challenge = _answered(session, Purpose.PASSKEY_SIGN_IN, credential.response.client_data_json, "")
    row = session.scalar(select(PasskeyRow).where(PasskeyRow.credential_id == credential.raw_id))
    if challenge is None or row is None or credential.response.user_handle != row.account_id.bytes:
        return None
    expected: dict[str, Any] = {
        **_expected(session, challenge), "credential_public_key": row.public_key,
        "credential_current_sign_count": row.sign_count,
    }  # fmt: skip
    verified = _tried(lambda: webauthn.verify_authentication_response(credential=credential, **expected))
    if verified is None:
        return None
    proof = Proof.of_token(challenge, LASTS)
    return Shown(row.account_id, row.credential_id, row.sign_count, verified.new_sign_count, proof)


def keep(session: Session, account_id: uuid.UUID, new: NewPasskey, name: str) -> bool:
    """Keep a new passkey; False where it is somebody's already. The caller has locked the account."""
    row = {
        "account_id": account_id, "credential_id": new.credential_id, "public_key": new.public_key,
        "sign_count": new.sign_count, "name": name[:LONGEST_NAME], "transports": new.transports,
        "created_at": clock.now(), "last_used_at": None,
    }  # fmt: skip
    kept = upsert(PasskeyRow).values(row).on_conflict_do_nothing().returning(PasskeyRow.account_id)
    return session.scalar(kept) is not None


def use(session: Session, shown: Shown) -> bool:
    """Note that a passkey signed in; False where it was removed, or another sign-in with it came first."""
    same = update(PasskeyRow).where(
        *_one(shown.account_id, shown.credential_id), PasskeyRow.sign_count == shown.former_count
    )
    used = same.values(sign_count=shown.sign_count, last_used_at=clock.now())
    return session.connection().execute(used).rowcount == 1


def of_account(session: Session, account_id: uuid.UUID) -> list[PasskeyRow]:
    """List the passkeys of an account, the oldest first."""
    query = select(PasskeyRow).where(PasskeyRow.account_id == account_id)
    return list(session.scalars(query.order_by(PasskeyRow.created_at, PasskeyRow.credential_id)))


def count(session: Session, account_id: uuid.UUID) -> int:
    """Count the passkeys of an account."""
    return session.scalar(select(func.count()).where(PasskeyRow.account_id == account_id)) or 0


def rename(session: Session, account_id: uuid.UUID, credential_id: bytes, name: str) -> None:
    """Call a passkey of an account something else."""
    session.execute(update(PasskeyRow).where(*_one(account_id, credential_id)).values(name=name[:LONGEST_NAME]))


def remove(session: Session, account_id: uuid.UUID, credential_id: bytes) -> bool:
    """Forget a passkey of an account; False where there is no such one."""
    gone = delete(PasskeyRow).where(*_one(account_id, credential_id)).returning(PasskeyRow.account_id)
    return session.scalar(gone) is not None


def _one(account_id: uuid.UUID, credential_id: bytes) -> tuple[Any, Any]:
    return PasskeyRow.account_id == account_id, PasskeyRow.credential_id == credential_id


def _challenge(session: Session, purpose: Purpose, bound_to: str) -> bytes:
    """Make a challenge with 128 random bits in it (section 13.4.3)."""
    return environment(session).signer.sign(purpose, [bound_to, secrets.token_urlsafe(16)]).encode()


def _answered(session: Session, purpose: Purpose, client_data: bytes, bound_to: str) -> str | None:
    """Give the challenge that was answered, where we made it for this, of late; else None."""
    token = _tried(lambda: parse_client_data_json(client_data).challenge.decode("ascii"))
    if token is None:
        return None
    try:
        made_for, _nonce = environment(session).signer.read(purpose, token, LASTS)
    except (BadLink, ExpiredLink):
        return None
    return token if made_for == bound_to else None


def _expected(session: Session, challenge: str) -> dict[str, Any]:
    return {
        "expected_challenge": challenge.encode(), "expected_rp_id": _host(session),
        "expected_origin": environment(session).settings.origin, "require_user_verification": True,
    }  # fmt: skip


def _host(session: Session) -> str:
    """Give the relying party's id: one for all houses, since they share an origin."""
    return urlsplit(environment(session).settings.origin).hostname or ""


def _milliseconds() -> int:
    return int(LASTS.total_seconds() * 1000)


def _sized(answer: str) -> str:
    if len(answer) > LONGEST_ANSWER:
        raise ValueError("longer than any passkey's answer")
    return answer


def _tried(read: Callable[[], T]) -> T | None:
    """Give what the library makes of something that anyone may have sent; None where it takes offence."""
    try:
        return read()
    except Exception:  # noqa: BLE001 - its parsers raise what theirs raise; nothing but them runs in here
        return None
