"""Never be mailed again, from a confirmation mail that somebody else asked for."""

from __future__ import annotations

from app.db import Session
from app.kit.provenance import Provenance
from app.services import address_changes, opt_in, suppressions, tokens
from app.services.locks import lock_digest, lock_with, owner_of
from app.services.suppressions import Reason, Scope


def never(session: Session, token: str, provenance: Provenance) -> None:
    """Suppress all addresses of the person for the whole group, and cancel what is asked for. Raises `BadLink`.

    Consents keep their status; every answer says `suppressed` from now on, until the owner lifts it.
    Where the choices of the address have moved on, and nobody has it now, it holds for where they are as well.
    """
    digests = _lock(session, tokens.read_never(session, token))
    for digest in digests:
        suppressions.add(session, digest, Scope(), Reason.DO_NOT_CONTACT, provenance)
    opt_in.cancel(session, digests, None, provenance)


def _lock(session: Session, digest: bytes) -> list[bytes]:
    """Lock an address with all others of its owner, or with the present ones of whoever moved away from it."""
    moved = None if owner_of(session, digest) else address_changes.left_from(session, digest)
    if moved is None:
        return [*lock_digest(session, digest).digests]
    own, _, _ = lock_with(session, moved, digest)
    return sorted({digest, *own.digests}) if own.account_id else [digest]
