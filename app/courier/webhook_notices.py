"""The mail that tells whoever looks after a webhook that it was disabled.

It goes to an engineer, not to a customer: in English like the docs of the API, and past the limits and suppressions
that protect people. The address is the client's own word and stands nowhere but on the endpoint, sealed.
"""

from __future__ import annotations

import uuid
from html import escape
from urllib.parse import urlsplit

import structlog

from app.branding.models import Site
from app.courier.mail import Mail
from app.courier.transport import PermanentError, Transport
from app.environment import Environment
from app.services import webhooks
from app.services.webhooks import Endpoint, Reason

WHY = {Reason.GONE: "It answered 410 (Gone).", Reason.FAILING: "For five days it took nothing."}

log = structlog.get_logger(__name__)


def tell(environment: Environment, transport: Transport, endpoint_id: uuid.UUID) -> None:
    """Mail the contact of an endpoint that it is disabled, unless it was enabled or forgotten meanwhile.

    Raises `TemporaryError` where the mail server wants to be asked again; the mail keeps its Message-ID.
    """
    with environment.database.transaction() as session:
        endpoint = webhooks.disabled(session, endpoint_id)
    if endpoint is None:
        return
    log.warning("webhook_disabled", endpoint=str(endpoint.id), reason=endpoint.disabled_reason)
    if endpoint.contact is None:
        return
    try:
        transport.send(compose(environment.group, endpoint, endpoint.contact))
    except PermanentError as refusal:
        log.warning("webhook_notice_refused", endpoint=str(endpoint.id), answer=refusal.answer)


def compose(site: Site, endpoint: Endpoint, contact: str) -> Mail:
    """Write the mail. The address of the webhook may hold secrets, so that only its host is named."""
    host = urlsplit(endpoint.url).hostname
    paragraphs = [
        f"The webhook at {host} ({endpoint.description or 'without a description'}) is disabled.",
        f"{endpoint.disabled_at:%Y-%m-%d %H:%M} UTC: {WHY[Reason(endpoint.disabled_reason or '')]}",
        "Nothing is lost: once it works again, enable it, and it is told all that happened since.",
        f'PATCH /api/v1/webhooks/{endpoint.id} with {{"enabled": true}}',
        f"What was sent, and how it went: GET /api/v1/webhooks/{endpoint.id}/deliveries",
        "You get this mail because the client that made this webhook gave your address for it.",
        ", ".join((site.controller.name, *site.controller.postal_address)),
    ]
    domain = site.sender.address.rpartition("@")[2]
    return Mail(
        to=contact,
        envelope_to=contact,
        sender_name=site.sender.name,
        sender=site.sender.address,
        subject=f"Webhook disabled: {host}",
        text="\n\n".join(paragraphs) + "\n",
        html="<html lang=en><body>" + "".join(f"<p>{escape(each)}</p>" for each in paragraphs) + "</body></html>",
        headers={
            "Message-ID": f"<webhook-{endpoint.id}-{endpoint.disabled_at:%Y%m%d%H%M%S}@{domain}>",
            "Auto-Submitted": "auto-generated",
            "Content-Language": "en",
        },
        kind="webhook_disabled",
    )
