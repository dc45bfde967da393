"""Passwords as argon2id hashes, with a bound on how many are worked out at once."""

from __future__ import annotations

import threading
import unicodedata
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

TIME_COST, MEMORY_KIB, LANES = 3, 65_536, 4
"""The second recommended choice of RFC 9106, section 4: 64 MiB, three passes, four lanes."""


class Hasher:
    """Hashes and checks passwords; at most `parallel` at once in this process, `memory_kib` KiB each."""

    def __init__(self, parallel: int, memory_kib: int = MEMORY_KIB) -> None:
        self._argon2 = PasswordHasher(time_cost=TIME_COST, memory_cost=memory_kib, parallelism=LANES)
        self._room = threading.BoundedSemaphore(parallel)

    def hash(self, password: str) -> str:
        """Give the hash to keep, which names its parameters. Takes about a tenth of a second."""
        with self._room:
            return self._argon2.hash(normal(password))

    def fits(self, hashed: str | None, password: str) -> bool:
        """Tell whether a password is the one that was hashed.

        Without a hash nothing fits, but finding that out takes as long, so that the time does not tell who is known.
        """
        with self._room:
            decoy = self._decoy  # made with the first check of a process, whoever it is for
            try:
                self._argon2.verify(hashed or decoy, normal(password))
            except (VerificationError, InvalidHashError):
                return False
        return hashed is not None

    def is_dated(self, hashed: str) -> bool:
        """Tell whether a hash was made with weaker parameters than those of today."""
        return self._argon2.check_needs_rehash(hashed)

    @cached_property
    def _decoy(self) -> str:
        return self._argon2.hash("nobody's")


def normal(password: str) -> str:
    """Give the one spelling of what looks the same, whatever keyboard it came from (NIST SP 800-63B-4, 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)
