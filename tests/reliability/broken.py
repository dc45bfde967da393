"""The application with one protection taken out, to show that the trials notice. Nothing else may load this."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy.dialects.postgresql import insert as upsert

from app import db
from app.db import Session
from app.environment import environment
from app.kit import clock
from app.kit.addresses import Address
from app.models import AddressRow
from app.services import consents, locks, messages
from app.services.locks import Locked

GAP_SECONDS = 0.02
TELLING_SECONDS = 0.005
LATER_SECONDS = 0.1


def _without_locks() -> None:
    """Let writers read, dawdle, and write, as if no row were locked."""
    locks.lock_abuse = lambda *_: None
    locks._lock_row = lambda *_: None
    locks._meet = _meet_unlocked
    locks._hold = _hold_unlocked
    read = consents.current

    def read_and_dawdle(session: Session, account_id: uuid.UUID) -> object:
        found = read(session, account_id)
        time.sleep(GAP_SECONDS)
        return found

    consents.current = read_and_dawdle


def _meet_unlocked(session: Session, digest: bytes, abuse: bytes, address: Address) -> None:
    env = environment(session)
    row = {"digest": digest, "digest_key_id": env.digester.key_id, "kind": address.kind, "abuse_digest": abuse,
           "sealed": env.sealer.seal(address.typed), "created_at": clock.now()}  # fmt: skip
    session.execute(upsert(AddressRow).values(row).on_conflict_do_nothing())


def _hold_unlocked(_: Session, owner: uuid.UUID | None, family: set[bytes], digest: bytes, abuse: bytes) -> Locked:
    return Locked(owner, tuple(sorted({digest, *family})), digest, abuse)


def _without_limits() -> None:
    """Mail an address as often as anybody asks."""
    messages.PER_ADDRESS_AND_BRAND = messages.PER_MAILBOX = 1_000_000


def _telling() -> None:
    """Take a little longer where an address is known."""
    meet = locks._meet

    def slowly(session: Session, digest: bytes, abuse: bytes, address: Address) -> None:
        meet(session, digest, abuse, address)
        time.sleep(TELLING_SECONDS if locks._family(session, digest)[0] else 0)

    locks._meet = slowly


def _hasty() -> None:
    """Acknowledge first, and commit a little later."""
    later = ThreadPoolExecutor(4)

    def commit(session: Session) -> None:
        time.sleep(LATER_SECONDS)
        session.commit()
        session.close()

    def write(self: db.Database, act: Callable[[Session], object]) -> object:
        session = self._sessions()
        outcome = act(session)
        later.submit(commit, session)
        return outcome

    db.Database.write = write


{"locks": _without_locks, "limits": _without_limits, "telling": _telling, "hasty": _hasty}[
    os.environ["PARLEY_TEST_BROKEN"]
]()

from wsgi import app  # noqa: E402 - what is taken out must be gone before the application is made

__all__ = ["app"]
