"""The mail that tells whoever looks after a webhook that it was disabled.

It goes to an engineer, not to a customer: in English like the docs of the API, and past the limits and suppressions
that protect people. The address is the client's own word and stands nowhere but on the endpoint, sealed. So there is a
limit of its own (`webhooks.count_notice`), and not a word in the mail that the client may choose but the host.
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

    There is one mail a day for each endpoint, and for each mailbox of a client.
    Raises `TemporaryError` where the mail server wants to be asked again; the mail keeps its Message-ID.
    """
    with environment.database.transaction() as session:
        endpoint = webhooks.disabled(session, endpoint_id)
        if endpoint is None:
            return
        log.warning("webhook_disabled", endpoint=str(endpoint.id), reason=endpoint.disabled_reason)
        if endpoint.contact is None or not webhooks.count_notice(session, endpoint, endpoint.contact):
            return
        # Before the commit: what has to be tried again does not count.
        _send(environment, transport, endpoint, endpoint.contact)


def _send(environment: Environment, transport: Transport, endpoint: Endpoint, contact: str) -> None:
    try:
        transport.send(compose(environment.group, endpoint, contact))
    except PermanentError as refusal:
        log.warning("webhook_notice_refused", endpoint=str(endpoint.id), answer=refusal.answer)


def compose(site: Site, endpoint: Endpoint, contact: str) -> Mail:
    """Write the mail. The address of the webhook may hold secrets, so that only its host is named.

    Whoever gets it may never have heard of webhooks, since nobody proved that the address is theirs.
    """
    host = urlsplit(endpoint.url).hostname
    paragraphs = [
        f"The webhook at {host} is disabled: a program that {site.name} told of events takes them no more.",
        f"{endpoint.disabled_at:%Y-%m-%d %H:%M} UTC: {WHY[Reason(endpoint.disabled_reason or '')]}",
        "Nothing is lost: once it works again, enable it, and it is told all that happened since.",
        f'PATCH /api/v1/webhooks/{endpoint.id} with {{"enabled": true}}',
        f"What was sent, and how it went: GET /api/v1/webhooks/{endpoint.id}/deliveries",
        _reason(site),
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


def _reason(site: Site) -> str:
    return (
        f"You get this mail because a system that is connected to {site.name} gave this address for whoever looks "
        "after its webhook. We did not check that. If it means nothing to you, there is nothing to do: nothing is "
        "known of you but this address, and there is at most one such mail a day."
    )
