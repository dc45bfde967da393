"""Keyed digests, by which an address is found without being readable."""

from __future__ import annotations

import hashlib
import hmac
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from app.kit.addresses import Address


@lru_cache(maxsize=64)
def key_id(key: str) -> str:
    """Name a key without telling it: the first 8 hex digits of its SHA-256."""
    return hashlib.sha256(key.encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class Digester:
    """HMAC-SHA-256 under an append-only list of keys, newest last (RFC 2104)."""

    keys: Sequence[str]

    @property
    def key_id(self) -> str:
        """The id of the key that new digests use."""
        return key_id(self.keys[-1])

    def newest(self, address: Address) -> bytes:
        """Digest the identity of an address under the newest key: 32 bytes."""
        return _hmac(self.keys[-1], f"{address.kind}:{address.normal}")

    def probes(self, address: Address) -> list[bytes]:
        """Digest under every key in force, newest first: an address may have been stored under any of them."""
        return [_hmac(key, f"{address.kind}:{address.normal}") for key in reversed(self.keys)]

    def key_ids(self, address: Address) -> dict[bytes, str]:
        """Name the key of each digest that `probes` gives."""
        return dict(zip(self.probes(address), map(key_id, reversed(self.keys)), strict=True))

    def abuse(self, address: Address) -> bytes:
        """Digest the form under which mails are counted; under the oldest key, so that counts survive a rotation."""
        return _hmac(self.keys[0], f"abuse:{address.kind}:{address.abuse}")

    def origin(self, text: str) -> bytes:
        """Digest where a request comes from, to count tries by; under the oldest key, as `abuse`."""
        return _hmac(self.keys[0], f"origin:{text}")

    def request(self, body: bytes) -> bytes:
        """Digest what a service asked, to know it again; under the oldest key, as `abuse`."""
        return hmac.digest(self.keys[0].encode(), b"request:" + body, "sha256")

    def sign_in(self, address: Address) -> bytes:
        """Digest an address to count sign-ins by: known or not, and whatever key it is stored under."""
        return _hmac(self.keys[0], f"sign-in:{address.kind}:{address.normal}")

    def account(self, account_id: uuid.UUID) -> bytes:
        """Digest an account to count tries by."""
        return _hmac(self.keys[0], f"account:{account_id}")

    def second_step(self, account_id: uuid.UUID) -> bytes:
        """Digest an account to count the codes by that are tried after its password."""
        return _hmac(self.keys[0], f"second-step:{account_id}")

    def recovery_code(self, account_id: uuid.UUID, code: str) -> bytes:
        """Digest a recovery code of an account; under the oldest key, as `abuse`, so that it outlives rotations."""
        return _hmac(self.keys[0], f"recovery-code:{account_id}:{code}")


def _hmac(key: str, text: str) -> bytes:
    return hmac.digest(key.encode(), text.encode("utf-8", "surrogatepass"), "sha256")
