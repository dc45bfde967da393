"""The development mailbox: what would have left this machine. Registered only where no mail server is set."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Response, abort, jsonify, render_template
from flask.typing import ResponseReturnValue

from app.http.context import transaction
from app.services import mailbox as mailbox_service
from app.services.mailbox import KeptMail

MAIL_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
"""A mail brings its styles inline; it can neither run anything nor fetch anything."""

blueprint = Blueprint("dev", __name__, url_prefix="/dev")


@dataclass(frozen=True, slots=True)
class ShownMail:
    """A mail as the templates see it."""

    id: uuid.UUID
    kind: str
    to: str
    from_: str
    subject: str
    text: str
    html: str
    headers: dict[str, str]
    sent_at: str

    @classmethod
    def of(cls, mail: KeptMail) -> ShownMail:
        """Present a kept mail."""
        it = mail.contents
        when = _time(mail.sent_at)
        return cls(mail.id, it.kind, it.to, it.sender, it.subject, it.text, it.html, it.headers, when)


@blueprint.get("/mailbox")
def mailbox() -> ResponseReturnValue:
    """List the mails, newest first."""
    with transaction() as session:
        mails = mailbox_service.newest(session)
    shown = [ShownMail.of(mail) for mail in mails]
    return render_template("dev/mailbox.html", messages=shown, limit=mailbox_service.LIMIT)


@blueprint.get("/mailbox.json")
def mailbox_json() -> ResponseReturnValue:
    """List the mails for programs, newest first."""
    with transaction() as session:
        mails = mailbox_service.newest(session)
    return jsonify([mail.as_json() for mail in mails])


@blueprint.get("/mailbox/<uuid:id>")
def mailbox_message(id: uuid.UUID) -> ResponseReturnValue:  # noqa: A002 - the name in the address
    """Show one mail with its headers, as HTML and as text."""
    return render_template("dev/mailbox_message.html", message=ShownMail.of(_find(id)))


@blueprint.get("/mailbox/<uuid:id>/html")
def mailbox_html(id: uuid.UUID) -> ResponseReturnValue:  # noqa: A002 - the name in the address
    """Give the HTML part of one mail, for the frame that shows it."""
    answer = Response(_find(id).contents.html, mimetype="text/html")
    answer.headers["Content-Security-Policy"] = MAIL_POLICY
    return answer


def _find(mail_id: uuid.UUID) -> KeptMail:
    with transaction() as session:
        mail = mailbox_service.find(session, mail_id)
    if mail is None:
        abort(404)
    return mail


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")
