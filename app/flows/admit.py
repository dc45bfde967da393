"""Grant what a sign-up asked for by single opt-in, and mail the rest to be confirmed.

Done by the courier, because it is more work for an address that nobody knows than for one with an account: the answer
to the sign-up must not take longer for one of them (invariant 6). Until then a decision says `pending`.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from app.branding.models import Brand
from app.db import Session
from app.environment import environment
from app.kit.provenance import Provenance, Source
from app.models import OptInItem, OptInRequest
from app.services import accounts, consents, messages, offers, opt_in, suppressions
from app.services.consents import Grant
from app.services.decisions import version_in_force
from app.services.items import items
from app.services.locks import Locked, lock_digest
from app.services.notices import Seen


def admit(session: Session, request_id: uuid.UUID) -> None:
    """Settle a request with single opt-in items; nothing is left to do when it is run again.

    Single opt-in serves only an address without account and suppression (invariant 2): everyone else gets the mail
    that asks to confirm, for these items too.
    """
    request = opt_in.find(session, request_id)
    if request is None:
        return
    locked = lock_digest(session, request.address_digest)
    request = opt_in.find(session, request_id)
    if request is None or not opt_in.is_live(request) or request.brand not in environment(session).group.brands:
        return
    if locked.account_id is None and not suppressions.in_force(session, [locked.digest]):
        _grant(session, request, locked)
    rest = opt_in.open_items(session, request)
    if rest and not messages.is_asked(session, locked.digest, request_id, max(item.asked_at for item in rest)):
        _queue(session, "confirm", request, locked, request_id=request.id)


def _grant(session: Session, request: OptInRequest, locked: Locked) -> None:
    brand = environment(session).group.brands[request.brand]
    single = [asked for asked in opt_in.open_items(session, request) if _is_single(session, brand, asked)]
    if not single:
        return
    provenance = Provenance.from_record(single[0].provenance)
    account = accounts.create_lite(session, locked.digest, request.locale, verified_at=None)
    consents.grant(session, account, [_grant_of(session, brand, asked) for asked in single], provenance)
    granted = [asked.item_id for asked in single]
    opt_in.confirm(session, request, granted, provenance)
    _queue(session, "welcome", request, locked, account_id=account.id, granted=granted)


def _grant_of(session: Session, brand: Brand, asked: OptInItem) -> Grant:
    return Grant(
        item=items(session).get(asked.item_id),
        seen=Seen(asked.notice_digest, asked.locale),
        is_confirmed=False,
        occurred_at=asked.asked_at,
        document_version=version_in_force(environment(session).group, brand, asked.asked_at.date()),
    )


def _is_single(session: Session, brand: Brand, asked: OptInItem) -> bool:
    if asked.provenance["source"] == Source.API:
        return False  # a program asked, so the person has to
    return offers.is_single(brand, items(session).get(asked.item_id))


def _queue(
    session: Session, kind: str, request: OptInRequest, locked: Locked, *, request_id: uuid.UUID | None = None,
    account_id: uuid.UUID | None = None, granted: Sequence[int] = (),
) -> None:  # fmt: skip
    messages.queue(
        session, kind=kind, brand=request.brand, address_digest=locked.digest, abuse_digest=locked.abuse_digest,
        locale=request.locale, account_id=account_id or locked.account_id, request_id=request_id,
        context={"items": list(granted)} if granted else None,
    )  # fmt: skip
