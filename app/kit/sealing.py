"""Authenticated encryption of what must be read back: addresses and signing keys."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

from cryptography.fernet import Fernet, MultiFernet


class Sealer:
    """Fernet under rotating keys, newest last: the newest seals, all open.

    A setting is any string of 32 bytes or more; Fernet wants exactly 32 in base64, hence the SHA-256 in between.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(_fernet_key(key)) for key in reversed(keys)])

    def seal(self, text: str) -> bytes:
        """Encrypt and authenticate `text`."""
        return self._fernet.encrypt(text.encode())

    def open(self, sealed: bytes) -> str:
        """Read back what `seal` made; raises `cryptography.fernet.InvalidToken` when no key fits."""
        return self._fernet.decrypt(sealed).decode()

    def seal_bytes(self, content: bytes) -> bytes:
        """Encrypt and authenticate what is no text."""
        return self._fernet.encrypt(content)

    def open_bytes(self, sealed: bytes) -> bytes:
        """Read back what `seal_bytes` made; raises as `open` does."""
        return self._fernet.decrypt(sealed)


def _fernet_key(key: str) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(b"parley sealing:" + key.encode()).digest())
