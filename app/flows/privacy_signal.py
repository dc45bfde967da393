"""Global Privacy Control: a browser says that its owner's data shall be neither sold nor shared."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from app.db import Session
from app.kit.provenance import Provenance
from app.services import accounts, consents, history, opt_outs
from app.services.folding import Line
from app.services.locks import lock_account


def apply(
    session: Session, account_id: uuid.UUID, brands: Collection[str], provenance: Provenance, *, again: bool
) -> list[Line]:  # fmt: skip
    """Say no to every use of data of `brands` and of the group that is marked as sale or sharing.

    The browser sends the signal with every page, so a system that passes it on does so again and again: without
    `again`, what was said no to by it once is left as the person has decided since, knowing of it (CCPA regulations,
    § 7025(c)(3)). A press in the centre (`again`) is the newer act itself. What was said no to already gets no line.
    """
    account = lock_account(session, account_id).account(session)
    if account is None or account.status == accounts.ERASED:
        return []
    wanted = opt_outs.of_sharing(session, brands)
    if not again:
        known = history.refused_through(session, account_id, provenance.source)
        wanted = [item for item in wanted if item.id not in known]
    return consents.refuse(session, account, wanted, provenance)
