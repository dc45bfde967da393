"""What mails about a change of address say, and to whom: the two mailboxes that are asked, and told afterwards."""

from __future__ import annotations

import uuid
from typing import Any

from app.kit import clock
from app.kit.addresses import mask
from app.kit.signing import Purpose
from app.models import Account, AddressChange
from app.services import accounts, address_changes, deliverability, tokens
from app.services.address_changes import CHANGE, Outcome, Progress, Side
from app.services.messages import MessageKind
from app.services.stationery import Desk, Drop, Letter, typed_address


def agree(desk: Desk) -> Letter | Drop:
    """Ask the present mailbox whether it agrees, with a way to stop it all.

    The new address stands there in full: two that look alike when shortened must not be mistaken for each other.
    """
    change = _change(desk)
    if change is None or address_changes.progress(change, Side.PRESENT) is not Progress.OPEN:
        return Drop("superseded")
    return _unless_refused(
        desk,
        MessageKind.ADDRESS_AGREE,
        action=_link(desk, Purpose.ADDRESS_AGREE, change),
        stop=_link(desk, Purpose.ADDRESS_STOP, change),
        other_address=typed_address(desk.session, change.to_digest) or "",
        has_replaced=address_changes.has_replaced(desk.session, change),
        expires_at=change.expires_at,
    )


def prove(desk: Desk) -> Letter | Drop:
    """Ask the new mailbox whether it is theirs; one that has choices of its own gets the way to these instead.

    Only the owner of that mailbox learns which case it is (invariant 6).
    """
    change = _change(desk)
    if change is None or address_changes.progress(change, Side.NEW) is not Progress.OPEN:
        return Drop("superseded")
    owner = desk.account()
    if owner is not None and owner.id != change.account_id:
        link = tokens.access_link(desk.session, desk.site.slug, desk.message.id)
        expires_at = clock.now() + tokens.ACCESS_MAX_AGE
        return _unless_refused(desk, MessageKind.ADDRESS_TAKEN, action=link, expires_at=expires_at)
    return _unless_refused(
        desk,
        MessageKind.ADDRESS_PROVE,
        reader=_asker(desk, change),
        action=_link(desk, Purpose.ADDRESS_PROVE, change),
        never=tokens.never_link(desk.session, desk.site.slug, desk.message.address_digest),
        expires_at=change.expires_at,
    )


def moved(desk: Desk) -> Letter | Drop:
    """Tell the new mailbox that the choices are here now."""
    centre = tokens.page_link(desk.session, desk.site.slug, "preferences")
    return _unless_refused(desk, MessageKind.ADDRESS_MOVED, action=centre)


def left(desk: Desk) -> Letter | Drop:
    """Tell the former mailbox where the choices went; its template leads to whom to write if that was not meant."""
    change = _change(desk)
    if change is None or change.outcome != Outcome.MOVED:
        return Drop("superseded")
    return _unless_refused(
        desk,
        MessageKind.ADDRESS_LEFT,
        reader=_asker(desk, change),
        other_address=_shortened(desk, change.to_digest),
    )


def _asker(desk: Desk, change: AddressChange) -> Account | None:
    """Find whose choices move; the address of the letter is not yet, or no more, theirs."""
    return accounts.find(desk.session, change.account_id)


def _shortened(desk: Desk, digest: bytes) -> str:
    return mask(typed_address(desk.session, digest) or "")


def _unless_refused(desk: Desk, kind: MessageKind, **parts: Any) -> Letter | Drop:
    refused = deliverability.refusal(desk.session, desk.message)
    return Drop(refused) if refused else desk.letter(kind, **parts)


def _change(desk: Desk) -> AddressChange | None:
    return address_changes.find(desk.session, uuid.UUID(desk.message.context[CHANGE]))


def _link(desk: Desk, purpose: Purpose, change: AddressChange) -> str:
    return tokens.address_link(desk.session, desk.site.slug, purpose, change.id)
