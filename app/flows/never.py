"""Never be mailed again, from a confirmation mail that somebody else asked for."""

from __future__ import annotations

from app.db import Session
from app.kit.provenance import Provenance
from app.services import opt_in, suppressions, tokens
from app.services.locks import lock_digest
from app.services.suppressions import Reason, Scope


def never(session: Session, token: str, provenance: Provenance) -> None:
    """Suppress the address for the whole group and cancel all that is asked for with it. Raises `BadLink`.

    Consents keep their status; every answer says `suppressed` from now on, until the owner lifts it.
    """
    locked = lock_digest(session, tokens.read_never(session, token))
    suppressions.add(session, locked.digest, Scope(), Reason.DO_NOT_CONTACT, provenance)
    opt_in.cancel(session, [locked.digest], None, provenance)
