"""Accounts: people known to the group, and the addresses that reach them."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import delete, literal, select, union, update

from app.db import Session
from app.environment import environment
from app.kit import clock, ids
from app.models import Account, AddressRow, ContactPoint, ProfileRow
from app.services.ledger import FIRST_MAC

LITE = "lite"
FULL = "full"
ACTIVE = "active"
ERASED = "erased"
RESTRICTED = "restricted"
MAY_SIGN_IN = (ACTIVE, RESTRICTED)
"""Whoever asked us to hold their data still must be able to take that back."""

POST = "post"
"""The kind of a postal address among those an account has; it lies in the profile (`services.profile`)."""

TERMS = "terms"
"""The document of the group that a full account rests on."""

_DEVICES = "devices"
"""Key of a profile: the names of devices that signed in, such as `Firefox on Linux`."""
MOST_DEVICES = 20

_LANGUAGE = "language"
"""Key of a profile: the language that the person chose; `locale` may have been guessed when they signed up."""


def create_lite(session: Session, digest: bytes, locale: str, verified_at: datetime | None) -> Account:
    """Make a lite account with one e-mail address, which the caller has locked and which no account owns."""
    account = Account(
        id=ids.new_id(), kind=LITE, status=ACTIVE, locale=locale, profile={}, created_at=clock.now(),
        registered_at=None, last_seen_at=None, last_sequence=0, last_mac=FIRST_MAC,
    )  # fmt: skip
    session.add(account)
    session.add(
        ContactPoint(
            address_digest=digest, account_id=account.id, kind="email", verified_at=verified_at, is_primary=True
        )
    )
    session.flush()
    return account


def register(account: Account) -> None:
    """Let an account be a full one from now on: same id, same consents, same centre. The caller has locked it."""
    account.kind = FULL
    account.registered_at = clock.now()


def meet_device(account: Account, name: str) -> bool:
    """Note a device that the person signed in with; tell whether it is a new one among others that are known."""
    known: list[str] = account.profile.get(_DEVICES, [])
    if name in known:
        return False
    account.profile = {**account.profile, _DEVICES: [*known, name][-MOST_DEVICES:]}
    return bool(known)


def mark_verified(session: Session, digest: bytes, at: datetime) -> None:
    """Note that the owner of an address acted from its mailbox; the first time stays."""
    session.execute(
        update(ContactPoint)
        .where(ContactPoint.address_digest == digest, ContactPoint.verified_at.is_(None))
        .values(verified_at=at)
    )


def replace_email(session: Session, account_id: uuid.UUID, old: bytes, new: bytes, at: datetime) -> None:
    """Let `new`, just proved, be the account's primary e-mail address in the place of `old`.

    The caller holds both addresses and knows that `new` is no one else's.
    """
    session.execute(delete(ContactPoint).where(ContactPoint.address_digest.in_([old, new])))
    session.add(ContactPoint(address_digest=new, account_id=account_id, kind="email", verified_at=at, is_primary=True))
    session.flush()


def find(session: Session, account_id: uuid.UUID) -> Account | None:
    """Find an account by its id."""
    return session.get(Account, account_id)


def choose_language(account: Account, locale: str) -> None:
    """Keep the language that a person chose for the pages behind a session and the mails to them."""
    account.locale = locale
    account.profile = {**account.profile, _LANGUAGE: locale}


def forget_language(account: Account) -> None:
    """Take the choice of a language back; the last one stays what is guessed."""
    account.profile = {key: value for key, value in account.profile.items() if key != _LANGUAGE}


def chosen_language(account: Account) -> str | None:
    """Give the language that the person chose; None when theirs was only guessed so far."""
    return account.profile.get(_LANGUAGE)


def primary_email(session: Session, account_id: uuid.UUID) -> str | None:
    """Read the account's primary e-mail address back, as it was typed."""
    sealed = session.scalar(
        select(AddressRow.sealed)
        .join(ContactPoint, ContactPoint.address_digest == AddressRow.digest)
        .where(ContactPoint.account_id == account_id, ContactPoint.is_primary, ContactPoint.kind == "email")
    )
    return environment(session).sealer.open(sealed) if sealed else None


def is_email_proved(session: Session, digest: bytes) -> bool:
    """Tell whether the owner of an e-mail address acted from its mailbox."""
    proved = (
        ContactPoint.address_digest == digest,
        ContactPoint.kind == "email",
        ContactPoint.verified_at.is_not(None),
    )
    return session.scalar(select(ContactPoint.account_id).where(*proved)) is not None


def channels_reached(session: Session, account_id: uuid.UUID) -> set[str]:
    """List the kinds of address an account has: `email`, `phone`, and `post` where the profile has one."""
    points = select(ContactPoint.kind).where(ContactPoint.account_id == account_id)
    postal = select(literal(POST)).where(ProfileRow.account_id == account_id, ProfileRow.kind == "address")
    return set(session.scalars(union(points, postal)))
