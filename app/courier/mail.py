"""A composed mail, and how it becomes the bytes that travel."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime

from app.kit import clock


@dataclass(frozen=True, slots=True)
class Mail:
    """Subject, text and HTML for one recipient. `to` is the address as typed, `envelope_to` in the form of SMTP."""

    to: str
    envelope_to: str
    sender_name: str
    sender: str
    subject: str
    text: str
    html: str
    headers: dict[str, str] = field(default_factory=dict)
    kind: str = ""

    @property
    def needs_smtputf8(self) -> bool:
        """True when the mailbox name itself has letters beyond ASCII (RFC 6531)."""
        return not self.envelope_to.isascii()


class _Unfolded(EmailPolicy):
    """Writes headers that hold a URL on one line: the standard policy folds a long one into encoded words.

    RFC 8058 wants the URL readable; RFC 5322 allows lines of 998 characters.
    """

    def fold_binary(self, name: str, value: str) -> bytes:
        if name.startswith("List-"):
            return f"{name}: {value}{self.linesep}".encode("ascii")
        return super().fold_binary(name, value)


def encode(mail: Mail) -> bytes:
    """Write `mail` as an RFC 5322 message with a text and an HTML part, 7-bit clean unless its address is not."""
    policy = _Unfolded(linesep=SMTP.linesep, utf8=mail.needs_smtputf8)
    message = EmailMessage(policy=policy)
    message["From"] = Address(mail.sender_name, addr_spec=mail.sender)
    as_typed = mail.to.isascii() or mail.needs_smtputf8
    local, _, domain = (mail.to if as_typed else mail.envelope_to).rpartition("@")
    message["To"] = Address(username=local, domain=domain)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(clock.now())
    message.set_content(mail.text, cte="quoted-printable")
    message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    # Last, because setting the parts takes headers named Content-* away with them.
    for name, value in mail.headers.items():
        message[name] = value
    return message.as_bytes()
