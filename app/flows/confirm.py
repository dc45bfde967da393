"""Press the button behind the link of a confirmation mail, or ask for that mail once more."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from app.branding.models import Site
from app.db import Session
from app.environment import environment
from app.kit import clock
from app.kit.provenance import Provenance
from app.models import Account, OptInItem, OptInRequest
from app.services import accounts, confirmations, consents, messages, opt_in, sessions
from app.services.confirmations import Confirmation
from app.services.consents import Grant
from app.services.decisions import version_in_force
from app.services.items import items
from app.services.locks import Locked, lock_digest
from app.services.notices import Seen


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The outcome; where something was confirmed, the secret of the preference session that opens."""

    outcome: Confirmation
    secret: str | None = None


def confirm(
    session: Session, site: Site, token: str, listed: Mapping[int, str] | None, provenance: Provenance,
    former_secret: str = "",
) -> Confirmed:  # fmt: skip
    """Confirm exactly the items that the page listed (all that are open, when a program posts without a page).

    This POST is the act at the mailbox (invariant 1), so it also verifies the address and opens a preference session,
    in place of the one the browser had.
    What was asked for before a later leaving is not confirmed. Raises nothing for used, old or overtaken links: they
    are outcomes.
    """
    seen = confirmations.inspect(session, site, token)
    if seen.request is None:
        return Confirmed(seen.outcome)
    locked = lock_digest(session, seen.request.address_digest)
    # Only now is it settled: a leaving or another press may have come first.
    seen = confirmations.inspect(session, site, token)
    if seen.outcome is not Confirmation.OPEN or seen.request is None:
        return Confirmed(seen.outcome)
    wanted = [item for item in seen.items if listed is None or item.item_id in listed]
    if not wanted:
        return Confirmed(Confirmation.SUPERSEDED)
    if listed is not None and any(listed[item.item_id] != item.notice_digest.hex() for item in wanted):
        return Confirmed(Confirmation.REWORDED)
    account = _account(session, locked, seen.request)
    _grant(session, account, seen.request, wanted, provenance)
    opt_in.confirm(session, seen.request, [item.item_id for item in wanted], provenance)
    _welcome(session, account, seen.request, wanted, locked)
    opened = sessions.open_preference(session, account.id, provenance.user_agent, former_secret)
    return Confirmed(Confirmation.CONFIRMED, opened)


def again(session: Session, site: Site, token: str, provenance: Provenance) -> Confirmation | None:
    """Mail a fresh link for an expired one; the items that are still wanted are asked for anew.

    None says that this was done; otherwise the link is what the answer tells, and nothing was done: also for one that
    ran out so long ago that nobody knows any more what it was about.
    """
    seen = confirmations.inspect(session, site, token)
    if seen.outcome is not Confirmation.EXPIRED or seen.request is None:
        return seen.outcome
    locked = lock_digest(session, seen.request.address_digest)
    seen = confirmations.inspect(session, site, token)
    if seen.outcome is not Confirmation.EXPIRED or seen.request is None:
        return seen.outcome
    brand = seen.request.brand
    wanted = {item.item_id: Seen(item.notice_digest, item.locale) for item in seen.items}
    request_id = opt_in.ask(session, locked.digest, brand, wanted, provenance, locked.account_id)
    messages.queue(
        session, kind="confirm", brand=brand, address_digest=locked.digest, abuse_digest=locked.abuse_digest,
        locale=provenance.locale, account_id=locked.account_id, request_id=request_id,
    )  # fmt: skip
    return None


def _account(session: Session, locked: Locked, request: OptInRequest) -> Account:
    now = clock.now()
    account = locked.account(session)
    if account is None:
        return accounts.create_lite(session, locked.digest, request.locale, verified_at=now)
    accounts.mark_verified(session, locked.digest, now)
    return account


def _grant(
    session: Session, account: Account, request: OptInRequest, wanted: list[OptInItem], provenance: Provenance
) -> None:
    brand = environment(session).group.brands[request.brand]
    mail = messages.evidence(session, request.id)
    version = version_in_force(environment(session).group, brand, clock.now().date())
    grants = [
        Grant(
            item=items(session).get(asked.item_id),
            seen=Seen(asked.notice_digest, asked.locale),
            is_confirmed=True,
            asked_at=asked.asked_at,
            document_version=version,
            evidence=_evidence(request.id, asked, mail),
        )
        for asked in wanted
    ]
    consents.grant(session, account, grants, provenance)


def _evidence(request_id: uuid.UUID, asked: OptInItem, mail: dict[str, object]) -> dict[str, object]:
    """Tell of both acts: the asking, and (in the line's own provenance) the press of the button."""
    asking = {"id": str(request_id), "asked_at": asked.asked_at.isoformat(), "locale": asked.locale, **asked.provenance}
    return {"opt_in_request": asking, "mail": mail}


def _welcome(
    session: Session, account: Account, request: OptInRequest, wanted: list[OptInItem], locked: Locked
) -> None:
    messages.queue(
        session, kind="welcome", brand=request.brand, address_digest=locked.digest, abuse_digest=locked.abuse_digest,
        locale=request.locale, account_id=account.id, context={"items": [item.item_id for item in wanted]},
    )  # fmt: skip
