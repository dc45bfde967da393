"""What the link of a confirmation mail stands for at this moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from app.branding.models import Brand, Site
from app.db import Session
from app.environment import environment
from app.models import OptInItem, OptInRequest
from app.services import consents, locks, opt_in, tokens
from app.services.folding import State
from app.services.items import items


class Confirmation(StrEnum):
    """The state of a confirmation link, and the outcome of pressing its button."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    ALREADY = "already"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    UNKNOWN = "unknown"
    REWORDED = "reworded"
    """It was asked for anew, on other words than the page showed whose button was pressed."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """A link, the request behind it if there still is one, and what its button would confirm."""

    outcome: Confirmation
    request: OptInRequest | None = None
    items: tuple[OptInItem, ...] = ()


def inspect(session: Session, site: Site, token: str) -> Inspection:
    """Look at a confirmation link without changing anything."""
    brand = environment(session).group.brands.get(site.slug)
    if brand is None:
        return Inspection(Confirmation.UNKNOWN)
    try:
        request_id, is_old = tokens.read_confirm(session, token, _max_age(brand)), False
    except tokens.ExpiredLink as expired:
        request_id, is_old = tokens.unpack(expired.payload), True
    except tokens.BadLink:
        return Inspection(Confirmation.UNKNOWN)
    request = opt_in.find(session, request_id)
    if request is None:
        return Inspection(Confirmation.EXPIRED)
    if request.brand != brand.slug:
        return Inspection(Confirmation.UNKNOWN)
    return judge(session, request, is_old=is_old)


def judge(session: Session, request: OptInRequest, *, is_old: bool) -> Inspection:
    """Say what a request, as just read, lets its link do."""
    if request.outcome == opt_in.CONFIRMED:
        return Inspection(Confirmation.ALREADY, request)
    if request.outcome == opt_in.CANCELLED:
        return Inspection(Confirmation.SUPERSEDED, request)
    still = tuple(still_wanted(session, request))
    if not still:
        return Inspection(Confirmation.SUPERSEDED, request)
    if is_old or not opt_in.is_live(request):
        return Inspection(Confirmation.EXPIRED, request, still)
    return Inspection(Confirmation.OPEN, request, still)


def still_wanted(session: Session, request: OptInRequest) -> list[OptInItem]:
    """List the open items of a request that are still offered and were not left after asking (invariant 2)."""
    account_id = locks.owner_of(session, request.address_digest)
    states = consents.current(session, account_id) if account_id else {}
    asked = opt_in.open_items(session, request)
    known = items(session, needed={each.item_id for each in asked})
    return [
        each
        for each in asked
        if (item := known.find(each.item_id))
        and not item.is_retired
        and not _left_since(states.get(each.item_id), each)
    ]


def _left_since(state: State | None, item: OptInItem) -> bool:
    return state is not None and state.withdrawn_at is not None and state.withdrawn_at >= item.asked_at


def _max_age(brand: Brand) -> timedelta:
    return timedelta(days=brand.confirmation_days)
