"""Reads what mail servers report about mails: bounces (RFC 3464) and complaints (RFC 5965). Pure, and patient.

Whoever knows the address that mails come back to can write to it, so nothing that stands in a report is believed here:
it is only found, cleaned and handed on.
"""

from __future__ import annotations

import email
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from enum import StrEnum

MOST_BOUNDARIES = 40
MOST_BLANK_LINES = 20_000
"""Python's parser looks at each line once for every part around it, and keeps an object for each block of fields."""
MOST_RECIPIENTS = 1_000
LONGEST_ID = 998

HARD = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.4.4"})
"""Codes that tell of the address itself, for good (RFC 3463, 7505): no such mailbox, no such domain, no address at all,
moved away, a domain that takes no mail, mailbox switched off, no way to the domain. All others tell of a full mailbox
(5.2.2), a mail too large (5.2.3, 5.3.4), our sender (5.1.7, 5.1.8), a policy or the content (5.6.x, 5.7.x), or of
nothing in particular (5.0.0, 5.1.0)."""

COMPLAINTS = frozenset({"abuse", "fraud", "opt-out", "opt-out-list"})
"""Feedback that a person gave because they don't want the mail. `virus`, `not-spam`, `auth-failure` (RFC 6591) and
`other` say nothing of that; `opt-out` comes from drafts before RFC 5965, and is still sent."""

ARRIVED = frozenset({"delivered", "relayed", "expanded"})
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_ID = re.compile(r"<[^<>\s]{1,996}>")
_LINK = re.compile(r"https?://[^\s<>\"']{1,2000}")
_DELIVERY_STATUS = frozenset({"message/delivery-status", "message/global-delivery-status"})
_FEEDBACK = "message/feedback-report"


class UnreadableReport(ValueError):
    """What was sent is no mail, or a report without what makes it one; `code` is stable."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code


class Kind(StrEnum):
    """What a mail tells."""

    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Recipient:
    """What became of a mail for one recipient."""

    addresses: tuple[str, ...]
    """As the report writes them: the original recipient first, then the one it failed for."""
    action: str = ""
    status: str = ""

    @property
    def is_gone(self) -> bool:
        """Whether the address takes no mails any more."""
        return self.action == "failed" and self.status in HARD


@dataclass(frozen=True, slots=True)
class Report:
    """What a report tells. None of it is proved."""

    kind: Kind
    recipients: tuple[Recipient, ...] = ()
    feedback: str = ""
    message_ids: tuple[str, ...] = ()
    """Of the mail that it is about, as candidates, with angle brackets."""
    links: tuple[str, ...] = ()
    """The addresses in that mail's `List-Unsubscribe`."""
    reporter: str = ""
    """The host that reports."""
    arrived_at: datetime | None = None
    """When the mail that it is about arrived there, else when the report was written."""

    @property
    def is_complaint(self) -> bool:
        """Whether a person said that they don't want the mail."""
        return self.kind is Kind.COMPLAINT and self.feedback in COMPLAINTS

    @property
    def is_hard_bounce(self) -> bool:
        """Whether a mail with one recipient failed for good: nobody behind that address got it."""
        arrived = any(each.action in ARRIVED for each in self.recipients)
        return not arrived and any(each.is_gone for each in self.recipients)

    @property
    def status(self) -> str:
        """The code that says so, else the first there is."""
        told = [each.status for each in self.recipients if each.is_gone] or [each.status for each in self.recipients]
        return next(iter(told), "")


def read(raw: bytes) -> Report:
    """Read one mail as it came (RFC 5322). A mail that is no report is of kind `none`.

    Raises `UnreadableReport`, whatever the bytes are.
    """
    if raw.lower().count(b"boundary") > MOST_BOUNDARIES or _blank_lines(raw) > MOST_BLANK_LINES:
        raise UnreadableReport("too_complex", "This has more parts than a report has.")
    try:
        return _read(email.message_from_bytes(raw))
    except UnreadableReport:
        raise
    except Exception as problem:  # the parser of the standard library raises this and that on spoilt mails
        raise UnreadableReport("unreadable_mail", "This can't be read as a mail.") from problem


def status_in(text: str) -> str:
    """Find the enhanced status code (RFC 3463) in what a server said; empty where there is none."""
    found = _STATUS.search(text)
    return found.group(1) if found else ""


def _blank_lines(raw: bytes) -> int:
    return raw.count(b"\n\n") + raw.count(b"\n\r\n") + raw.count(b"\r\r")


def _read(mail: Message) -> Report:
    if not mail.keys():
        raise UnreadableReport("unreadable_mail", "This has no header fields, so it is no mail.")
    if mail.get_content_type() != "multipart/report" or not mail.is_multipart():
        return Report(Kind.NONE)
    parts = [part for part in mail.get_payload() if isinstance(part, Message)]
    for part in parts:
        if part.get_content_type() in _DELIVERY_STATUS:
            return _bounce(mail, parts, list(_blocks(part)))
        if part.get_content_type() == _FEEDBACK:
            return _complaint(mail, parts, list(_blocks(part)))
    if _text(mail.get_param("report-type")).lower() in {"delivery-status", "feedback-report"}:
        raise UnreadableReport("incomplete_report", "The part that programs read is missing.")
    return Report(Kind.NONE)  # such as that a mail was read (RFC 8098)


def _bounce(mail: Message, parts: list[Message], blocks: list[Message]) -> Report:
    told = [_recipient(block) for block in blocks if block.get("Final-Recipient") or block.get("Original-Recipient")]
    if not told:
        raise UnreadableReport("incomplete_report", "The report names no recipient.")
    if len(told) > MOST_RECIPIENTS:
        raise UnreadableReport("too_complex", "This has more recipients than a report has.")
    ids, links = _original(mail, parts)
    return Report(
        Kind.BOUNCE, recipients=tuple(told), message_ids=ids, links=links,
        reporter=_host(blocks[0].get("Reporting-MTA")), arrived_at=_when(blocks[0].get("Arrival-Date"), mail),
    )  # fmt: skip


def _complaint(mail: Message, parts: list[Message], blocks: list[Message]) -> Report:
    feedback = next((each for each in blocks if each.get("Feedback-Type")), None)
    if feedback is None:
        raise UnreadableReport("incomplete_report", "The report does not say what kind of feedback it is.")
    ids, links = _original(mail, parts)
    named = [_address(value) for value in feedback.get_all("Original-Rcpt-To", [])[:MOST_RECIPIENTS]]
    return Report(
        Kind.COMPLAINT, recipients=tuple(Recipient((each,)) for each in named if each),
        feedback=_text(feedback.get("Feedback-Type")).strip().lower()[:40], message_ids=ids, links=links,
        reporter=_host(feedback.get("Reporting-MTA")),
        arrived_at=_when(feedback.get("Arrival-Date") or feedback.get("Received-Date"), mail),
    )  # fmt: skip


def _blocks(part: Message) -> Iterator[Message]:
    """Give the blocks of fields of a machine-readable part, which the parser splits for one media type alone."""
    payload = part.get_payload()
    found = [each for each in payload if isinstance(each, Message)] if isinstance(payload, list) else []
    for each in found or [email.message_from_string(_decoded(part))]:
        yield each
        rest = each.get_payload()
        for text in re.split(r"\r?\n\r?\n", rest) if isinstance(rest, str) else []:
            if text.strip():
                yield email.message_from_string(text.strip() + "\n\n")


def _recipient(block: Message) -> Recipient:
    named = [_address(block.get(name)) for name in ("Original-Recipient", "Final-Recipient")]
    status = status_in(_text(block.get("Status"))) or status_in(_text(block.get("Diagnostic-Code")))
    action = _text(block.get("Action")).split()
    return Recipient(tuple(each for each in named if each), action[0].lower()[:20] if action else "", status)


def _original(mail: Message, parts: list[Message]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give what names the mail that came back: candidates for its Message-ID, and its links to leave."""
    returned = [original for part in parts if (original := _returned(part)) is not None]
    ids = [each.get("Message-ID") for each in returned]
    ids += [mail.get("In-Reply-To"), mail.get("References")]
    links = [value for each in returned for value in each.get_all("List-Unsubscribe", [])]
    return _all(_ID, ids), _all(_LINK, links)


def _returned(part: Message) -> Message | None:
    kind, payload = part.get_content_type(), part.get_payload()
    if kind in {"message/rfc822", "message/global"} and isinstance(payload, list) and payload:
        return payload[0] if isinstance(payload[0], Message) else None
    if kind in {"text/rfc822-headers", "message/global-headers", "text/rfc822", "message/rfc822-headers"}:
        first = payload[0] if isinstance(payload, list) and payload else None
        return first if isinstance(first, Message) else email.message_from_string(_decoded(part).lstrip() + "\n\n")
    return None


def _all(pattern: re.Pattern[str], values: Iterable[object]) -> tuple[str, ...]:
    found = [match for value in values for match in pattern.findall(re.sub(r"\r?\n\s*", "", _text(value)))]
    return tuple(dict.fromkeys(found))[:20]


def _address(value: object) -> str:
    """Take an address out of `rfc822; ana@example.com` (RFC 3464, 2.1.2), also where the type was left out."""
    kind, sign, named = _text(value).partition(";")
    if sign and kind.strip().lower() not in {"rfc822", "utf-8"}:
        return ""
    return (named if sign else kind).strip().removeprefix("<").removesuffix(">").strip()[:320]


def _host(value: object) -> str:
    found = _HOST.fullmatch(_text(value).rpartition(";")[2].strip())
    return found.group(0) if found else ""


def _when(value: object, mail: Message) -> datetime | None:
    for each in (value, mail.get("Date")):
        with suppress(ValueError, TypeError, OverflowError, IndexError):
            found = parsedate_to_datetime(_text(each).strip())
            # Without a zone, or with "-0000", it is UTC (RFC 5322, 3.3).
            return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    return None


def _decoded(part: Message) -> str:
    payload = part.get_payload(decode=True)
    return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""


def _text(value: object) -> str:
    """Write a header out; bytes beyond ASCII make the parser give something else than a string."""
    return "" if value is None else str(value).replace("\x00", "")
