"""Links: what each carries, how long it lives, and where it leads. A link does one thing.

The payload is an opaque id. Links that confirm or open are short-lived; links to leave are signed with keys that
are never pruned and carry account and item, or account and brand, or an address digest.
"""

from __future__ import annotations

import base64
import uuid
from dataclasses import dataclass
from datetime import timedelta

from app.db import Session
from app.environment import environment
from app.kit.signing import BadLink, ExpiredLink, Purpose

ACCESS_MAX_AGE = timedelta(minutes=15)
ADDRESS_CHANGE_LASTS = timedelta(hours=24)
"""Long enough for a first mail to a strange mailbox, which greylisting may hold up for hours, and for one that is only
read at home. It gives a thief nothing: each press needs its mailbox, and the owner of the present one has as long to
stop the change."""
ACCOUNT_LINKS = {
    Purpose.REGISTER: ("register", timedelta(hours=24)),
    Purpose.RESET: ("password/reset", timedelta(hours=1)),
}
"""Links that lead to where a password is set: their path, and how long they are good."""
ERASURE_STOP_MAX_AGE = timedelta(days=30)
"""Longer than an erasure waits, also where no courier runs for a while; whether it still waits, its request says."""
CHECK_IN_MAX_AGE = timedelta(days=400)
"""Well past the end of any check-in: whoever comes late is told so, rather than that the link is broken."""
RECONSENT_MAX_AGE = timedelta(days=90)
"""As long as the mail itself is kept, and well past the day of the change: it was sent 60 days before that at most."""
PURGED_AFTER = timedelta(days=30)
EVERYWHERE = "*"
"""Stands in a link to leave for all houses, whatever they and their group are called when it is pressed; no slug."""

__all__ = ["ACCESS_MAX_AGE", "ADDRESS_CHANGE_LASTS", "PURGED_AFTER", "BadLink", "ExpiredLink", "LeaveTarget"]


@dataclass(frozen=True, slots=True)
class LeaveTarget:
    """What a link to leave is about: one item, all e-mail of one brand, or (`everywhere`) that of all houses."""

    account_id: uuid.UUID
    item_id: int | None = None
    brand: str | None = None
    everywhere: bool = False


def confirm_link(session: Session, site: str, request_id: uuid.UUID) -> str:
    """Make the link of a confirmation mail."""
    return _link(session, site, "confirm", _sign(session, Purpose.CONFIRM, _pack(request_id)))


def read_confirm(session: Session, token: str, max_age: timedelta) -> uuid.UUID:
    """Give the request id; raise `BadLink` or `ExpiredLink` (whose payload `unpack` reads)."""
    return unpack(environment(session).signer.read(Purpose.CONFIRM, token, max_age))


def access_link(session: Session, site: str, message_id: uuid.UUID) -> str:
    """Make the link that opens a preference session once; it carries the id of the mail it came with."""
    return _link(session, site, "access", _sign(session, Purpose.ACCESS, _pack(message_id)))


def read_access(session: Session, token: str) -> uuid.UUID:
    """Give the message id; raise `BadLink` or `ExpiredLink`."""
    return unpack(environment(session).signer.read(Purpose.ACCESS, token, ACCESS_MAX_AGE))


def address_link(session: Session, site: str, purpose: Purpose, change_id: uuid.UUID) -> str:
    """Make a link that agrees to a change of address, proves the new one, or stops it, as `purpose` says."""
    return _link(session, site, purpose.value.removeprefix("parley."), _sign(session, purpose, _pack(change_id)))


def read_address(session: Session, purpose: Purpose, token: str) -> uuid.UUID:
    """Give the id of the change; raise `BadLink` or `ExpiredLink`."""
    return unpack(environment(session).signer.read(purpose, token, ADDRESS_CHANGE_LASTS))


def account_link(session: Session, site: str, purpose: Purpose, message_id: uuid.UUID) -> str:
    """Make a link of `ACCOUNT_LINKS`, good once; it carries the id of the mail it came with."""
    return _link(session, site, ACCOUNT_LINKS[purpose][0], _sign(session, purpose, _pack(message_id)))


def read_account(session: Session, purpose: Purpose, token: str) -> uuid.UUID:
    """Give the message id; raise `BadLink` or `ExpiredLink`."""
    return unpack(environment(session).signer.read(purpose, token, ACCOUNT_LINKS[purpose][1]))


def erasure_stop_link(session: Session, site: str, request_id: uuid.UUID) -> str:
    """Make the link that stops an erasure while it waits."""
    return _link(session, site, "erasure-stop", _sign(session, Purpose.ERASURE_STOP, _pack(request_id)))


def read_erasure_stop(session: Session, token: str) -> uuid.UUID:
    """Give the id of the request; raise `BadLink` or `ExpiredLink`."""
    return unpack(environment(session).signer.read(Purpose.ERASURE_STOP, token, ERASURE_STOP_MAX_AGE))


def check_in_link(session: Session, site: str, account_id: uuid.UUID, check_in_id: uuid.UUID) -> str:
    """Make the link that answers a check-in: keeps, lessens or leaves what it asked about."""
    token = environment(session).signer.sign(Purpose.CHECK_IN, [_pack(account_id), _pack(check_in_id)])
    return _link(session, site, "check-in", token)


def read_check_in(session: Session, token: str) -> tuple[uuid.UUID, uuid.UUID]:
    """Give the ids of the account and of the check-in; raise `BadLink` or `ExpiredLink`."""
    account, check_in = environment(session).signer.read(Purpose.CHECK_IN, token, CHECK_IN_MAX_AGE)
    return unpack(account), unpack(check_in)


def reconsent_link(session: Session, site: str, message_id: uuid.UUID) -> str:
    """Make the link to the question whether things go on under another version of a document; it carries its mail."""
    return _link(session, site, "reconsent", _sign(session, Purpose.RECONSENT, _pack(message_id)))


def read_reconsent(session: Session, token: str) -> uuid.UUID:
    """Give the message id; raise `BadLink` or `ExpiredLink`."""
    return unpack(environment(session).signer.read(Purpose.RECONSENT, token, RECONSENT_MAX_AGE))


def unsubscribe_link(session: Session, site: str, target: LeaveTarget) -> str:
    """Make the RFC 8058 link that leaves `target`, for ever."""
    what: int | str | None = target.item_id if target.item_id is not None else target.brand
    what = EVERYWHERE if target.everywhere else what
    token = environment(session).signer.sign_for_ever(Purpose.UNSUBSCRIBE, [_pack(target.account_id), what])
    return _link(session, site, "unsubscribe", token)


def read_unsubscribe(session: Session, token: str) -> LeaveTarget:
    """Give what the link leaves; raise `BadLink`."""
    payload = environment(session).signer.read_for_ever(Purpose.UNSUBSCRIBE, token)
    account, what = payload
    if isinstance(what, int):
        return LeaveTarget(unpack(account), item_id=what)
    if what == EVERYWHERE:
        return LeaveTarget(unpack(account), everywhere=True)
    return LeaveTarget(unpack(account), brand=str(what))


def never_link(session: Session, site: str, address_digest: bytes) -> str:
    """Make the "never mail me again" link; it carries the address digest, since there may be no account."""
    packed = base64.urlsafe_b64encode(address_digest).decode().rstrip("=")
    return _link(session, site, "never", environment(session).signer.sign_for_ever(Purpose.NEVER, packed))


def read_never(session: Session, token: str) -> bytes:
    """Give the address digest; raise `BadLink`."""
    packed = str(environment(session).signer.read_for_ever(Purpose.NEVER, token))
    return base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))


def manage_link(session: Session, site: str, account_id: uuid.UUID) -> str:
    """Make the ever-lasting link that shows nothing personal and mails an access link, or leaves."""
    token = environment(session).signer.sign_for_ever(Purpose.MANAGE, [_pack(account_id), site])
    return _link(session, site, "manage", token)


def read_manage(session: Session, site: str, token: str) -> uuid.UUID:
    """Give the account id; raise `BadLink`, also for the link of another site."""
    account, made_for = environment(session).signer.read_for_ever(Purpose.MANAGE, token)
    if made_for != site:
        raise BadLink
    return unpack(account)


def page_link(session: Session, site: str, path: str = "") -> str:
    """Give the address of a page of `site`, from the configured origin only."""
    return f"{environment(session).settings.origin}/{site}/{path}"


def unpack(payload: object) -> uuid.UUID:
    """Read a packed id; raise `BadLink` when it is none."""
    try:
        return uuid.UUID(bytes=base64.urlsafe_b64decode(f"{payload}=="))
    except ValueError:
        raise BadLink from None


def _pack(value: uuid.UUID) -> str:
    return base64.urlsafe_b64encode(value.bytes).decode().rstrip("=")


def _sign(session: Session, purpose: Purpose, payload: str) -> str:
    return environment(session).signer.sign(purpose, payload)


def _link(session: Session, site: str, action: str, token: str) -> str:
    return page_link(session, site, f"{action}/{token}")
