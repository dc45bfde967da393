"""OAuth clients: other services that may ask about the consents of some brands."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from sqlalchemy import select, update

from app.db import Session
from app.environment import environment
from app.errors import DomainError, UnknownItem
from app.kit import clock
from app.models import OAuthClient

SCOPES: dict[str, str] = {
    "consents:read": "Ask for decisions and look up consents",
    "consents:write": "Record consents taken elsewhere, and withdrawals",
    "links:write": "Make links to leave and to the preference centre",
    "accounts:read": "Read accounts",
    "accounts:write": "Create and change accounts",
    "events:read": "Follow the change feed",
    "suppressions:write": "Add and lift suppressions",
    "imports:write": "Import and export",
}
"""What a service may be allowed to do, with words for people."""

ID_PREFIX = "parley_client_"
SECRET_PREFIX = "parley_secret_"  # noqa: S105 - by which leaked secrets are recognised, not one itself


class UnknownScope(DomainError):
    """No such scope, or none that a service may have."""

    code: ClassVar[str] = "unknown_scope"


@dataclass(frozen=True, slots=True)
class Client:
    """A client that may ask now."""

    id: str
    name: str
    scopes: tuple[str, ...]
    brands: tuple[str, ...]
    """Slugs; a client without brands sees none."""
    quota: int | None = None
    """Requests a minute; what the settings say, where there is none."""


def create(
    session: Session, name: str, scopes: Iterable[str], brands: Iterable[str], quota: int | None = None
) -> tuple[str, str]:  # fmt: skip
    """Create a client and give its id and secret. The secret has 256 random bits and is told only this once.

    `quota` are the requests a minute that it may send, where the settings should not say so. Raises `UnknownScope` for
    a scope that services can't have, `UnknownItem` for a brand that is none.
    """
    wanted_scopes, wanted_brands = sorted(set(scopes)), sorted(set(brands))
    for scope in wanted_scopes:
        if scope not in SCOPES:
            raise UnknownScope(f"There is no scope “{scope}”. There are: {', '.join(SCOPES)}.")
    known = environment(session).group.brands
    for brand in wanted_brands:
        if brand not in known:
            raise UnknownItem(f"There is no brand “{brand}”. There are: {', '.join(known)}.")
    client_id = ID_PREFIX + secrets.token_hex(12)
    secret = SECRET_PREFIX + secrets.token_urlsafe(32)
    session.add(
        OAuthClient(
            id=client_id, name=name, secret_digest=_digest(secret), scopes=wanted_scopes, brands=wanted_brands,
            created_at=clock.now(), revoked_at=None, quota=quota,
        )
    )  # fmt: skip
    session.flush()
    return client_id, secret


def authenticate(session: Session, client_id: str, secret: str) -> Client | None:
    """Give the client if the secret is its own and it was not revoked, compared in constant time."""
    # PostgreSQL takes no NUL in a text, and no id of ours is other than ASCII.
    if not client_id.isascii() or "\0" in client_id:
        return None
    row = session.scalar(select(OAuthClient).where(OAuthClient.id == client_id))
    if row is None or row.revoked_at is not None:
        return None
    if not hmac.compare_digest(row.secret_digest, _digest(secret)):
        return None
    return Client(row.id, row.name, tuple(row.scopes), tuple(row.brands), row.quota)


def name_of(session: Session, client_id: str) -> str | None:
    """Give the name of a client, by which a brand lists those it trusts."""
    return session.scalar(select(OAuthClient.name).where(OAuthClient.id == client_id))


def names(session: Session) -> dict[str, str]:
    """Give the names of all clients by their ids, revoked ones as well."""
    return {row.id: row.name for row in session.execute(select(OAuthClient.id, OAuthClient.name))}


def active(session: Session, client_id: str) -> Client | None:
    """Give a client that was not revoked, as it is now."""
    row = session.get(OAuthClient, client_id)
    if row is None or row.revoked_at is not None:
        return None
    return Client(row.id, row.name, tuple(row.scopes), tuple(row.brands))


def ids_of(session: Session, name: str) -> set[str]:
    """List the ids of all clients of a name, revoked ones too: one that was made anew goes on as the same."""
    return set(session.scalars(select(OAuthClient.id).where(OAuthClient.name == name)))


def revoke(session: Session, client_id: str) -> bool:
    """Refuse new tokens to a client; those it has die within ten minutes. False if there is none left to revoke."""
    revoked = (
        update(OAuthClient)
        .where(OAuthClient.id == client_id, OAuthClient.revoked_at.is_(None))
        .values(revoked_at=clock.now())
    )
    return bool(session.connection().execute(revoked).rowcount)


def set_quota(session: Session, client_id: str, quota: int | None) -> bool:
    """Set the requests a minute of a client, None for those of the settings; its next token has them.

    False for a client that there is not, or that is revoked.
    """
    changed = (
        update(OAuthClient).where(OAuthClient.id == client_id, OAuthClient.revoked_at.is_(None)).values(quota=quota)
    )
    return bool(session.connection().execute(changed).rowcount)


def _digest(secret: str) -> bytes:
    # A plain hash will do: nobody guesses 256 random bits, however fast the hash.
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
