"""What mails about one's own data say: a code to go on with, a copy that is ready, an erasure that can be stopped."""

from __future__ import annotations

import uuid
from typing import Any

from app.models import PrivacyRequest
from app.services import deliverability, privacy_requests, step_up, tokens
from app.services.messages import REQUEST, SESSION, WISH, MessageKind
from app.services.privacy_referrals import Kind as Referral
from app.services.privacy_requests import State
from app.services.stationery import Desk, Drop, Letter


def step_up_letter(desk: Desk) -> Letter | Drop:
    """Tell the code that the session waits for; nothing where it waits no more, or for a younger one."""
    digest = bytes.fromhex(desk.message.context.get(SESSION, ""))
    code = step_up.code_of(desk.session, digest, desk.message.id)
    if code is None:
        return Drop("superseded")
    check = tokens.page_link(desk.session, desk.site.slug, "account/data/check")
    return _unless_refused(desk, MessageKind.STEP_UP, code=code, action=check)


def export_ready(desk: Desk) -> Letter | Drop:
    """Lead to the copy that lies ready, for whoever can show that it is theirs."""
    request = _request(desk)
    export = privacy_requests.export_of(desk.session, request.account_id) if request else None
    if request is None or export is None or export.request_id != request.id:
        return Drop("superseded")
    link = tokens.page_link(desk.session, desk.site.slug, f"account/data/download/{request.id}")
    return _unless_refused(desk, MessageKind.EXPORT_READY, action=link, expires_at=export.expires_at)


def erasure_asked(desk: Desk) -> Letter | Drop:
    """Tell when the account will be erased, with the way to stop it."""
    request = _request(desk)
    if request is None or request.state != State.OPEN:
        return Drop("superseded")
    link = tokens.erasure_stop_link(desk.session, desk.site.slug, request.id)
    return _unless_refused(desk, MessageKind.ERASURE_ASKED, action=link, expires_at=request.due_at)


def referral(desk: Desk) -> Letter | Drop:
    """Ask whether it was the reader who told another system something, and lead to where it is done.

    No link that opens anything: nobody waits for this mail, and who gets there shows who they are.
    """
    if desk.account() is None:
        return Drop("unknown")
    wish = desk.message.context.get(WISH, "")
    page = "preferences" if wish == Referral.OBJECTION else "account/data"
    link = tokens.page_link(desk.session, desk.site.slug, page)
    return _unless_refused(desk, MessageKind.PRIVACY_REFERRAL, action=link, wish=wish)


def _request(desk: Desk) -> PrivacyRequest | None:
    named = desk.message.context.get(REQUEST)
    return privacy_requests.find(desk.session, uuid.UUID(named)) if named else None


def _unless_refused(desk: Desk, kind: MessageKind, **parts: Any) -> Letter | Drop:
    refused = deliverability.refusal(desk.session, desk.message)
    return Drop(refused) if refused else desk.letter(kind, **parts)
