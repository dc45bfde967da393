"""Access tokens: JWTs after RFC 9068, signed with ES256, at most ten minutes old."""

from __future__ import annotations

import hashlib
import threading
import weakref
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, ClassVar

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jws import extract_compact

from app.environment import Environment
from app.errors import DomainError
from app.kit import clock, ids
from app.services import signing_keys
from app.services.oauth import Client
from app.services.signing_keys import ALGORITHM

LIFETIME_SECONDS = 600
TOKEN_TYPES = frozenset({"at+jwt", "application/at+jwt"})
MAXIMUM_BYTES = 4_096
MALFORMED = (JoseError, ValueError, TypeError, AttributeError, RecursionError)
"""What joserfc and the JSON it reads raise on tokens that are none."""

REMEMBERED = 4_096
"""How many verified tokens a worker remembers; one client needs one in ten minutes."""


class InvalidAccessToken(DomainError):
    """Forged, expired, made for something else, or no token at all."""

    code: ClassVar[str] = "invalid_token"


@dataclass(frozen=True, slots=True)
class Access:
    """What a verified token allows, until `expires_at` (seconds since 1970) and while its key is in force."""

    key_id: str
    client_id: str
    scopes: frozenset[str]
    brands: frozenset[str]
    expires_at: float
    quota: int
    """Requests a minute."""


class Memory:
    """Verified tokens by SHA-256, so that the tokens themselves are not kept. Bounded; the oldest go first."""

    def __init__(self, most: int = REMEMBERED) -> None:
        self._most = most
        self._known: dict[bytes, Access] = {}
        self._lock = threading.Lock()

    def get(self, digest: bytes) -> Access | None:
        """Give what a token allows if it was verified before and has not expired since."""
        access = self._known.get(digest)
        return access if access is not None and access.expires_at > clock.unix() else None

    def add(self, digest: bytes, access: Access) -> None:
        """Remember a token; when there is no room, forget the expired ones, else the oldest."""
        with self._lock:
            if len(self._known) >= self._most:
                now = clock.unix()
                self._known = {key: kept for key, kept in self._known.items() if kept.expires_at > now}
            while len(self._known) >= self._most:
                del self._known[next(iter(self._known))]
            self._known[digest] = access

    def __len__(self) -> int:
        return len(self._known)


_memories: weakref.WeakKeyDictionary[Environment, Memory] = weakref.WeakKeyDictionary()


def audience(env: Environment) -> str:
    """Name the API as tokens do."""
    return f"{env.settings.origin}/api"


def issue(env: Environment, client: Client, scope: str) -> str:
    """Sign a token for `client` with `scope` (space-separated, which the caller has checked)."""
    now = int(clock.unix())
    key = signing_keys.signing_key(env)
    claims = {
        "iss": env.settings.origin,
        "aud": audience(env),
        "sub": client.id,
        "client_id": client.id,
        "iat": now,
        "exp": now + LIFETIME_SECONDS,
        "jti": str(ids.new_id()),
        "scope": scope,
        "brands": list(client.brands),
        **({} if client.quota is None else {"quota": client.quota}),
    }
    return jwt.encode({"alg": ALGORITHM, "typ": "at+jwt", "kid": key.kid}, claims, key, algorithms=[ALGORITHM])


def verify(env: Environment, token: str) -> Access:
    """Give what a token allows; raise `InvalidAccessToken`. What was verified once is remembered until it expires."""
    digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
    memory = _memories.get(env)
    if memory is None:
        memory = _memories.setdefault(env, Memory())
    access = memory.get(digest)
    # A key that was retired, maybe since it leaked, takes what it signed along.
    if access is None or signing_keys.verifying_key(env, access.key_id) is None:
        access = _verify(env, token)
        memory.add(digest, access)
    return access


def _verify(env: Environment, token: str) -> Access:
    if len(token) > MAXIMUM_BYTES or not token.isascii():
        raise InvalidAccessToken("This is no access token.")
    try:
        header = extract_compact(token.encode()).headers()
    except MALFORMED:
        raise InvalidAccessToken("This is no access token.") from None
    # The key comes from our own table by its id, never from the token: `jwk`, `jku` and `x5u` are not looked at.
    key = signing_keys.verifying_key(env, str(header.get("kid")))
    if key is None or str(header.get("typ")).lower() not in TOKEN_TYPES:
        raise InvalidAccessToken("This token is not signed by a key in force here, or is no access token.")
    try:
        claims = jwt.decode(token, key, algorithms=[ALGORITHM]).claims
    except MALFORMED:
        raise InvalidAccessToken("The signature does not fit.") from None
    return _access(env, claims, str(key.kid))


def _access(env: Environment, claims: dict[str, Any], key_id: str) -> Access:
    now = clock.unix()
    aimed_at = claims.get("aud")
    audiences = aimed_at if isinstance(aimed_at, list) else [aimed_at]
    if claims.get("iss") != env.settings.origin or audience(env) not in audiences:
        raise InvalidAccessToken("This token was made for something else.")
    expires_at, scope, brands = claims.get("exp"), claims.get("scope"), claims.get("brands")
    if not isinstance(expires_at, int | float) or not isinstance(scope, str) or not isinstance(brands, list):
        raise InvalidAccessToken("This token lacks claims.")
    if expires_at <= now:
        raise InvalidAccessToken("This token has expired.")
    if expires_at > now + LIFETIME_SECONDS:
        raise InvalidAccessToken("This token would live for longer than any that is issued here.")
    quota = claims.get("quota", env.settings.client_quota)
    client_id = str(claims.get("client_id"))
    return Access(key_id, client_id, frozenset(scope.split()), _texts(brands), float(expires_at), int(quota))


def _texts(values: Collection[object]) -> frozenset[str]:
    return frozenset(value for value in values if isinstance(value, str))
