"""Reports as mail servers write them, and a way to send them in."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app.environment import Environment
from app.factory import create_app
from app.models import Message
from tests import journeys

TOKEN = "a-token-of-the-mail-hook-that-is-long-enough"
PATH = f"/hooks/mail/{TOKEN}"
UNKNOWN_ID = "<01890000-0000-7000-8000-000000000000@mail.camille.example>"


def application(env: Environment) -> Any:
    """Give the application with the hook set up."""
    settings = env.settings.model_copy(update={"mail_hook_token": TOKEN})
    return create_app(settings, env.__class__(**{**vars(env), "settings": settings}))


def browser(env: Environment) -> Any:
    """Give a client of the application with the hook set up."""
    return application(env).test_client()


def message_id(env: Environment, email: str, kind: str | None = None) -> str:
    """Give the Message-ID of the newest mail to an address."""
    with env.database.transaction() as session:
        query = select(Message.message_id).where(Message.address_digest == journeys.digest(env, email))
        query = query.where(Message.kind == kind) if kind else query
        return session.scalars(query.order_by(Message.id.desc())).first() or ""


def block(
    recipient: str, action: str = "failed", status: str = "5.1.1", original: str = "", diagnostic: str = ""
) -> str:  # fmt: skip
    """Write what a bounce says of one recipient."""
    lines = [f"Original-Recipient: rfc822;{original}"] if original else []
    lines += [f"Final-Recipient: rfc822; {recipient}"] if recipient else []
    lines += [f"Action: {action}"] if action else []
    lines += [f"Status: {status}"] if status else []
    lines += [f"Diagnostic-Code: smtp; {diagnostic}"] if diagnostic else []
    return "\n".join(lines)


def bounce(*blocks: str, about: str = "", headers: str = "", more: str = "") -> bytes:
    """Write a bounce (RFC 3464) about the mail with the Message-ID `about`; `headers` are more of that mail's."""
    return "\n".join([
        "Return-Path: <>", "From: Mail Delivery System <MAILER-DAEMON@mx.example.net>", "To: bounces@camille.example",
        "Subject: Undelivered Mail Returned to Sender", "Auto-Submitted: auto-replied", "MIME-Version: 1.0",
        *more.splitlines(),
        'Content-Type: multipart/report; report-type=delivery-status; boundary="4BXq.1732/mx"', "",
        "--4BXq.1732/mx", "Content-Description: Notification", "Content-Type: text/plain; charset=utf-8", "",
        "I'm sorry to have to inform you that your message could not be delivered.", "",
        "--4BXq.1732/mx", "Content-Description: Delivery report", "Content-Type: message/delivery-status", "",
        "Reporting-MTA: dns; mx.example.net", "X-Queue-ID: 4BXq1732", "", "\n\n".join(blocks), "",
        "--4BXq.1732/mx", "Content-Description: Undelivered Message", "Content-Type: text/rfc822-headers", "",
        *([f"Message-ID: {about}"] if about else []), "From: Camille <bonjour@camille.example>", *headers.splitlines(),
        "Subject: One press and you are on the list", "", "--4BXq.1732/mx--", "",
    ]).encode()  # fmt: skip


def complaint(
    feedback: str = "abuse", about: str = "", recipient: str = "", headers: str = "", fields: str = ""
) -> bytes:  # fmt: skip
    """Write a complaint (RFC 5965)."""
    named = [f"Original-Rcpt-To: <{recipient}>"] if recipient else []
    return "\n".join([
        "From: <feedback@isp.example>", "To: <fbl@camille.example>", "Subject: FW: your mail", "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=feedback-report; boundary="part1_13d.2e68ed54"', "",
        "--part1_13d.2e68ed54", 'Content-Type: text/plain; charset="US-ASCII"', "",
        "This is an email abuse report for a message received from IP 192.0.2.1.", "",
        "--part1_13d.2e68ed54", "Content-Type: message/feedback-report", "",
        f"Feedback-Type: {feedback}", "User-Agent: SomeGenerator/1.0", "Version: 1", *named, *fields.splitlines(),
        "Reporting-MTA: dns; mail.isp.example", "Source-IP: 192.0.2.1", "",
        "--part1_13d.2e68ed54", "Content-Type: message/rfc822", "Content-Disposition: inline", "",
        *([f"Message-ID: {about}"] if about else []), "From: Camille <bonjour@camille.example>", *headers.splitlines(),
        "To: <redacted@isp.example>", "Subject: The newsletter", "MIME-Version: 1.0", "Content-Type: text/plain", "",
        "Hello.", "", "--part1_13d.2e68ed54--", "",
    ]).encode()  # fmt: skip


def send(client: Any, raw: bytes, media_type: str = "message/rfc822") -> Any:
    """Send a mail in, as a mail server's pipe does."""
    return client.post(PATH, data=raw, content_type=media_type)


def outcome(client: Any, raw: bytes) -> str:
    """Send a mail in and give what came of it."""
    answer = send(client, raw)
    assert answer.status_code == 200, answer.text
    return answer.json["outcome"]


def tell(client: Any, *events: dict[str, Any]) -> Any:
    """Tell events as a mail provider does."""
    return client.post(PATH, json={"events": list(events)})
