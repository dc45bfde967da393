"""From the subject of a request to what services look people up by."""

from __future__ import annotations

import uuid

from app.api.shapes import AccountSubject, EmailSubject, ExternalSubject, PhoneSubject
from app.kit.addresses import Address, parse_email, parse_phone

AnySubject = EmailSubject | PhoneSubject | AccountSubject | ExternalSubject


def identify(subject: AnySubject) -> Address | uuid.UUID | None:
    """Give the address or account id; None for ids of other systems, none of which is known here yet.

    Raises `InvalidAddress`, whose words do not repeat the address.
    """
    if isinstance(subject, EmailSubject):
        return parse_email(subject.email)
    if isinstance(subject, PhoneSubject):
        return parse_phone(subject.phone)
    if isinstance(subject, AccountSubject):
        return subject.account_id
    return None
