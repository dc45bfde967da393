"""From the subject of a request to what services look people up by."""

from __future__ import annotations

from app.api.shapes import AccountSubject, EmailSubject, ExternalSubject, PhoneSubject
from app.kit.addresses import parse_email, parse_phone
from app.kit.subjects import ExternalId, Subject
from app.services.access_tokens import Access

AnySubject = EmailSubject | PhoneSubject | AccountSubject | ExternalSubject


def identify(subject: AnySubject, access: Access) -> Subject:
    """Give the address, the account id, or the id that the client of `access` gave.

    Raises `InvalidAddress`, whose words do not repeat the address.
    """
    if isinstance(subject, EmailSubject):
        return parse_email(subject.email)
    if isinstance(subject, PhoneSubject):
        return parse_phone(subject.phone)
    if isinstance(subject, AccountSubject):
        return subject.account_id
    return ExternalId(access.client_id, subject.external_id.system, subject.external_id.id)
