"""Links of mails that lead to where a password is set: whether they are still good, and whose they are."""

from __future__ import annotations

from flask.typing import ResponseReturnValue

from app.http.context import transaction
from app.kit.signing import Purpose
from app.services import messages, passwords, stationery, tokens
from app.web.blueprint import render


def opened(purpose: Purpose, token: str, over: str) -> ResponseReturnValue | None:
    """Give the page to show instead of what a link leads to, where it leads nowhere (any more); `over` names it."""
    try:
        with transaction() as session:
            message_id = tokens.read_account(session, purpose, token)
            is_good = messages.has_link(session, message_id) and not passwords.is_set_since(session, message_id)
    except tokens.ExpiredLink:
        is_good = False
    except tokens.BadLink:
        return render("web/link_invalid.html", status=404)
    return None if is_good else render(over, status=410)


def address_of(purpose: Purpose, token: str) -> str:
    """Give the address that a good link was mailed to, as it was typed; empty where it is gone."""
    with transaction() as session:
        digest = messages.address_of(session, tokens.read_account(session, purpose, token))
        return stationery.typed_address(session, digest or b"") or ""
