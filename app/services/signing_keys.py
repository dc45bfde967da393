"""The keys that sign access tokens: made at first need, sealed at rest, published until they are retired."""

from __future__ import annotations

import json
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.fernet import InvalidToken
from joserfc.jwk import ECKey
from sqlalchemy import func, select, update

from app.db import Session
from app.environment import Environment, environment
from app.kit import clock
from app.models import SigningKey

ALGORITHM = "ES256"
FRESH_SECONDS = 60.0
"""How long a worker goes by the keys it has read; after a rotation all workers know the new ones this much later."""

PATIENCE_SECONDS = 5.0
"""How often at most unknown key ids make a worker read the keys again."""

_CREATION_LOCK = 0x5041524C4559  # "PARLEY"; no lock on an abuse digest is ever as small


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys in force by id, oldest first, and when they were read (seconds since 1970)."""

    keys: Mapping[str, ECKey]
    read_at: float

    @property
    def newest(self) -> ECKey:
        """The key that signs."""
        return list(self.keys.values())[-1]


_rings: weakref.WeakKeyDictionary[Environment, KeyRing] = weakref.WeakKeyDictionary()


def signing_key(env: Environment) -> ECKey:
    """Give the key that signs now; the first call of a deployment makes it."""
    return _ring(env).newest


def verifying_key(env: Environment, key_id: str) -> ECKey | None:
    """Give the key of this id, also one that another worker made since; None when there is none in force."""
    ring = _ring(env)
    if key_id not in ring.keys and clock.unix() - ring.read_at > PATIENCE_SECONDS:
        ring = _read_again(env)
    return ring.keys.get(key_id)


def published(env: Environment) -> list[dict[str, Any]]:
    """List the public halves as JSON Web Keys (RFC 7517), all that are not retired."""
    return [key.as_dict(private=False) for key in _ring(env).keys.values()]


def rotate(session: Session) -> str:
    """Add a key, which signs from now on, and give its id. Older ones verify until `retire_older` is called."""
    key = _create(session)
    _rings.pop(environment(session), None)
    return str(key.kid)


def retire_older(session: Session, key_id: str) -> None:
    """Retire every key but `key_id`; wait ten minutes after `rotate`, until no token of theirs is alive."""
    session.execute(
        update(SigningKey)
        .where(SigningKey.id != key_id, SigningKey.retired_at.is_(None))
        .values(retired_at=clock.now())
    )  # fmt: skip
    _rings.pop(environment(session), None)


def _ring(env: Environment) -> KeyRing:
    ring = _rings.get(env)
    if ring is None or clock.unix() - ring.read_at > FRESH_SECONDS:
        ring = _read_again(env)
    return ring


def _read_again(env: Environment) -> KeyRing:
    with env.database.transaction() as session:
        keys = _read(session) or _make_first(session)
    ring = KeyRing(keys, clock.unix())
    _rings[env] = ring
    return ring


def _make_first(session: Session) -> dict[str, ECKey]:
    """Make the first key under a lock, so that workers who start at once agree on one."""
    session.execute(select(func.pg_advisory_xact_lock(_CREATION_LOCK)))
    if not (keys := _read(session)):
        key = _create(session)
        keys = {str(key.kid): key}
    return keys


def _read(session: Session) -> dict[str, ECKey]:
    query = select(SigningKey).where(SigningKey.retired_at.is_(None)).order_by(SigningKey.created_at, SigningKey.id)
    opened = ((row.id, _open(session, row.sealed)) for row in session.scalars(query))
    return {key_id: key for key_id, key in opened if key is not None}


def _open(session: Session, sealed: bytes) -> ECKey | None:
    try:
        text = environment(session).sealer.open(sealed)
    except InvalidToken:
        # Its sealing key was removed from the settings: it counts as retired, and a new one is made if none is left.
        return None
    return ECKey.import_key(json.loads(text))


def _create(session: Session) -> ECKey:
    key = _named(ECKey.generate_key("P-256"))
    text = json.dumps(key.as_dict(private=True))
    session.add(
        SigningKey(
            id=str(key.kid), algorithm=ALGORITHM, sealed=environment(session).sealer.seal(text),
            created_at=clock.now(), retired_at=None,
        )
    )  # fmt: skip
    session.flush()
    return key


def _named(key: ECKey) -> ECKey:
    """Name a key by its thumbprint (RFC 7638), the same in every process."""
    return ECKey.import_key({**key.as_dict(private=True), "kid": key.thumbprint(), "use": "sig", "alg": ALGORITHM})
