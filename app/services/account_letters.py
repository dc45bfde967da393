"""What mails about full accounts say: the way to a password, and what happened to the ways in."""

from __future__ import annotations

from typing import Any

from app.kit import clock
from app.kit.signing import Purpose
from app.services import accounts, deliverability, tokens
from app.services.messages import DEVICE, MessageKind
from app.services.security_mails import ABOUT_PHONES, EVENT
from app.services.stationery import Desk, Drop, Letter


def register(desk: Desk) -> Letter | Drop:
    """Lead on to the registration; whoever has a full account already is led to where one signs in.

    Only the owner of the mailbox learns which case it is (invariant 6).
    """
    account = desk.account()
    if account is not None and account.kind == accounts.FULL:
        sign_in = tokens.page_link(desk.session, desk.site.slug, "sign-in")
        return _unless_refused(desk, MessageKind.ACCOUNT_EXISTS, action=sign_in)
    return _unless_refused(desk, MessageKind.REGISTER, **_link(desk, Purpose.REGISTER))


def reset(desk: Desk) -> Letter | Drop | None:
    """Lead to another password; None for whoever has none, and is helped otherwise."""
    account = desk.account()
    if account is None or account.kind != accounts.FULL:
        return None
    return _unless_refused(desk, MessageKind.PASSWORD_RESET, **_link(desk, Purpose.RESET))


def password_changed(desk: Desk) -> Letter | Drop:
    """Tell that there is another password now, with the way to set one's own."""
    return _told(desk, MessageKind.PASSWORD_CHANGED)


def new_device(desk: Desk) -> Letter | Drop:
    """Tell that somebody signed in with a device that was not seen before."""
    return _told(desk, MessageKind.NEW_DEVICE, device=desk.message.context.get(DEVICE, ""))


def security_changed(desk: Desk) -> Letter | Drop:
    """Tell that a passkey, the second factor, what stands in for it or the phone number came or went."""
    event = desk.message.context.get(EVENT, "")
    account = desk.account()
    is_full = account is not None and account.kind == accounts.FULL
    page = "preferences" if event in ABOUT_PHONES and not is_full else "password/reset"
    return _told(desk, MessageKind.SECURITY_CHANGED, page, event=event, is_full=is_full)


def _told(desk: Desk, kind: MessageKind, page: str = "password/reset", **parts: Any) -> Letter | Drop:
    if desk.account() is None:
        return Drop("unknown")
    return _unless_refused(desk, kind, action=tokens.page_link(desk.session, desk.site.slug, page), **parts)


def _link(desk: Desk, purpose: Purpose) -> dict[str, Any]:
    link = tokens.account_link(desk.session, desk.site.slug, purpose, desk.message.id)
    return {"action": link, "expires_at": clock.now() + tokens.ACCOUNT_LINKS[purpose][1]}


def _unless_refused(desk: Desk, kind: MessageKind, **parts: Any) -> Letter | Drop:
    refused = deliverability.refusal(desk.session, desk.message)
    return Drop(refused) if refused else desk.letter(kind, **parts)
